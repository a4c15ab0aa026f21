// Tests the pages in a real browser against a running demo: node browser.mjs URL PSQL_COMMAND (or
// NGESHARE_URL and NGESHARE_PSQL; the command runs psql -At on the local database). A case is a
// name and a function that takes the object `world`, which main() makes.

import assert from 'node:assert/strict';
import { axeCases } from './axe-cases.mjs';
import { budgetCases } from './budget-cases.mjs';
import { contactCases } from './contact-cases.mjs';
import { followUpCases } from './follow-up-cases.mjs';
import { facilitatorCases } from './facilitator-cases.mjs';
import { facilitatorsCases } from './facilitators-cases.mjs';
import { faultsCases } from './faults-cases.mjs';
import { finderCases } from './finder-cases.mjs';
import { funnelCases } from './funnel-cases.mjs';
import { groupsCases } from './groups-cases.mjs';
import { indonesianCases } from './indonesian-cases.mjs';
import {
    answerWith,
    FIRST_RUN,
    holdSync,
    makeRun,
    makeSql,
    openBrowser,
    PATHS,
    readNumber,
    readTable,
    runCases,
    settled,
    sidewaysOf,
} from './harness.mjs';
import { FIGURES, homeCases, readFigures } from './home-cases.mjs';
import { lookingBackCases } from './looking-back-cases.mjs';
import { membersCases } from './members-cases.mjs';
import { listCases } from './list-cases.mjs';
import { placesCases } from './places-cases.mjs';
import { pickerCases } from './picker-cases.mjs';
import { qualityCases } from './quality-cases.mjs';
import { syncPageCases } from './sync-page-cases.mjs';
import { timeCases } from './time-cases.mjs';

const HOLD_S = 12;

/** Waits until a page shows a running sync. Returns the id of the run. */
async function readRun(page) {
    await page.waitForFunction(() => document.getElementById('freshness').dataset.run);
    return page.locator('#freshness').getAttribute('data-run');
}

/** Waits until a page shows no running sync any more, and everything is loaded. */
async function waitForEnd(page) {
    await page.waitForFunction(
        () => document.getElementById('freshness').dataset.run === '',
        null,
        { timeout: 60_000 },
    );
    await settled(page);
}

/**
 * Waits until a run after `run` has ended with `status`, and the page shows no running sync. The
 * run may end before the page has noticed it.
 */
async function waitForRunAfter(page, sql, run, status) {
    const deadline = Date.now() + 60_000;
    while (
        sql(`SELECT run_id FROM sync_run WHERE run_id > ${run} AND status = '${status}'`).length ===
        0
    ) {
        assert.ok(Date.now() < deadline, `no run after ${run} is ${status}`);
        await page.waitForTimeout(100);
    }
    await waitForEnd(page);
}

async function historyEqualsSql({ open, sql }) {
    const page = await open('/sync.html');
    const expected =
        sql(`SELECT run_id, sum(rows_inserted) AS inserted, sum(rows_updated) AS updated,
            sum(rows_deleted) AS deleted
    FROM sync_run LEFT JOIN sync_log USING (run_id) GROUP BY run_id, sync_run.started_at
        ORDER BY sync_run.started_at DESC LIMIT 30`);
    const shown = (await readTable(page, '#runs')).map((cells) => [
        cells[0],
        ...cells.slice(6, 9).map(readNumber),
    ]);
    assert.deepEqual(
        shown,
        expected.map((row) => [
            String(row.run_id),
            row.inserted ?? 0,
            row.updated ?? 0,
            row.deleted ?? 0,
        ]),
    );
}

async function errorsEqualSql({ open, sql }) {
    const page = await open('/sync.html');
    const expected = sql(
        'SELECT message FROM sync_error_log ORDER BY occurred_at DESC, error_id DESC LIMIT 30',
    );
    const shown = await page.locator('#errors tbody tr td:nth-child(4) bdi').allTextContents();
    assert.deepEqual(
        shown,
        expected.map(({ message }) => message),
    );
}

