// Tests Home: compares every figure, change and finding with SQL and with the rows behind it.

import assert from 'node:assert/strict';
import { leadToTheirRows, readLinks, readNumber, settled } from './harness.mjs';

const PHONE = { width: 360, height: 740 };
const ZONE = "current_setting('ngeshare.timezone')";
const THIS_MONTH = `date_trunc('month', ngeshare_as_of() AT TIME ZONE ${ZONE})::date`;
const MONTH_EARLIER = `(((ngeshare_as_of() AT TIME ZONE ${ZONE})::date
    - interval '1 month')::date)::text`;

/** Returns the condition that a day is in the month that is `back` months before this one. */
const inMonth = (column, back) =>
    `${column} >= ${THIS_MONTH} - interval '${back} months' AND ${column} < ${THIS_MONTH} ` +
    `- interval '${back - 1} months'`;
const graduations = (back) =>
    `(SELECT count(*) FROM v_group_status WHERE ${inMonth('graduated_on', back)})`;
const newcomers = (back) =>
    `(SELECT count(*) FROM v_facilitator_alumni WHERE ${inMonth('facilitator_since', back)})`;

export const FIGURES = `SELECT count(*) AS groups_total,
    count(*) FILTER (WHERE status = 'ACTIVE') AS active,
  (SELECT count(*) FROM v_at_risk) AS at_risk,
      count(*) FILTER (WHERE status = 'STALLED') AS stalled,
  (SELECT count(*) FROM v_rescue_list) AS rescuable,
      count(*) FILTER (WHERE status = 'GRADUATED') AS graduated,
  ${graduations(1)} AS graduations_last_month, (SELECT active_facilitators
      FROM v_facilitator_growth) AS active_facilitators,
  ${newcomers(1)} AS new_facilitators_last_month, (SELECT alumni_pct
      FROM v_facilitator_growth) AS alumni_pct FROM v_group_status`;
const MONTH_BEFORE =
    `SELECT ${graduations(2)} AS graduations_last_month, ${newcomers(2)} AS ` +
    'new_facilitators_last_month';

/** Returns the figures on Home. */
export async function readFigures(page) {
    const shown = await page
        .locator('[data-figure]')
        .evaluateAll((elements) =>
            elements.map((element) => [element.dataset.figure, element.textContent]),
        );
    return Object.fromEntries(shown.map(([name, text]) => [name, readNumber(text)]));
}

async function figuresEqualSql({ open, sql }) {
    const page = await open('/');
    assert.deepEqual(await readFigures(page), sql(FIGURES)[0]);
}

/**
 * Returns a change in words as a number: "3 more than …", "0.9 points less than …", "As many as …".
 */
function readChange(words) {
    const [, amount, direction] =
        words.match(/^(?:([\d,.]+) (?:points )?(more|fewer|less)|As many as|The same as)/) ??
        assert.fail(words);
    return amount === undefined
        ? 0
        : (direction === 'more' ? 1 : -1) * Number(amount.replaceAll(',', ''));
}

async function changesEqualSql({ open, sql }) {
    const page = await open('/');
    const [now] = sql(FIGURES);
    const before = { ...sql(FIGURES, MONTH_EARLIER)[0], ...sql(MONTH_BEFORE)[0] };
    const shown = await page
        .locator('[data-change]')
        .evaluateAll((elements) =>
            elements.map((element) => [element.dataset.change, element.textContent]),
        );
    const expected = Object.keys(now).map((name) => [
        name,
        Math.round((now[name] - before[name]) * 10) / 10,
    ]);
    assert.deepEqual(
        Object.fromEntries(shown.map(([name, words]) => [name, readChange(words)])),
        Object.fromEntries(expected),
    );
}

