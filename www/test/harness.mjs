// What the browser cases share: a browser whose pages are watched, SQL to compare the pages with,
// and output as TAP.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chromium } from 'playwright-core';

/** Debian's headless chromium. Pages take less than half the processor time of full chromium. */
const CHROMIUM = process.env.NGESHARE_CHROMIUM ?? '/usr/bin/chromium-headless-shell';
const FLAGS = [
    '--disable-gpu',
    '--in-process-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
];
const WAIT_MS = 15_000;
const NAMES = [
    'contact',
    'facilitators',
    'funnel',
    'time',
    'groups',
    'members',
    'places',
    'quality',
    'sync',
];
/** The addresses of all pages. */
export const PATHS = ['/', ...NAMES.map((name) => `/${name}.html`), '/contact.html?tab=at_risk'];
/** Requests that cases make fail on purpose; the browser logs each as an error. */
const EXPECTED_FAILURE = /\/api\/rpc\/(sync_start|note_follow_up)/;

const LAST_SYNC = `(SELECT clock::text FROM public.sync_run
        WHERE status IN ('success', 'warning') AND mode <> 'verify' AND window_start IS NOT NULL
            ORDER BY run_id DESC LIMIT 1)`;

/**
 * Makes a function that runs a statement and returns its rows as objects. Answers are as of the
 * last successful sync, as on the page, or as of the instant `asOf`, an SQL expression for
 * ngeshare.as_of.
 */
export function makeSql(command) {
    return (query, asOf = LAST_SYNC) => {
        const input = `
      DO $$ BEGIN PERFORM set_config('ngeshare.as_of', coalesce(${LAST_SYNC}, ''), false); END $$;
      DO $$ BEGIN PERFORM set_config('ngeshare.as_of', coalesce(${asOf}, ''), false); END $$;
      SELECT coalesce(jsonb_agg(answer), '[]') FROM (${query}) AS answer;`;
        const { status, stdout, stderr } = spawnSync('sh', ['-c', command], {
            input,
            encoding: 'utf8',
            maxBuffer: 1 << 28,
        });
        assert.equal(status, 0, stderr);
        return JSON.parse(stdout.trim().split('\n').at(-1));
    };
}

/** Makes a function that runs statements whose rows are not needed. */
export function makeRun(command) {
    return (statements) => {
        const { status, stderr } = spawnSync('sh', ['-c', `${command} -v ON_ERROR_STOP=1`], {
            input: statements,
            encoding: 'utf8',
        });
        assert.equal(status, 0, stderr);
    };
}

/**
 * Locks some of the mirror's tables against writes for a while, so that a sync takes long enough to
 * be observed. Returns a function that releases the locks.
 */
export async function holdSync(command, seconds) {
    const holder = spawn('sh', ['-c', command], { stdio: ['pipe', 'pipe', 'inherit'] });
    holder.stdin.on('error', () => {}); // a server that was killed has released the lock already
    const held = new Promise((resolve, reject) => {
        holder.stdout.on('data', (data) => String(data).includes('held') && resolve());
        holder.on('close', () => reject(new Error('the tables could not be held')));
    });
    const ended = new Promise((resolve) => holder.on('close', resolve));
    // A sync that has nothing to write to the mirror does not wait for these locks, so a column
    // that no answer reads is changed first. ngeshare.sync_state is locked too, so that the sync
    // waits even if a scheduled sync has repaired the column before the tables were locked.
    holder.stdin.write(
        `UPDATE public."User" SET "lastActive" = now() AT TIME ZONE 'UTC' WHERE id = ` +
            `(SELECT min(id) FROM public."User");\n`,
    );
    holder.stdin.write(
        'BEGIN; LOCK TABLE public."User", public."Hangout", public."HangoutGroup", ' +
            `ngeshare.sync_state IN SHARE MODE;\nSELECT 'held';\n`,
    );
    await held;
    const release = async () => {
        if (!holder.stdin.writableEnded) holder.stdin.end('COMMIT;\n');
        await ended;
    };
    setTimeout(release, seconds * 1000).unref();
    return release;
}

/**
 * Starts a browser. Errors on the consoles of its pages and requests to other hosts are collected
 * in `problems`.
 */
