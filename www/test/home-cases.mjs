// Home: every figure, every change and every finding against SQL and against the rows behind it.

import assert from 'node:assert/strict';
import { leadToTheirRows, readLinks, readNumber, settled } from './harness.mjs';

const ZONE = "current_setting('ngeshare.timezone')";
const THIS_MONTH = `date_trunc('month', ngeshare_as_of() AT TIME ZONE ${ZONE})::date`;
const MONTH_EARLIER = `((ngeshare_as_of() AT TIME ZONE ${ZONE} - interval '1 month') AT TIME ZONE ${ZONE})::text`;

/** A condition for days in the month that many before this one. */
const inMonth = (column, back) =>
    `${column} >= ${THIS_MONTH} - interval '${back} months' AND ${column} < ${THIS_MONTH} - interval '${back - 1} months'`;
const graduations = (back) => `(SELECT count(*) FROM v_group_status WHERE ${inMonth('graduated_on', back)})`;
const newcomers = (back) => `(SELECT count(*) FROM v_facilitator_alumni WHERE ${inMonth('facilitator_since', back)})`;

export const FIGURES = `SELECT count(*) AS groups_total, count(*) FILTER (WHERE status = 'ACTIVE') AS active,
  (SELECT count(*) FROM v_at_risk) AS at_risk, count(*) FILTER (WHERE status = 'STALLED') AS stalled,
  (SELECT count(*) FROM v_rescue_list) AS rescuable, count(*) FILTER (WHERE status = 'GRADUATED') AS graduated,
  ${graduations(1)} AS graduations_last_month, (SELECT active_facilitators FROM v_facilitator_growth) AS active_facilitators,
  ${newcomers(1)} AS new_facilitators_last_month, (SELECT alumni_pct FROM v_facilitator_growth) AS alumni_pct FROM v_group_status`;
const MONTH_BEFORE = `SELECT ${graduations(2)} AS graduations_last_month, ${newcomers(2)} AS new_facilitators_last_month`;

/** The figures on Home. */
export async function readFigures(page) {
    const shown = await page
        .locator('[data-figure]')
        .evaluateAll((elements) => elements.map((element) => [element.dataset.figure, element.textContent]));
    return Object.fromEntries(shown.map(([name, text]) => [name, readNumber(text)]));
}

async function figuresEqualSql({ open, sql }) {
    const page = await open('/');
    assert.deepEqual(await readFigures(page), sql(FIGURES)[0]);
}

/** A change in words as a number: "3 more than …", "0.9 points less than …", "As many as …". */
function readChange(words) {
    const [, amount, direction] = words.match(/^(?:([\d,.]+) (?:points )?(more|fewer|less)|As many as|The same as)/) ?? assert.fail(words);
    return amount === undefined ? 0 : (direction === 'more' ? 1 : -1) * Number(amount.replaceAll(',', ''));
}

async function changesEqualSql({ open, sql }) {
    const page = await open('/');
    const [now] = sql(FIGURES);
    const before = { ...sql(FIGURES, MONTH_EARLIER)[0], ...sql(MONTH_BEFORE)[0] };
    const shown = await page
        .locator('[data-change]')
        .evaluateAll((elements) => elements.map((element) => [element.dataset.change, element.textContent]));
    const expected = Object.keys(now).map((name) => [name, Math.round((now[name] - before[name]) * 10) / 10]);
    assert.deepEqual(Object.fromEntries(shown.map(([name, words]) => [name, readChange(words)])), Object.fromEntries(expected));
}

async function countsLeadToTheirRows({ open, go, sql }) {
    const page = await open('/');
    const cards = await readLinks(page, '.card:not(.card-alumni_pct)');
    const findings = (await readLinks(page, '.finding a')).map(({ href, shown }) => ({ href, shown: shown.match(/^[\d,]+/)[0] }));
    const [{ alumni_facilitators: alumni }] = sql('SELECT alumni_facilitators FROM v_facilitator_growth');
    const [{ href }] = await readLinks(page, '.card-alumni_pct');
    await leadToTheirRows(page, go, [...cards, ...findings, { href, shown: String(alumni) }]);
}

async function findingIsFollowed({ open, sql }) {
    const page = await open('/');
    const [{ rescuable }] = sql(FIGURES);
    const finding = page.locator('.finding').first();
    assert.match((await finding.textContent()).replace(/,/g, ''), new RegExp(rescuable ? `^${rescuable} groups? ` : '^No group'));
    await finding.locator('a').click();
    await settled(page);
    assert.match((await page.locator('[data-figure="total"]').textContent()).replace(/,/g, ''), new RegExp(`^${rescuable} `));
}

export const homeCases = [
    ['Home: every figure equals SQL', figuresEqualSql],
    ['Home: every change equals SQL of a month earlier', changesEqualSql],
    ['Home: every count leads to as many rows', countsLeadToTheirRows],
    ['Home: a finding leads to its rows', findingIsFollowed],
];