async function timesAreInTheReportingZone({ open, sql }) {
    const page = await open('/sync.html', { timezoneId: 'Pacific/Honolulu' });
    const [{ started_at: started }] = sql(
        'SELECT started_at FROM sync_run ORDER BY started_at DESC LIMIT 1',
    );
    const [{ zone }] = sql('SELECT zone FROM api.home');
    const expected = new Intl.DateTimeFormat('en-GB', {
        dateStyle: 'medium',
        timeStyle: 'short',
        timeZone: zone,
    }).format(new Date(started));
    assert.equal(await page.locator('#runs tbody time').first().textContent(), expected);
    assert.match(await page.locator('#zone').textContent(), new RegExp(zone));
}

async function pagesFitEveryScreen({ open, problems }) {
    for (const width of [1280, 360]) {
        for (const colorScheme of ['light', 'dark']) {
            for (const path of PATHS) {
                const page = await open(path, { colorScheme, viewport: { width, height: 800 } });
                const sideways = await sidewaysOf(page);
                assert.equal(sideways, 0, `${path} scrolls sideways at ${width}`);
                const labels = await page
                    .locator('th[scope="col"], .field > span')
                    .allTextContents();
                assert.ok(
                    labels.every((label) => label.trim() !== ''),
                    `${path}: a column or a field has no name`,
                );
                await page.context().close();
            }
        }
    }
    assert.deepEqual(problems, []);
}

/** The size of a portrait A4 page in pixels, without its margins of one centimetre. */
const PAPER = { width: 718, height: 1047 };

async function pagesFitOnPaper({ open, sql }) {
    const [{ group_id: group }] = sql(
        "SELECT group_id FROM v_group_status WHERE status = 'GRADUATED' ORDER BY group_id LIMIT 1",
    );
    for (const path of [...PATHS, `/groups.html?${new URLSearchParams({ id: group })}`]) {
        for (const locale of ['en-GB', 'id-ID']) {
            const page = await open(path, { colorScheme: 'dark', locale, viewport: PAPER });
            await page.emulateMedia({ media: 'print' });
            const { beyond, heads, paper } = await page.evaluate(() => ({
                beyond: document.documentElement.scrollWidth - document.documentElement.clientWidth,
                heads: [...document.querySelectorAll('thead th')]
                    .filter((head) => head.checkVisibility())
                    .map((head) => head.innerText),
                paper: getComputedStyle(document.body).backgroundColor,
            }));
            assert.equal(beyond, 0, `${path}, ${locale}: so many pixels are cut off`);
            assert.ok(
                heads.every((head) => head.trim() !== ''),
                `${path}: the heads of the columns are there: ${heads}`,
            );
            assert.equal(paper, 'rgba(0, 0, 0, 0)', 'no ink for the background');
            await page.context().close();
        }
    }
}

async function pagesSpeakIndonesian({ open, sql }) {
    const page = await open('/', { locale: 'id-ID' });
    assert.equal(await page.locator('html').getAttribute('lang'), 'id');
    assert.match(await page.locator('#sync-now').textContent(), /^Sinkronkan$/);
    const [{ groups_total: total }] = sql(FIGURES);
    assert.equal(
        await page.locator('[data-figure="groups_total"]').textContent(),
        new Intl.NumberFormat('id-ID').format(total),
    );
    await page.locator('#language').selectOption('en');
    await page.waitForFunction(() => document.documentElement.lang === 'en');
}