export async function openBrowser(url) {
    const flags = process.getuid?.() === 0 ? [...FLAGS, '--no-sandbox'] : FLAGS;
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: flags });
    const problems = [];
    const contexts = [];

    /**
     * Opens one of the pages in a window of its own. `expected` matches failures that the case
     * causes on purpose; `script` runs before the page's own scripts.
     */
    async function open(
        path,
        { expected = EXPECTED_FAILURE, routes = {}, script, ...options } = {},
    ) {
        const context = await browser.newContext({
            locale: 'en-GB',
            timezoneId: 'America/New_York',
            viewport: { width: 1280, height: 900 },
            ...options,
        });
        contexts.push(context);
        const page = await context.newPage();
        page.setDefaultTimeout(WAIT_MS);
        watch(page, expected);
        if (script) await page.addInitScript(script);
        for (const [name, answer] of Object.entries(routes))
            await page.route(new RegExp(`/api/${name}(\\?|$)`), answer);
        await go(page, path);
        return page;
    }

    /** Opens another tab beside a page. */
    async function openBeside(page, path) {
        const tab = await page.context().newPage();
        tab.setDefaultTimeout(WAIT_MS);
        watch(tab, EXPECTED_FAILURE);
        await go(tab, path);
        return tab;
    }

    /** Goes to a path and waits until everything is loaded. */
    async function go(page, path) {
        await page.goto(url + path);
        await settled(page);
    }

    function watch(page, expected) {
        page.on('pageerror', (error) => problems.push(`${page.url()}: ${error.message}`));
        page.on('console', (message) => {
            const ours = message.type() === 'error' && !expected.test(message.location().url);
            if (ours) problems.push(`${page.url()}: ${message.text()} ${message.location().url}`);
        });
        page.on('request', (request) => {
            if (new URL(request.url()).origin !== new URL(url).origin)
                problems.push(`${page.url()} asked ${request.url()}`);
        });
    }

    const closePages = () => Promise.all(contexts.splice(0).map((context) => context.close()));
    return { open, openBeside, go, problems, closePages, close: () => browser.close() };
}

/** Waits until the page's regions show their content, and the freshness line is loaded. */
export async function settled(page) {
    await page
        .locator('#freshness:not([data-state="loading"]), #freshness [role="alert"]')
        .first()
        .waitFor();
    await page.waitForFunction(
        () =>
            document.querySelectorAll('[aria-busy]').length === 0 &&
            document.querySelector('.region-content > *, .region-notice > *'),
    );
}

/** Returns a handler for page.route() that answers as the API would: rows with a status. */
export function answerWith(body, status = 200, headers = {}) {
    return (route) =>
        route.fulfill({
            status,
            headers,
            contentType: 'application/json',
            body: JSON.stringify(body),
        });
}

/** Returns by how many pixels a page is wider than its window. */
export function sidewaysOf(page) {
    return page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
}

/** What api.home and api.basis return before the first sync. */
const NO_FIGURES = {
    zone: 'Asia/Jakarta',
    as_of: '2026-01-01T00:00:00Z',
    synced: false,
    groups_total: 0,
    active: 0,
    stalled: 0,
    graduated: 0,
    not_started: 0,
    rescuable: 0,
    continued: 0,
};
const NO_SYNC = {
    last_success_at: null,
    age_seconds: null,
    status: null,
    last_run_id: null,
    last_error: null,
    sqlstate: null,
    is_running: false,
    is_stale: true,
};
export const FIRST_RUN = {
    home: answerWith([NO_FIGURES]),
    basis: answerWith([NO_FIGURES]),
    freshness: answerWith([NO_SYNC]),
};

/**
 * Returns the number that a text such as "1,584" or "39.1%" shows; null for the dash of a missing
 * value, which is followed by the reason.
 */
export function readNumber(shown) {
    const value = shown.trim();
    if (value.startsWith('—')) return null;
    assert.match(value, /^-?[\d,]+(\.\d+)?%?$/, `no number: ${value}`);
    return Number(value.replace(/[,%]/g, ''));
}

/** Returns the texts of a table's cells, row by row. */
export function readTable(page, selector) {
    return page
        .locator(`${selector} tbody tr`)
        .evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent)));
}

/**
 * Returns the links that a selector finds, each with the number that it shows: that of a chart's
 * part, that of a figure, or its own text.
 */
export function readLinks(page, selector) {
    return page.locator(selector).evaluateAll((links) =>
        links.map((link) => ({
            href: link.getAttribute('href'),
            shown: link.dataset.value ?? (link.querySelector('[data-figure]') ?? link).textContent,
        })),
    );
}

/**
 * Returns how many rows the list at an address says it has: the first list of the page, or the list
 * in the part that the address's fragment names.
 */
export async function countAt(page, go, href) {
    await go(page, href);
    const part = href.split('#')[1];
    const list = part ? page.locator(`[aria-labelledby="${part}"]`) : page;
    const words = await list.locator('[data-figure="total"]').first().textContent();
    return Number(words.replace(/,/g, '').match(/^\d+/)[0]);
}

/** Checks that each link leads to as many rows as its number says. */
export async function leadToTheirRows(page, go, links) {
    assert.ok(links.length > 0, 'there are links');
    for (const { href, shown } of links)
        assert.equal(await countAt(page, go, href), readNumber(shown), href);
}

/** Runs the cases one after the other and prints a line for each. Returns how many failed. */
export async function runCases(cases, world) {
    let failed = 0;
    for (const [i, [name, run]] of cases.entries()) {
        const began = Date.now();
        try {
            await run(world);
            console.log(`ok ${i + 1} - ${name}`);
        } catch (error) {
            failed++;
            console.log(`not ok ${i + 1} - ${name}`);
            console.log(String(error.stack ?? error).replace(/^/gm, '# '));
        } finally {
            await world.closePages();
        }
        console.log(`# took ${Math.round((Date.now() - began) / 1000)} s: ${name}`);
    }
    console.log(`1..${cases.length}`);
    return failed;
}
