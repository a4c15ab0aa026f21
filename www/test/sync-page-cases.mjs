// Tests the Sync page without its view of a running sync: one run table by table, the schedule, the
// comparison, filters, and readers who may not sync.

import assert from 'node:assert/strict';
import { answerWith, countAt, readNumber, readTable, settled, sidewaysOf } from './harness.mjs';

const SYNC = '/sync.html';
const COUNTED = ['rows_pulled', 'rows_inserted', 'rows_updated', 'rows_deleted', 'rows_repaired'];

/** Waits until a comparison after the run `before` has ended, and its outcome is on the page. */
async function waitForOutcome(page, sql, before) {
    const deadline = Date.now() + 60_000;
    const ended = () =>
        sql(
            `SELECT run_id::text, status, message FROM sync_run WHERE run_id > ${before} ` +
                `AND mode = 'verify' AND status <> 'running'`,
        );
    while (ended().length === 0) {
        assert.ok(Date.now() < deadline, 'the comparison ends');
        await page.waitForTimeout(100);
    }
    const [run] = ended();
    await page.locator('#outcome a', { hasText: new RegExp(`Run ${run.run_id}$`) }).waitFor();
    await page.locator(`#outcome [data-outcome="${run.status}"]`).waitFor();
    await settled(page);
    return run;
}

const lastRun = (sql) => sql('SELECT coalesce(max(run_id), 0) AS run FROM sync_run')[0].run;

async function comparisonFindsWhatDiffers({ open, run, sql }) {
    const page = await open(SYNC);
    const before = lastRun(sql);
    run(
        `UPDATE public."User" SET "lastActive" = now() AT TIME ZONE 'UTC' WHERE id = ` +
            '(SELECT max(id) FROM public."User")',
    );
    await page.locator('#compare-now').click();
    const warned = await waitForOutcome(page, sql, before);
    assert.equal(warned.status, 'warning');
    assert.match(await page.locator('#outcome').textContent(), /Something differed/);
    assert.ok(
        (await page.locator('#outcome').textContent()).includes(warned.message),
        'in the database’s words, too',
    );
    const differing = await page
        .locator('#outcome tr:has([data-status="warning"])')
        .evaluateAll((rows) => rows.map((row) => row.dataset.key));
    assert.deepEqual(differing, ['User']);

    await page.locator('#sync-now').click();
    await page.waitForFunction((id) => {
        const later = [...document.querySelectorAll('#runs tbody tr')].filter(
            (row) => Number(row.dataset.key) > id,
        );
        return later.some((row) => row.querySelector('[data-status="success"]'));
    }, Number(warned.run_id));
    await settled(page);
    const mended = lastRun(sql);
    await page.locator('#compare-now').focus();
    await page.keyboard.press('Enter');
    const same = await waitForOutcome(page, sql, mended);
    assert.equal(same.status, 'success');
    assert.match(await page.locator('#outcome .good').textContent(), /All was the same/);
    assert.equal(
        await page.evaluate(() => document.activeElement.id),
        'compare-now',
        'the focus stays',
    );
    const expected = sql(
        'SELECT table_name, source_rows, local_rows FROM sync_log WHERE run_id = ' +
            `${same.run_id} ORDER BY started_at, table_name`,
    );
    const shown = (await readTable(page, '#outcome')).map(([table, said, there, here]) => [
        table,
        said,
        readNumber(there),
        readNumber(here),
    ]);
    assert.deepEqual(
        shown,
        expected.map((row) => [row.table_name, 'the same', row.source_rows, row.local_rows]),
    );
}

async function runOpensTableByTable({ open, go, sql }) {
    const page = await open(SYNC);
    const [{ run, inserted }] =
        sql(`SELECT run_id::text AS run, sum(rows_inserted) AS inserted FROM sync_log
            GROUP BY run_id
      HAVING sum(rows_inserted) > 0 ORDER BY run_id DESC LIMIT 1`);
    const link = await page.locator(`#runs tr[data-key="${run}"] td a`).first();
    assert.equal(readNumber(await link.textContent()), inserted);
    await go(page, await link.getAttribute('href'));
    assert.equal(await page.locator('#run-title').textContent(), `Run ${run}`);
    const fields = ['table_name', ...COUNTED, 'source_rows', 'local_rows'];
    const expected = sql(
        `SELECT ${fields.join(', ')} FROM sync_log WHERE run_id = ${run} ORDER BY ` +
            'started_at, table_name',
    );
    const rows = await readTable(page, '#run');
    const numbers = ([table, , , ...rest]) => [table, ...rest.map(readNumber)];
    assert.deepEqual(
        rows.slice(0, -1).map(numbers),
        expected.map((row) => fields.map((field) => row[field])),
    );
    const sums = COUNTED.map((field) => expected.reduce((total, row) => total + row[field], 0));
    assert.deepEqual(numbers(rows.at(-1)), ['Together', ...sums, null, null]);
    assert.equal(sums[1], inserted, 'the number clicked');
}