async function hostileNamesStayText({ open }) {
    const evil =
        `<img src=x onerror="document.title='taken'"><script>document.title='taken'</script> & ` +
        `"quotes" 'and' \u202eback\u0000`;
    const row = {
        group_id: evil,
        group_name: evil,
        course_name: evil,
        facilitator_id: evil,
        facilitator_name: evil,
        facilitator_contact: evil,
        last_meeting_date: null,
        episodes_remaining: 1,
        progress_pct: 70,
        days_inactive: 29,
        facilitator_is_deleted: true,
        city: evil,
        province: evil,
        contact_state: 'DUE',
        follow_ups: 2,
        last_follow_up_on: '2026-01-01',
        last_outcome: 'paused',
        last_noted_by: evil,
        next_on: null,
        resume_28_days_pct: null,
    };
    const page = await open('/contact.html', {
        routes: { rescue_list: answerWith([row], 200, { 'Content-Range': '0-0/1' }) },
    });
    assert.equal(await page.locator('#contact tbody th').textContent(), `${evil} ${evil}, ${evil}`);
    assert.equal(await page.locator('#contact :is(img, script)').count(), 0);
    const links = await page
        .locator('#contact tbody a')
        .evaluateAll((all) => all.map((link) => link.getAttribute('href')));
    const own = new URLSearchParams({ id: evil });
    assert.deepEqual(
        links,
        [`/groups.html?${own}`, `/facilitators.html?${own}`],
        'own pages only, no mail program',
    );
    await page.locator('[data-focus^="note-"]').click();
    await page.locator('dialog textarea').waitFor();
    assert.ok((await page.locator('dialog h2').textContent()).endsWith(evil));
    assert.equal(await page.locator('dialog :is(img, script)').count(), 0);
    assert.match(await page.title(), /^To contact/);
}

async function oneRegionFailsAlone({ open }) {
    const down = {
        code: 'PGRST000',
        message: 'Database connection error',
        details: 'refused',
        hint: null,
    };
    let failing = true;
    const answer = (route) => (failing ? answerWith(down, 503)(route) : route.continue());
    const page = await open('/sync.html', {
        expected: /sync_errors/,
        routes: { sync_errors: answer },
    });
    assert.match(
        await page.locator('#errors [role="alert"]').textContent(),
        /isn’t ready.*Database connection error.*PGRST000/,
    );
    assert.ok((await page.locator('#runs tbody tr').count()) > 0, 'its neighbour is there');
    failing = false;
    await page.locator('#errors button').click();
    await page.locator('#errors :is(table, .empty)').waitFor();
    assert.equal(await page.locator('#errors [role="alert"]').count(), 0);
}

async function firstRunSaysSo({ open }) {
    for (const path of ['/', '/funnel.html', '/contact.html']) {
        const page = await open(path, { routes: FIRST_RUN });
        assert.match(await page.locator('main').textContent(), /Nothing synced yet/);
        assert.equal(await page.locator('[data-figure]').count(), 0, 'no zeros');
        assert.match(await page.locator('.freshness-text').textContent(), /^Nothing synced yet/);
    }
}

async function silentWorkerIsInterrupted({ open }) {
    const status = {
        running: true,
        run_id: '999',
        mode: 'incremental',
        phase: 'pull',
        table_name: 'User',
        rows_done: 1,
        rows_expected: 2,
        pct: 50,
        eta: null,
        heartbeat_at: new Date(Date.now() - 60_000).toISOString(),
        last_success_at: null,
        last_error: null,
    };
    const page = await open('/sync.html', { routes: { sync_status: answerWith([status]) } });
    await page.locator('#state[data-kind="interrupted"]').waitFor();
    assert.match(await page.locator('#state').textContent(), /No sign of life.*interrupted/);
    assert.match(await page.locator('.freshness-text').textContent(), /interrupted/);
}