async function countsLeadToTheirRows({ open, go, sql }) {
    const page = await open('/');
    const firstNumber = ({ href, shown }) => ({ href, shown: shown.match(/[\d,]+/)[0] });
    const cards = await readLinks(page, '.card:not(.card-alumni_pct)');
    const sentences = (await readLinks(page, '.finding a')).map(firstNumber);
    const states = (await readLinks(page, '.state-links a')).map(firstNumber);
    const changes = (await readLinks(page, '.changes a')).map(firstNumber);
    assert.ok(states.length === 8 && changes.length > 2, 'states and changes are links');
    const [{ alumni_facilitators: alumni }] = sql(
        'SELECT alumni_facilitators FROM v_facilitator_growth',
    );
    const [{ href }] = await readLinks(page, '.card-alumni_pct');
    const rest = [...sentences, ...states, ...changes];
    await leadToTheirRows(page, go, [...cards, ...rest, { href, shown: String(alumni) }]);
}

async function findingIsFollowed({ open, sql }) {
    const page = await open('/');
    const [{ rescuable }] = sql(FIGURES);
    const finding = page.locator('.finding').first();
    assert.match(
        (await finding.textContent()).replace(/,/g, ''),
        new RegExp(rescuable ? `^${rescuable} groups? ` : '^No group'),
    );
    await finding.locator('a').click();
    await settled(page);
    assert.match(
        (await page.locator('[data-figure="total"]').textContent()).replace(/,/g, ''),
        new RegExp(`^${rescuable} `),
    );
}

const LISTS = {
    rescuable: ['v_rescue_list', 'days_inactive'],
    at_risk: ['v_at_risk', 'days_until_stalled'],
};

async function statesEqualSql({ open, sql }) {
    const page = await open('/', { viewport: PHONE });
    for (const [name, [view, days]] of Object.entries(LISTS)) {
        const panel = page.locator(`[data-panel="${name}"]`);
        const shown = await panel
            .locator('[data-state-count]')
            .evaluateAll((all) => all.map((one) => [one.dataset.stateCount, one.textContent]));
        const told = sql(`SELECT contact_state AS state, count(*) AS n FROM ${view} GROUP BY 1`);
        const expected = Object.fromEntries(
            ['NEW', 'DUE', 'WAITING', 'CLOSED'].map((state) => [state, 0]),
        );
        for (const { state, n } of told) expected[state] = n;
        assert.deepEqual(
            Object.fromEntries(shown.map(([state, n]) => [state, readNumber(n)])),
            expected,
        );
        const names = await panel.locator('.first-rows > li > a').allTextContents();
        const first = sql(`SELECT group_name FROM ${view} WHERE contact_state IN ('NEW', 'DUE')
            ORDER BY ${days}, group_id COLLATE "C" LIMIT 3`);
        assert.deepEqual(
            names,
            first.map((row) => row.group_name),
            name,
        );
    }
}

async function weeksChangesEqualSql({ open, sql }) {
    const page = await open('/');
    const shown = await page
        .locator('[data-change-count]')
        .evaluateAll((all) => all.map((one) => [one.dataset.changeCount, one.textContent]));
    const told = sql('SELECT change, count(*) AS n FROM v_status_changes GROUP BY change');
    const counts = Object.fromEntries(told.map(({ change, n }) => [change, n]));
    const kinds = ['STALLED', 'RESUMED', 'STARTED', 'GRADUATED', 'NEW'];
    assert.deepEqual(
        shown.map(([change, n]) => [change, readNumber(n)]),
        kinds.map((change) => [change, counts[change] ?? 0]),
    );
}

/** Returns the numbers of the trend's table, the latest day first. */
async function readTrend(page) {
    await page.locator('#trend summary').click();
    const rows = await page
        .locator('#trend tbody tr')
        .evaluateAll((all) =>
            all.map((row) => [
                row.dataset.key,
                ...[...row.cells].slice(1).map((cell) => cell.textContent),
            ]),
        );
    return rows.map(([day, ...numbers]) => [day, ...numbers.map(readNumber)]);
}

const sumOf = (
    rows,
) => `SELECT as_of_day::text AS day, sum(active) AS active, sum(stalled) AS stalled,
    sum(graduated) AS graduated FROM ${rows} GROUP BY 1 ORDER BY 1 DESC`;

