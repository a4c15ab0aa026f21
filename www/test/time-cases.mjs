// Tests the page "Time to graduate": compares medians, histograms, table and unusual groups with
// SQL and with the rows behind them.

import assert from 'node:assert/strict';
import { leadToTheirRows, readLinks, readNumber, readTable, settled } from './harness.mjs';

const PAGE_SIZE = 50;
const DAYS =
    'SELECT course_name, group_id, graduated_on - first_meeting_date AS days FROM ' +
    `v_group_status WHERE status = 'GRADUATED'`;
const quartile = (part) =>
    `round(percentile_cont(${part}) WITHIN GROUP (ORDER BY days)::numeric, 1)`;
const COURSES = `SELECT sequence_order, course_name, count(*) AS groups,
    ${quartile(0.5)} AS median_days, ${quartile(0.75)} AS p75_days,
    ${quartile(0.9)} AS p90_days, round(avg(days), 1) AS avg_days,
    min(days) AS min_days, max(days) AS max_days,
    (SELECT count(*) FROM v_group_status AS other WHERE other.course_name = graduate.course_name
        AND other.status <> 'GRADUATED') AS not_graduated
  FROM (${DAYS}) AS graduate JOIN course_config USING (course_name)
      GROUP BY sequence_order, course_name ORDER BY sequence_order`;
const FIELDS = [
    'sequence_order',
    'course_name',
    'groups',
    'median_days',
    'p75_days',
    'p90_days',
    'avg_days',
    'min_days',
    'max_days',
    'not_graduated',
];
const OUTLIERS = `SELECT facts.group_name, outlier.course_name, outlier.days_to_graduate,
    outlier.outlier, facts.graduated_on, facts.facilitator_name
  FROM v_graduation_outliers AS outlier JOIN v_group_status AS facts USING (group_id)`;

async function mediansEqualSql({ open, go, sql }) {
    const page = await open('/time.html');
    const rows = sql(COURSES);
    const bars = await page
        .locator('#medians .part')
        .evaluateAll((parts) =>
            parts.map((part) => [
                part.dataset.key,
                Number(part.dataset.value),
                part.nextSibling.querySelector('.figure').textContent,
            ]),
        );
    assert.deepEqual(
        bars,
        rows.map((row) => [
            row.course_name,
            row.median_days,
            `${row.median_days.toLocaleString('en-GB')} ${row.median_days === 1 ? 'day' : 'days'}`,
        ]),
    );
    const [counts] = sql(`SELECT count(*) FILTER (WHERE status = 'GRADUATED') AS counted,
            count(*) FILTER (WHERE status <> 'GRADUATED') AS "leftOut"
      FROM v_group_status`);
    const figures = await page
        .locator('#medians [data-figure]')
        .evaluateAll((all) => all.map((one) => [one.dataset.figure, one.textContent]));
    assert.deepEqual(
        Object.fromEntries(figures.map(([name, words]) => [name, readNumber(words)])),
        counts,
    );
    const barLinks = await readLinks(page, '#medians a.part');
    const graduates = barLinks.map(({ href }, i) => ({ href, shown: String(rows[i].groups) }));
    await leadToTheirRows(page, go, [...graduates, ...(await readLinks(page, '#medians .now a'))]);
}

/** Returns the columns of one course's histogram: where each begins, and its number of groups. */
function readSpread(page, course) {
    return page.locator(`[data-course="${course}"] .part`).evaluateAll((parts) =>
        parts.map((part) => ({
            from: Number(part.dataset.key),
            groups: Number(part.dataset.value),
        })),
    );
}

async function spreadsEqualSql({ open, sql }) {
    const page = await open('/time.html');
    const all = sql(DAYS);
    for (const { course_name: course, p90_days: most } of sql(COURSES)) {
        const days = all.filter((row) => row.course_name === course).map((row) => row.days);
        const spans = await readSpread(page, course);
        const counted = spans.map(({ from }, i) => ({
            from,
            groups: days.filter((n) => n >= from && n < (spans[i + 1]?.from ?? Infinity)).length,
        }));
        assert.deepEqual(spans, counted, course);
        assert.equal(
            spans.reduce((sum, { groups }) => sum + groups, 0),
            days.length,
            `${course}: no graduate is left out`,
        );
        assert.ok(
            spans.at(-1).from > most,
            `${course}: the open span takes in no more than the slowest`,
        );
    }
}

async function spreadsLeadToTheirRows({ open, go }) {
    const page = await open('/time.html');
    await leadToTheirRows(page, go, await readLinks(page, '#spreads a.part'));
}

