// Tests the page Quality: compares the rules with their groups, the list and the findings with SQL,
// and checks that each rule and finding says what to do.

import assert from 'node:assert/strict';
import {
    answerWith,
    countAt,
    leadToTheirRows,
    readLinks,
    readNumber,
    readTable,
} from './harness.mjs';

const QUALITY = '/quality.html';
const dayWords = (day) =>
    new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' }).format(
        new Date(day),
    );

async function rulesEqualSql({ open, go, sql }) {
    const page = await open(QUALITY);
    const expected = new Map(
        sql('SELECT kind, count(*) AS groups FROM v_anomalies GROUP BY kind').map((row) => [
            row.kind,
            row.groups,
        ]),
    );
    const shown = await page
        .locator('#kinds [data-figure]')
        .evaluateAll((all) => all.map((one) => [one.dataset.figure, one.textContent]));
    assert.equal(shown.length, 10, 'every rule has its line');
    for (const [kind, groups] of shown)
        assert.equal(groups === 'none' ? 0 : readNumber(groups), expected.get(kind) ?? 0, kind);
    assert.deepEqual(
        [...expected.keys()].filter((kind) => !shown.some(([one]) => one === kind)),
        [],
    );
    const rows = await readTable(page, '#kinds');
    for (const [rule, , means, remedy] of rows)
        assert.ok(means.length > 10 && remedy.length > 10, `${rule}: what it means and what to do`);
    await leadToTheirRows(page, go, await readLinks(page, '#kinds a'));
}

async function listFilters({ open, go, sql }) {
    const page = await open(QUALITY);
    const [{ course }] = sql('SELECT course_name AS course FROM api.anomalies ORDER BY 1 LIMIT 1');
    const conditions = [
        [{}, 'true'],
        [{ severity: 'warning' }, `severity = 'warning'`],
        [{ severity: 'info' }, `severity = 'info'`],
        [
            { course, kind: 'NO_PREDECESSOR' },
            `course_name = '${course}' AND kind = 'NO_PREDECESSOR'`,
        ],
    ];
    for (const [parameters, condition] of conditions) {
        const [{ n }] = sql(`SELECT count(*) AS n FROM api.anomalies WHERE ${condition}`);
        assert.equal(
            await countAt(page, go, `${QUALITY}?${new URLSearchParams(parameters)}`),
            n,
            condition,
        );
    }
}

async function oneGroupsAnomaly({ open, sql }) {
    const [row] = sql(
        'SELECT * FROM api.anomalies WHERE facilitator_id IS NOT NULL ORDER BY kind, ' +
            'group_id LIMIT 1',
    );
    const page = await open(
        `${QUALITY}?${new URLSearchParams({ kind: row.kind, group: row.group_id })}`,
    );
    const [cells] = await readTable(page, '#anomalies');
    assert.equal(cells[0], row.group_name);
    assert.equal(cells[1], row.course_name);
    assert.ok(cells[5].startsWith(row.facilitator_name));
}

async function detailsNameTheirParameters({ open, sql }) {
    const rows = sql('SELECT DISTINCT ON (kind) * FROM api.anomalies ORDER BY kind, group_id');
    for (const row of rows) {
        const page = await open(
            `${QUALITY}?${new URLSearchParams({ kind: row.kind, group: row.group_id })}`,
        );
        const [cells] = await readTable(page, '#anomalies');
        const { graduated_on: graduated, ...params } = row.params;
        // If the other group graduated, the sentence names that day instead of its start.
        if (graduated) params.other_started_on = graduated;
        if (row.params.group_id === null) delete params.started_on; // the sentence names no start
        for (const value of Object.values(params).filter((one) => one !== null)) {
            const shown = /^\d{4}-\d\d-\d\d$/.test(value) ? dayWords(value) : String(value);
            assert.ok(cells[4].includes(shown), `${row.kind}: ${cells[4]} names ${shown}`);
        }
        assert.ok(cells[4].length > 10, row.kind);
        await page.context().close();
    }
}

/** Return the values that a hint quotes, and the values that the page says it names. */
const quotedIn = (hint) =>
    [...(hint ?? '').matchAll(/"([^"]*)"/g)].map(([, value]) => value).join(', ');
const namedIn = (words) => words.split(' Value: ')[1] ?? '';