async function errorsOfARunAreListed({ open, go, sql, run }) {
    run(`INSERT INTO sync_error_log (run_id, phase, table_name, attempt, sqlstate, class, message,
        will_retry, occurred_at)
      SELECT max(run_id), 'pull', 'UserHangoutGroupAttendance', n, '08006', 'transient',
          'made by a test, <b>attempt</b> ' || n,
          true,
        timestamptz '2026-01-01' + n * interval '1 second' FROM sync_run, generate_series(1, 2) AS n
            GROUP BY n`);
    try {
        const last = lastRun(sql);
        const page = await open(`${SYNC}?run=${last}`);
        const [{ n }] = sql(`SELECT count(*) AS n FROM sync_error_log WHERE run_id = ${last}`);
        const link = page.locator('#run a[data-focus="run-errors"]');
        assert.equal(readNumber(await link.textContent()), n);
        await go(page, await link.getAttribute('href'));
        assert.equal(
            readNumber(
                (await page.locator('#errors [data-figure="total"]').textContent()).split(' ')[0],
            ),
            n,
        );
        const shown = await readTable(page, '#errors');
        const expected =
            sql(`SELECT message, ngeshare.error_remedy(sqlstate) AS remedy FROM sync_error_log
                WHERE run_id = ${last}
          ORDER BY occurred_at DESC, error_id DESC`);
        assert.ok(expected[0].remedy, 'there is a remedy for it');
        shown.forEach((cells, i) => {
            const { message, remedy } = expected[i];
            const [what, before] = cells[3].split(message);
            assert.ok(before !== undefined, 'messages stay text');
            assert.equal(
                `${what} ${cells[4]}`,
                remedy.replaceAll("'", '’'),
                'the page’s words are the database’s',
            );
        });
        const phone = await open(`${SYNC}?run=${last}`, { viewport: { width: 360, height: 800 } });
        assert.equal(await sidewaysOf(phone), 0, 'a table with a long name fits a phone');
    } finally {
        run(`DELETE FROM sync_error_log WHERE message LIKE 'made by a test%'`);
    }
}

async function listsFilter({ open, go, sql }) {
    const page = await open(SYNC);
    for (const [parameter, value] of Object.entries({
        mode: 'verify',
        status: 'success',
        trigger: 'call',
    })) {
        const condition = `${parameter} = '${value}'`;
        const [{ n }] = sql(`SELECT count(*) AS n FROM api.sync_runs WHERE ${condition}`);
        await go(page, `${SYNC}?${new URLSearchParams({ [parameter]: value })}`);
        assert.equal(
            readNumber(
                (await page.locator('#runs [data-figure="total"]').textContent()).split(' ')[0],
            ),
            n,
            condition,
        );
    }
    assert.equal(await countAt(page, go, SYNC), sql('SELECT count(*) AS n FROM sync_run')[0].n);
}

async function unknownRunIsSaid({ open }) {
    const page = await open(`${SYNC}?run=%3Cb%3E999999`);
    assert.match(
        await page.locator('#run [data-state="missing"]').textContent(),
        /There is no run with this number: <b>999999/,
    );
    assert.ok((await page.locator('#runs tbody tr').count()) > 0, 'the others are there');
}

