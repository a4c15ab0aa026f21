// What the browser cases stand on: a browser whose pages are watched, SQL as the other witness, and
// lines as TAP has them.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chromium } from 'playwright-core';

/** Debian's chromium without windows: a page costs it less than half of the processor time. */
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
/** Answers that a case brings about on purpose; the browser logs each as an error. */
const EXPECTED_FAILURE = /\/api\/rpc\/(sync_start|note_follow_up)/;

const LAST_SYNC = `(SELECT clock::text FROM public.sync_run
        WHERE status IN ('success', 'warning') AND mode <> 'verify' AND window_start IS NOT NULL
            ORDER BY run_id DESC LIMIT 1)`;

/**
 * Runs a statement and returns its rows as objects, as of the last successful sync, which is what
 * the page shows; or as of an instant: an expression whose value ngeshare.as_of takes.
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

/** Runs statements that give no rows to look at. */
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
 * Keeps the mirror's tables from being written for a while, so that a sync is slow enough to be
 * looked at. Returns how to let go.
 */
export async function holdSync(command, seconds) {
    const holder = spawn('sh', ['-c', command], { stdio: ['pipe', 'pipe', 'inherit'] });
    holder.stdin.on('error', () => {}); // a server that was killed has let go already
    const held = new Promise((resolve, reject) => {
        holder.stdout.on('data', (data) => String(data).includes('held') && resolve());
        holder.on('close', () => reject(new Error('the tables could not be held')));
    });
    const ended = new Promise((resolve) => holder.on('close', resolve));
    // A sync that finds nothing to write waits for no lock on the mirror: a column that no answer
    // reads is changed here first. Its state is held, too: a scheduled sync may have come in
    // between.
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
 * A browser in which every page is watched: errors on the console and requests to other hosts are
 * collected.
 */
export async function openBrowser(url) {
    const flags = process.getuid?.() === 0 ? [...FLAGS, '--no-sandbox'] : FLAGS;
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: flags });
    const problems = [];
    const contexts = [];

    /**
     * Opens one of the pages in a window of its own; `expected` are failures that the case brings
     * about, `script` runs before the page's.
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

    /** Goes to a path and waits until nothing is being loaded. */
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

/**
 * Waits until the page's regions show what they have, and the freshness line says how old it is.
 */
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

/** An answer of the API for page.route: rows with a status. */
export function answerWith(body, status = 200, headers = {}) {
    return (route) =>
        route.fulfill({
            status,
            headers,
            contentType: 'application/json',
            body: JSON.stringify(body),
        });
}

/** What the API answers before the first sync. */
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
 * A number as it is written in English: "1,584", "39.1%". What stands for no number, with the
 * reason for it, is null.
 */
export function readNumber(shown) {
    const value = shown.trim();
    if (value.startsWith('—')) return null;
    assert.match(value, /^-?[\d,]+(\.\d+)?%?$/, `no number: ${value}`);
    return Number(value.replace(/[,%]/g, ''));
}

/** The texts of a table's cells, row by row. */
export function readTable(page, selector) {
    return page
        .locator(`${selector} tbody tr`)
        .evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent)));
}

/**
 * The links that a selector finds, with the number that each shows: a figure's, a chart's part's,
 * or its own text.
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
 * How many rows the list at an address says it has: the page's first, or that of the part which the
 * address names.
 */
export async function countAt(page, go, href) {
    await go(page, href);
    const part = href.split('#')[1];
    const list = part ? page.locator(`[aria-labelledby="${part}"]`) : page;
    const words = await list.locator('[data-figure="total"]').first().textContent();
    return Number(words.replace(/,/g, '').match(/^\d+/)[0]);
}

/** Each number leads to as many rows as it says. */
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