async function syncIsSeenEverywhere({ open, openBeside, go, hold, sql }) {
    const release = await hold(HOLD_S);
    const page = await open('/');
    const figures = await readFigures(page);
    await page.locator('#sync-now').click();
    const run = await readRun(page);
    assert.ok(await page.locator('#freshness progress').isVisible());
    const early = await page.locator('.progress-details').textContent();
    await page.waitForFunction(
        (before) => document.querySelector('.progress-details').textContent !== before,
        early,
    );
    assert.deepEqual(await readFigures(page), figures, 'the old figures stay on screen');

    await page.locator('#sync-now').click();
    await page.waitForFunction(
        (id) =>
            document
                .getElementById('announcer')
                .textContent.includes(`Run ${id} is already working`),
        run,
    );
    assert.equal(await readRun(page), run, 'a second click shows the same run');

    const tab = await openBeside(page, '/sync.html');
    assert.equal(await readRun(tab), run, 'so does a second tab');
    assert.match(await tab.locator('#state').textContent(), new RegExp(`Run ${run} is working`));
    assert.equal(
        await tab.locator(`#runs tr[data-key="${run}"] [data-status]`).getAttribute('data-status'),
        'running',
    );
    const other = await open('/funnel.html');
    await other.locator('#sync-now').click();
    assert.equal(await readRun(other), run, 'and a click in another window');

    await page.reload();
    assert.equal(await readRun(page), run, 'a reload goes on');
    await release();
    await Promise.all([page, tab, other].map(waitForEnd));
    assert.deepEqual(
        await readFigures(page),
        sql(FIGURES)[0],
        'at its end the figures are those of SQL',
    );
    assert.match(await page.locator('.freshness-text').textContent(), /synced just now/);
    assert.equal(
        await tab.locator(`#runs tr[data-key="${run}"] [data-status]`).getAttribute('data-status'),
        sql(`SELECT status FROM sync_run WHERE run_id = ${run}`)[0].status,
    );
    await go(tab, '/contact.html');
    assert.equal(await tab.locator('#freshness').getAttribute('data-run'), '');
}

async function openTabSeesTheSync({ open, openBeside, hold }) {
    const release = await hold(HOLD_S);
    const page = await open('/');
    const tab = await openBeside(page, '/');
    await page.locator('#sync-now').click();
    assert.equal(await readRun(tab), await readRun(page), 'a tab that was open before is told');
    await release();
    await Promise.all([waitForEnd(page), waitForEnd(tab)]);
}

async function syncCanBeCancelled({ open, hold, sql }) {
    const release = await hold(HOLD_S);
    const page = await open('/sync.html');
    await page.locator('#sync-now').click();
    const run = await readRun(page);
    await page.locator('#sync-cancel').click();
    await waitForEnd(page);
    await release();
    assert.equal(sql(`SELECT status FROM sync_run WHERE run_id = ${run}`)[0].status, 'cancelled');
    await page.locator(`#runs tr[data-key="${run}"] [data-status="cancelled"]`).waitFor();
    assert.match(await page.locator('#state').textContent(), /cancelled/);
}

async function killedWorkerIsInterrupted({ open, hold, run, sql }) {
    const release = await hold(HOLD_S);
    const page = await open('/sync.html');
    await page.locator('#sync-now').click();
    const killed = await readRun(page);
    run(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = ' +
            `'ngeshare sync'`,
    );
    await page.waitForFunction(() =>
        /interrupted/.test(document.getElementById('state').textContent),
    );
    await page.waitForFunction(() =>
        /interrupted/.test(document.querySelector('.freshness-text').textContent),
    );
    await page.locator(`#runs tr[data-key="${killed}"] [data-status="crashed"]`).waitFor();
    await release();
    await page.locator('#sync-now').click();
    await waitForRunAfter(page, sql, killed, 'success');
    const runs = sql(`SELECT status FROM sync_run WHERE run_id >= ${killed} ORDER BY run_id`);
    assert.deepEqual(
        runs.map((row) => row.status),
        ['crashed', 'success'],
        'the next run works',
    );
}