const numbersOf = (rows) =>
    rows.map((row) => [row.day, ...[row.active, row.stalled, row.graduated].map(Number)]);

async function trendEqualsSql({ open, go, sql }) {
    const page = await open('/');
    const expected = numbersOf(sql(sumOf('v_status_trend')));
    assert.equal(expected.length, 53);
    assert.deepEqual(await readTrend(page), expected);
    assert.equal(await page.locator('#trend a.part').count(), 53, 'each day is a link');
    const links = await readLinks(page, '#trend tbody tr:nth-child(20) td a');
    const [{ href }] = await readLinks(page, '#trend a.part >> nth=10');
    await leadToTheirRows(page, go, links);
    await go(page, href);
    const [day, active] = expected[42];
    assert.equal(new URL(page.url()).searchParams.get('as_of'), day);
    assert.equal((await readFigures(page)).active, active, 'Home of that day has the same number');
}

async function ownRangeEqualsSql({ open, sql }) {
    const page = await open('/');
    const last = await page.locator('#trend [name="trend_to"]').inputValue();
    const from = new Date(Date.parse(last) - 20 * 86_400_000).toISOString().slice(0, 10);
    await page.locator('#trend [name="trend_from"]').fill(from);
    await page.locator('#trend [type="submit"]').click();
    await page.waitForFunction(() => document.querySelectorAll('#trend a.part').length === 21);
    const expected = numbersOf(sql(sumOf(`ngeshare_trend('${from}', '${last}', '1 day')`)));
    assert.deepEqual(await readTrend(page), expected);
    await page.goBack();
    await page.waitForFunction(() => document.querySelectorAll('#trend a.part').length === 53);
    const strange = await open('/?trend_from=2026-13-01');
    assert.match(await strange.locator('#trend .notice').textContent(), /53 weeks/);
}

async function isInOrderOfWork({ open }) {
    for (const viewport of [PHONE, { width: 1280, height: 900 }]) {
        const page = await open('/', { viewport });
        const ids = ['attention', 'changes', 'figures', 'trend'];
        const tops = await Promise.all(
            ids.map(async (id) => (await page.locator(`#${id}`).boundingBox()).y),
        );
        assert.deepEqual(
            tops,
            tops.toSorted((a, b) => a - b),
            'what needs attention is first',
        );
        for (const list of ['.figures', '.changes', '.panels']) {
            const ends = await page
                .locator(`${list} > *`)
                .evaluateAll((all) =>
                    all
                        .map((one) => one.getBoundingClientRect())
                        .map(({ top, right }) => [top, right]),
                );
            const last = ends.filter(([top]) => top === ends.at(-1)[0]).map(([, right]) => right);
            const most = Math.max(...ends.map(([, right]) => right));
            assert.ok(
                Math.max(...last) > most - 2,
                `${list} at ${viewport.width}: the last row is full`,
            );
        }
    }
}

async function anomaliesAreInSight({ open }) {
    const page = await open('/');
    await page.locator('[data-finding="anomalies"] a').click();
    await settled(page);
    await page.waitForFunction(() => {
        const { top } = document.getElementById('anomalies-title').getBoundingClientRect();
        return top > -2 && top < innerHeight / 3;
    });
}

export const homeCases = [
    ['Home: in the order of work, without half rows', isInOrderOfWork],
    ['Home: states and first rows equal SQL, on a phone too', statesEqualSql],
    ['Home: the changes of the week equal SQL', weeksChangesEqualSql],
    ['Home: the trend equals SQL and leads to its rows', trendEqualsSql],
    ['Home: the trend of one’s own range equals SQL', ownRangeEqualsSql],
    ['Home: anomalies lead to their list (P18)', anomaliesAreInSight],
    ['Home: every figure equals SQL', figuresEqualSql],
    ['Home: every change equals SQL of a month earlier', changesEqualSql],
    ['Home: every count leads to as many rows', countsLeadToTheirRows],
    ['Home: a finding leads to its rows', findingIsFollowed],
];