async function scheduleIsSaid({ open, sql }) {
    const page = await open(SYNC);
    const [health] = sql('SELECT * FROM api.sync_health');
    const shown = await page
        .locator('#schedule dl > div')
        .evaluateAll((all) =>
            Object.fromEntries(all.map((one) => [...one.children].map((cell) => cell.textContent))),
        );
    assert.equal(
        shown['Sync runs by itself'].trim().split(' ').slice(-5).join(' '),
        health.schedule ?? 'is only started by hand',
    );
    assert.equal(readNumber(shown['Alerts that wait to be sent']), health.alerts_pending);
    const [{ zone }] = sql('SELECT zone FROM api.home');
    const instant = new Intl.DateTimeFormat('en-GB', {
        dateStyle: 'medium',
        timeStyle: 'short',
        timeZone: zone,
    });
    assert.equal(shown['Last good sync'], instant.format(new Date(health.last_success_at)));
    const none = {
        ...health,
        schedule: null,
        next_run_at: null,
        status: 'failed',
        last_error: 'it said <i>no</i>',
        alerts_pending: 2,
    };
    const other = await open(SYNC, { routes: { sync_health: answerWith([none]) } });
    assert.match(
        await other.locator('#schedule').textContent(),
        /none: a sync is only started by hand.*the last sync failed.*it said <i>no<\/i>.*ngeshare_schedule/,
    );
}

async function viewerIsToldSo({ open }) {
    const status = {
        running: false,
        run_id: null,
        phase: null,
        last_success_at: null,
        heartbeat_at: null,
        may_sync: false,
    };
    let calls = 0;
    const page = await open(SYNC, {
        routes: {
            sync_status: answerWith([status]),
            'rpc/sync_start': (route) => ++calls && route.abort(),
        },
    });
    await page.locator('#compare-now[aria-disabled="true"]').waitFor();
    for (const id of ['sync-now', 'compare-now']) {
        const described = await page.locator(`#${id}`).getAttribute('aria-describedby');
        assert.match(
            await page.locator(`#${described}`).textContent(),
            /You may look, but not start a sync/,
        );
        await page.locator(`#${id}`).click({ force: true });
    }
    assert.equal(calls, 0, 'a click asks for nothing');
}

async function refusedComparisonIsSaid({ open }) {
    const refused = {
        code: '42501',
        message: 'permission denied for function sync_start',
        details: null,
        hint: null,
    };
    const page = await open(SYNC, { routes: { 'rpc/sync_start': answerWith(refused, 403) } });
    await page.locator('#compare-now').click();
    await page.locator('#comparison [role="alert"]').waitFor();
    assert.match(
        await page.locator('#comparison [role="alert"]').textContent(),
        /couldn’t be started.*aren’t allowed.*42501.*permission denied/,
    );
}

async function firstRunHasNoHistory({ open }) {
    const none = answerWith([], 200, { 'Content-Range': '*/0' });
    const page = await open(SYNC, {
        routes: { sync_runs: none, sync_errors: none, sync_tables: none },
    });
    assert.match(await page.locator('#runs .empty').textContent(), /No sync has run yet/);
    assert.match(await page.locator('#errors .empty.good').textContent(), /No errors/);
    assert.match(await page.locator('#outcome .empty').textContent(), /No comparison was made yet/);
}

async function syncPageSpeaksIndonesian({ open, sql, problems }) {
    for (const [width, colorScheme, locale] of [
        [1280, 'light', 'en-GB'],
        [1280, 'dark', 'id-ID'],
        [360, 'light', 'id-ID'],
        [360, 'dark', 'en-GB'],
    ]) {
        const page = await open(`${SYNC}?run=${lastRun(sql)}`, {
            viewport: { width, height: 800 },
            colorScheme,
            locale,
        });
        assert.match(
            await page.locator('#compare-now').textContent(),
            locale === 'id-ID' ? /^Bandingkan$/ : /^Compare now$/,
        );
        assert.equal(await sidewaysOf(page), 0, `sideways at ${width}`);
    }
    assert.deepEqual(problems, []);
}

export const syncPageCases = [
    [
        'Sync page: a comparison finds what differs, and that all is the same',
        comparisonFindsWhatDiffers,
    ],
    ['Sync page: a run’s number opens it table by table', runOpensTableByTable],
    ['Sync page: a run’s errors are listed, with what to do', errorsOfARunAreListed],
    ['Sync page: each filter’s count equals SQL', listsFilter],
    ['Sync page: an unknown run is said in words', unknownRunIsSaid],
    ['Sync page: the schedule, or that there is none', scheduleIsSaid],
    ['Sync page: who may not start is told so', viewerIsToldSo],
    ['Sync page: a refused comparison is said in words', refusedComparisonIsSaid],
    ['Sync page: before the first run', firstRunHasNoHistory],
    ['Sync page: both languages, 1280 and 360 px, light and dark', syncPageSpeaksIndonesian],
];