async function findingsEqualSql({ open, go, sql }) {
    const page = await open(QUALITY);
    const [{ n }] = sql('SELECT count(*) AS n FROM v_data_quality');
    assert.equal(
        readNumber((await page.locator('#data [data-figure="total"]').textContent()).split(' ')[0]),
        n,
    );
    const kinds = sql('SELECT DISTINCT finding FROM v_data_quality').map((row) => row.finding);
    for (const finding of kinds) {
        const expected =
            sql(`SELECT table_name, column_name, rows, example_id, hint FROM v_data_quality
                WHERE finding = '${finding}'
          ORDER BY table_name, column_name, example_id`);
        const shown = [];
        for (let number = 1; shown.length < expected.length; number++) {
            await go(page, `${QUALITY}?data_finding=${finding}&data_page=${number}`);
            const rows = await readTable(page, '#data');
            assert.ok(rows.length > 0, `${finding}: page ${number} has rows`);
            shown.push(...rows);
        }
        const sorted = (rows) => rows.map((row) => JSON.stringify(row)).sort();
        assert.deepEqual(
            sorted(
                shown.map((cells) => [cells[1], readNumber(cells[2]), cells[3], namedIn(cells[4])]),
            ),
            sorted(
                expected.map((row) => [
                    [row.table_name, row.column_name].filter(Boolean).join('.'),
                    row.rows,
                    row.example_id ?? '—no value',
                    quotedIn(row.hint),
                ]),
            ),
            finding,
        );
        assert.ok(
            shown.every((cells) => cells[5].length > 5 && cells[0] !== finding),
            `${finding}: named in words, with what to do`,
        );
    }
}

async function nothingWrongIsGoodNews({ open }) {
    const none = answerWith([], 200, { 'Content-Range': '*/0' });
    const page = await open(QUALITY, {
        routes: { anomaly_kinds: none, anomalies: none, data_quality: none },
    });
    assert.match(await page.locator('#kinds .empty.good').textContent(), /good news/);
    assert.match(await page.locator('#anomalies .empty.good').textContent(), /good news/);
    assert.match(await page.locator('#data .empty.good').textContent(), /good news/);
}

async function unknownKindsAreShown({ open }) {
    const evil = '<img src=x>';
    const page = await open(QUALITY, {
        routes: { anomaly_kinds: answerWith([{ kind: evil, severity: evil, groups: 2 }]) },
    });
    const row = page.locator('#kinds tbody tr').last();
    assert.equal(
        await row.locator('[data-figure]').textContent(),
        '2',
        'a rule newer than the page is counted',
    );
    assert.ok((await row.locator('th').textContent()).includes(evil));
    assert.equal(await page.locator('main img').count(), 0);
}

async function findingsAreOfNow({ open }) {
    const page = await open(`${QUALITY}?as_of=2026-01-31`);
    assert.match(await page.locator('#data').textContent(), /always those of the last sync/);
    const [link] = await readLinks(page, '#kinds a');
    assert.match(link.href, /as_of=2026-01-31/, 'the day goes along');
}

async function qualitySpeaksIndonesian({ open }) {
    const page = await open(QUALITY, { locale: 'id-ID' });
    assert.match(await page.locator('#kinds').textContent(), /Tunjuk fasilitator\./);
}

async function forecastEqualsSql({ open, sql }) {
    const page = await open('/quality.html');
    await page.locator('#forecast').scrollIntoViewIfNeeded();
    await page.locator('#forecast .drawing').first().waitFor();
    const rows = sql('SELECT * FROM v_forecast_quality WHERE bin IS NOT NULL');
    const points = await page
        .locator('#forecast .part')
        .evaluateAll((all) =>
            all.map((one) => [
                one.closest('.course').dataset.course,
                Number(one.dataset.key),
                Number(one.dataset.value),
            ]),
        );
    const drawn = rows.filter((row) => row.observed_pct !== null);
    assert.deepEqual(
        points,
        drawn.map((row) => [row.course_name, row.bin, row.forecasts]),
    );
    for (const summary of await page.locator('#forecast summary').all()) await summary.click();
    const shown = await readTable(page, '#forecast');
    assert.deepEqual(
        shown.map((cells) => cells.slice(1).map(readNumber)),
        rows.map((row) => [row.observed_pct, row.forecasts, row.groups]),
    );
}

export const qualityCases = [
    ['Quality: the picture of the forecast equals SQL', forecastEqualsSql],
    ['Quality: each rule’s groups equal SQL and lead to their rows', rulesEqualSql],
    ['Quality: each filter’s count equals SQL', listFilters],
    ['Quality: one group’s anomaly equals SQL', oneGroupsAnomaly],
    ['Quality: the details of each kind equal SQL', detailsNameTheirParameters],
    ['Quality: each finding equals SQL, with what to do', findingsEqualSql],
    ['Quality: nothing wrong is good news', nothingWrongIsGoodNews],
    ['Quality: a rule that the page doesn’t know is shown as text', unknownKindsAreShown],
    ['Quality: findings are of now, whatever the day', findingsAreOfNow],
    ['Quality: in Indonesian', qualitySpeaksIndonesian],
];