async function productionThatIsDownIsTold({ open, run, sql }) {
    const page = await open('/');
    const figures = await readFigures(page);
    const [{ port }] = sql(
        'SELECT substr(option, 6) AS port FROM pg_foreign_server, unnest(srvoptions) AS ' +
            `option WHERE option LIKE 'port=%'`,
    );
    const [{ before }] = sql('SELECT max(run_id) AS before FROM sync_run');
    run(`ALTER SERVER production OPTIONS (SET port '1')`);
    try {
        await page.locator('#sync-now').click();
        await page.waitForFunction(
            () => /could not connect to production/.test(document.body.textContent),
            null,
            { timeout: 30_000 },
        );
        await waitForRunAfter(page, sql, before, 'failed'); // after all its retries
        assert.deepEqual(await readFigures(page), figures, 'the old figures stay on screen');
        const tab = await open('/sync.html');
        assert.match(
            await tab.locator('main').textContent(),
            /could not connect to production/,
            'the Sync page lists the error',
        );
        assert.match(await tab.locator('main').textContent(), /08001/);
    } finally {
        run(`ALTER SERVER production OPTIONS (SET port '${port}')`);
    }
    const after = await open('/');
    const [{ last }] = sql('SELECT max(run_id) AS last FROM sync_run');
    await after.locator('#sync-now').click();
    await waitForRunAfter(after, sql, last, 'success');
}

async function nothingWentWrongOnTheWay({ problems }) {
    assert.deepEqual(problems, []);
}

const CASES = [
    ...homeCases,
    ...facilitatorsCases,
    ...facilitatorCases,
    ...finderCases,
    ...funnelCases,
    ...contactCases,
    ...followUpCases,
    ...listCases,
    ...placesCases,
    ...pickerCases,
    ...timeCases,
    ...membersCases,
    ...lookingBackCases,
    ...groupsCases,
    ...faultsCases,
    ...indonesianCases,
    ...qualityCases,
    ...syncPageCases,
    ...budgetCases,
    ['Sync: the history equals SQL', historyEqualsSql],
    ['Sync: the errors equal SQL', errorsEqualSql],
    ['times are in the reporting zone, whatever the browser’s', timesAreInTheReportingZone],
    ...axeCases,
    [
        'all pages at 1280 and 360 px, light and dark: nothing sideways, no error, no other host',
        pagesFitEveryScreen,
    ],
    ['on paper: nothing is cut off, and columns keep their heads', pagesFitOnPaper],
    ['in Indonesian, and switched', pagesSpeakIndonesian],
    ['hostile names stay text', hostileNamesStayText],
    ['one region fails alone and recovers', oneRegionFailsAlone],
    ['before the first sync the pages say so', firstRunSaysSo],
    ['a worker without a sign of life is interrupted', silentWorkerIsInterrupted],
    [
        'Sync now: second click, second tab, reload: the same run; then new figures',
        syncIsSeenEverywhere,
    ],
    ['Sync now: a tab that was open before sees it', openTabSeesTheSync],
    ['Sync: Cancel', syncCanBeCancelled],
    ['a killed worker is interrupted, and the next run works', killedWorkerIsInterrupted],
    ['a production that is down: its error and the old figures', productionThatIsDownIsTold],
    ['no error on any console, no request to another host', nothingWentWrongOnTheWay],
];

/** Runs every case, or those whose name contains NGESHARE_CASE. */
async function main([url = process.env.NGESHARE_URL, psql = process.env.NGESHARE_PSQL]) {
    if (!url || !psql) {
        console.error(
            'usage: node browser.mjs URL PSQL_COMMAND (or NGESHARE_URL and NGESHARE_PSQL)',
        );
        return 2;
    }
    const browser = await openBrowser(url.replace(/\/$/, ''));
    const world = {
        ...browser,
        sql: makeSql(psql),
        run: makeRun(psql),
        hold: (seconds) => holdSync(psql, seconds),
    };
    const chosen = CASES.filter(([name]) => name.includes(process.env.NGESHARE_CASE ?? ''));
    try {
        return (await runCases(chosen, world)) ? 1 : 0;
    } finally {
        await browser.close();
    }
}

process.exitCode = await main(process.argv.slice(2));