/**
 * Checks that the chart's own table has the same numbers as its columns, and leads to the same
 * rows.
 */
async function spreadsStandAsTables({ open }) {
    const page = await open('/time.html');
    const [drawn, written] = [
        await readLinks(page, '#spreads a.part'),
        await readLinks(page, '#spreads td a'),
    ];
    assert.deepEqual(written, drawn);
}

async function tableEqualsSql({ open, go, sql }) {
    const page = await open('/time.html');
    const shown = (await readTable(page, '#time')).map((cells) =>
        cells.map((cell, i) => (i === 1 ? cell : readNumber(cell))),
    );
    assert.deepEqual(
        shown,
        sql(COURSES).map((row) => FIELDS.map((field) => row[field])),
    );
    await leadToTheirRows(page, go, await readLinks(page, '#time td.number a'));
}

/** Returns an unusual group from SQL as the page writes it. */
function outlierCells(row) {
    const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' }).format(
        new Date(row.graduated_on),
    );
    const kind = { FAST: 'fast', SLOW: 'slow' }[row.outlier];
    return [
        row.group_name,
        row.course_name,
        row.days_to_graduate,
        kind,
        day,
        row.facilitator_name ?? '—no facilitator',
    ];
}

async function readOutliers(page) {
    return (await readTable(page, '#outliers')).map((cells) =>
        cells.map((cell, i) => (i === 2 ? readNumber(cell) : cell)),
    );
}

async function outliersEqualSql({ open, sql }) {
    const page = await open('/time.html');
    const order = (first) => `ORDER BY ${first}, group_id LIMIT ${PAGE_SIZE}`;
    assert.deepEqual(
        await readOutliers(page),
        sql(`${OUTLIERS} ${order('outlier.days_to_graduate DESC')}`).map(outlierCells),
    );
    for (const { outlier, groups } of sql(
        'SELECT outlier, count(*) AS groups FROM v_graduation_outliers GROUP BY outlier',
    )) {
        await page.locator('#list-outlier').selectOption(outlier);
        await page.waitForFunction(
            (n) =>
                document
                    .querySelector('#outliers [data-figure="total"]')
                    .textContent.startsWith(`${n} `),
            groups,
        );
        await settled(page);
        const expected = sql(
            `${OUTLIERS} WHERE outlier.outlier = '${outlier}' ` +
                `${order('outlier.days_to_graduate DESC')}`,
        );
        assert.deepEqual(await readOutliers(page), expected.map(outlierCells), outlier);
        assert.equal(new URL(page.url()).searchParams.get('outlier'), outlier);
    }
    await page.locator('#outliers tbody th a').first().click();
    await settled(page);
    assert.equal(
        new URL(page.url()).pathname,
        '/groups.html',
        'an unusual group leads to its page',
    );
}

async function cohortsEqualSql({ open, go, sql }) {
    const page = await open('/time.html');
    await page.locator('#cohorts select').selectOption('3');
    await page.waitForFunction(() => new URLSearchParams(location.search).get('within') === '3');
    await settled(page);
    const shown = await page
        .locator('#cohorts .heat')
        .evaluateAll((cells) =>
            cells.map((cell) => [...cell.children].map((part) => part.textContent)),
        );
    const expected =
        sql(`SELECT groups, graduated_3_months AS graduated, graduated_3_months_pct AS pct
        FROM v_cohort WHERE month > (SELECT max(month) - interval '24 months' FROM v_cohort)
        ORDER BY month DESC, sequence_order`);
    const read = ([share, of]) => [share === 'not over' ? null : readNumber(share), of];
    assert.deepEqual(
        shown.map(read),
        expected.map((row) => [row.pct, `${row.graduated} of ${row.groups}`]),
    );
    const links = await readLinks(page, '#cohorts .heat');
    await leadToTheirRows(page, go, [links[0], links[Math.floor(links.length / 2)], links.at(-1)]);
}

export const timeCases = [
    ['Time to graduate: the cohorts equal SQL and lead to their rows', cohortsEqualSql],
    [
        'Time to graduate: medians and what is left out equal SQL and lead to their rows',
        mediansEqualSql,
    ],
    ['Time to graduate: the spreads equal SQL and hold every graduate', spreadsEqualSql],
    ['Time to graduate: each span leads to its rows', spreadsLeadToTheirRows],
    ['Time to graduate: the spreads stand as tables, too', spreadsStandAsTables],
    ['Time to graduate: the table equals SQL and leads to its rows', tableEqualsSql],
    ['Time to graduate: the unusual groups equal SQL', outliersEqualSql],
];
