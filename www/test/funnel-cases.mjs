// Tests the funnel: compares its table, bars, graduated groups, drop-off and links with SQL and
// with the rows behind them.

import assert from 'node:assert/strict';
import { leadToTheirRows, readLinks, readNumber, readTable, settled } from './harness.mjs';

const FIELDS = [
    'groups_total',
    'groups_started',
    'graduated',
    'active',
    'stalled',
    'not_started',
    'graduation_rate',
    'continued',
    'continuation_rate',
    'awaiting',
    'settled_continuation_rate',
];
const BARS = {
    total: 'groups_total',
    started: 'groups_started',
    graduated: 'graduated',
    continued: 'continued',
};

async function tableEqualsSql({ open, sql }) {
    const page = await open('/funnel.html');
    const expected = sql('SELECT * FROM v_curriculum_funnel ORDER BY sequence_order');
    const shown = (await readTable(page, '#funnel-table')).map(([course, ...numbers]) => [
        course,
        ...numbers.map(readNumber),
    ]);
    assert.deepEqual(
        shown,
        expected.map((row) => [row.course_name, ...FIELDS.map((field) => row[field])]),
    );
}

async function barsEqualSql({ open, sql }) {
    const page = await open('/funnel.html');
    for (const row of sql('SELECT * FROM v_curriculum_funnel')) {
        const bars = await page
            .locator(`.course[data-course="${row.course_name}"] .part`)
            .evaluateAll((parts) =>
                parts.map((part) => [
                    part.dataset.key,
                    part.nextSibling.querySelector('.figure').textContent,
                ]),
            );
        const expected = Object.entries(BARS).filter(([, field]) => row[field] !== null);
        assert.deepEqual(
            bars.map(([name, shown]) => [name, readNumber(shown)]),
            expected.map(([name, field]) => [name, row[field]]),
        );
    }
}

/**
 * Checks for each course that the groups by status add up to all groups, and that the graduated
 * groups that went on, may still go on or did not add up to all graduated groups.
 */
async function statesAddUp({ open, sql }) {
    const page = await open('/funnel.html');
    for (const row of sql('SELECT * FROM v_curriculum_funnel')) {
        const places = await page
            .locator(`.course[data-course="${row.course_name}"] .now [data-figure]`)
            .evaluateAll((figures) =>
                figures.map((figure) => [
                    figure.dataset.figure,
                    Number(figure.textContent.replaceAll(',', '')),
                ]),
            );
        const { active, stalled, notStarted } = Object.fromEntries(places);
        assert.equal(
            active + stalled + notStarted + row.graduated,
            row.groups_total,
            row.course_name,
        );
    }
    const ends = await readTable(page, '.chart-stacked');
    const graduated = sql(
        'SELECT course_name, graduated FROM v_curriculum_funnel WHERE continued IS NOT ' +
            'NULL ORDER BY sequence_order',
    );
    assert.deepEqual(
        ends.map(([course, ...counts]) => [
            course,
            counts.map(readNumber).reduce((sum, count) => sum + count),
        ]),
        graduated.map((row) => [row.course_name, row.graduated]),
    );
}

async function countsLeadToTheirRows({ open, go }) {
    const page = await open('/funnel.html');
    const links = await readLinks(page, '.course a, #funnel-table td a, .chart-stacked a');
    await leadToTheirRows(page, go, links);
}

async function dropOffEqualsSql({ open, go, sql }) {
    const rows = sql('SELECT * FROM v_drop_off ORDER BY course_name, episode');
    const page = await open('/funnel.html');
    for (const course of new Set(rows.map((row) => row.course_name))) {
        await go(page, `/funnel.html?course=${encodeURIComponent(course)}`);
        const own = rows.filter((row) => row.course_name === course);
        assert.equal(await page.locator('#drop-off-course').inputValue(), course);
        assert.deepEqual(
            (await readTable(page, '#drop-off')).map((cells) => cells.map(readNumber)),
            own.map((row) => [
                row.episode,
                row.groups_reached,
                row.groups_stalled,
                row.stalled_pct,
            ]),
        );
        const columns = await readLinks(page, '#drop-off a.part');
        assert.deepEqual(
            columns.map(({ shown }) => Number(shown)),
            own.map((row) => row.groups_stalled),
        );
        const links = [...columns, ...(await readLinks(page, '#drop-off td a'))];
        await leadToTheirRows(page, go, links);
    }
}

async function dropOffCourseIsInTheAddress({ open, sql }) {
    const [first, second] = sql(
        'SELECT course_name FROM course_config ORDER BY sequence_order',
    ).map((row) => row.course_name);
    const page = await open('/funnel.html');
    const shows = (course) =>
        page.waitForFunction(
            (name) => document.querySelector('#drop-off figcaption').textContent.startsWith(name),
            course,
        );
    await shows(first);
    await page.locator('#drop-off-course').selectOption(second);
    await shows(second);
    assert.equal(new URL(page.url()).searchParams.get('course'), second);
    await page.reload();
    await settled(page);
    await shows(second);
    await page.goBack();
    await shows(first);
}

async function linksEqualSql({ open, sql }) {
    const page = await open('/funnel.html');
    const all = sql('SELECT * FROM v_curriculum_pipeline');
    const [{ total, order }] = [{ total: all.length, order: 'days_between.desc' }];
    assert.match(
        (await page.locator('#links [data-figure="total"]').textContent()).replaceAll(',', ''),
        new RegExp(`^${total} links?$`),
    );
    const course = all[0].course_a;
    await page.locator('#link_list-course').selectOption(course);
    await page.waitForFunction(
        (name) => new URLSearchParams(location.search).get('link_course') === name,
        course,
    );
    await page.locator('#links').getByRole('button', { name: 'Days between' }).click();
    await page.locator('#links').getByRole('button', { name: 'Days between' }).click();
    await page.waitForFunction(
        (value) => new URLSearchParams(location.search).get('link_order') === value,
        order,
    );
    await settled(page);
    const expected =
        sql(`SELECT a.name AS a, course_a, b.name AS b, course_b, days_between, shared_member_count,
            overlap_pct
      FROM v_curriculum_pipeline JOIN "HangoutGroup" AS a ON a.id = group_a_id
          JOIN "HangoutGroup" AS b ON b.id = group_b_id
      WHERE course_a = '${course}' ORDER BY days_between DESC, group_a_id, group_b_id LIMIT 50`);
    assert.deepEqual(
        (await readTable(page, '#links')).map((cells) =>
            cells.map((cell, i) => (i >= 4 ? readNumber(cell) : cell)),
        ),
        expected.map((row) => [
            row.a,
            row.course_a,
            row.b,
            row.course_b,
            row.days_between,
            row.shared_member_count,
            row.overlap_pct,
        ]),
    );
}

export const funnelCases = [
    ['Funnel: the table equals SQL', tableEqualsSql],
    ['Funnel: the bars equal SQL', barsEqualSql],
    ['Funnel: states and ends add up', statesAddUp],
    ['Funnel: every count leads to as many rows', countsLeadToTheirRows],
    ['Funnel: drop-off equals SQL and leads to its rows', dropOffEqualsSql],
    ['Funnel: the course of the drop-off is in the address', dropOffCourseIsInTheAddress],
    ['Funnel: the links equal SQL, filtered and sorted', linksEqualSql],
];
