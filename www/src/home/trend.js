// How many groups were active, stalled and graduated over time: the last 53 weeks, or the range of
// days that the reader chooses.

import { lineChart } from '../charts/lines.js';
import { changeAddress, parameters, watchAddress } from '../lib/address.js';
import { readRows } from '../lib/api.js';
import { EARLIEST_DAY, isDay } from '../lib/days.js';
import { h } from '../lib/dom.js';
import { groupsLink, pageLink } from '../lib/links.js';
import { createRegion } from '../lib/region.js';
import { column } from '../list/cells.js';
import { text } from '../text/index.js';

const [FROM, TO] = ['trend_from', 'trend_to'];
const SERIES = [
    { name: 'active', tone: 'active', status: 'ACTIVE' },
    { name: 'stalled', tone: 'stalled', status: 'STALLED' },
    { name: 'graduated', tone: 'graduated', status: 'GRADUATED' },
];
const SELECT = ['as_of_day', ...SERIES.map(({ name }) => name)].join(',');
const DAY_MS = 86_400_000;
const DAYWISE_UP_TO = 56;
const MOST_STEPS = 53;

/**
 * Reads the range of days from the page's address: { from, to, ignored }. `to` may be missing. A
 * range that makes no sense is ignored: `ignored` is true then.
 */
export function readRange(query) {
    const [from, to] = [query.get(FROM) || null, query.get(TO) || null];
    const fits = isDay(from) && from >= EARLIEST_DAY && (to === null || (isDay(to) && from <= to));
    return fits
        ? { from, to, ignored: false }
        : { from: null, to: null, ignored: Boolean(from || to) };
}

/**
 * Returns the step between the points of a range of `days` days: one day for a short range, else as
 * many weeks as keep it to at most 53 points.
 */
export function stepFor(days) {
    if (days <= DAYWISE_UP_TO) return '1 day';
    return `${Math.max(1, Math.ceil(days / 7 / (MOST_STEPS - 1)))} weeks`;
}

/**
 * Reads the rows of the range. If the address gives no last day, it is the day of the answers,
 * which only the context knows.
 */
async function readTrend(ready, signal) {
    const { from, to, ignored } = readRange(parameters());
    if (!from) {
        const { rows } = await readRows('status_trend', { select: SELECT }, { signal });
        return { days: sumByDay(rows), ignored };
    }
    const last = to ?? (await ready).home.as_of_day;
    const days = Math.max(0, (Date.parse(last) - Date.parse(from)) / DAY_MS);
    const query = { from_day: from, to_day: last, step: stepFor(days), select: SELECT };
    const { rows } = await readRows('rpc/trend', query, { signal });
    return { days: sumByDay(rows), ignored };
}

/** Adds up the groups of all courses, one row per day, the earliest day first. */
function sumByDay(rows) {
    const days = new Map();
    for (const row of rows) {
        const sum = days.get(row.as_of_day) ?? { as_of_day: row.as_of_day };
        for (const { name } of SERIES) sum[name] = (sum[name] ?? 0) + row[name];
        days.set(row.as_of_day, sum);
    }
    return [...days.values()].sort((a, b) => (a.as_of_day < b.as_of_day ? -1 : 1));
}

/**
 * Makes the chart and its table. Each day is a link to Home as of this day, each number to its
 * groups.
 */
function chartOf(days, shared) {
    const { format } = shared;
    const words = text.home.trend;
    const shownOf = (row) => ({
        day: format.day(row.as_of_day),
        ...Object.fromEntries(SERIES.map(({ name }) => [name, format.number(row[name])])),
    });
    const [first, last] = [days[0], days.at(-1)].map(shownOf);
    const figures = { active: last.active, before: first.active, first: first.day, last: last.day };
    return lineChart({
        finding: words.finding(figures),
        format,
        series: SERIES.map((one) => ({ ...one, words: words[one.name] })),
        points: days.map((row) => ({
            key: row.as_of_day,
            label: format.day(row.as_of_day),
            values: row,
            name: words.point(shownOf(row)),
            href: pageLink('/', {}, row.as_of_day),
        })),
        table: {
            rows: days.toReversed(),
            shared,
            rowKey: 'as_of_day',
            columns: [
                { name: 'as_of_day', type: 'day', label: words.day },
                ...SERIES.map(({ name, status }) => ({
                    name,
                    type: 'number',
                    label: words[name],
                    link: (row) => groupsLink({ status }, row.as_of_day),
                })),
            ].map((spec) => column({ ...spec, sortable: false })),
        },
    });
}

/** Makes the form for the reader's own range: two days, and a button back to the last 53 weeks. */
function rangeForm(days, { home }) {
    const { from, to } = readRange(parameters());
    const words = text.home.trend;
    const day = (key, label, value) =>
        h(
            'label',
            { class: 'field' },
            h('span', {}, label),
            h('input', {
                type: 'date',
                name: key,
                value,
                min: EARLIEST_DAY,
                max: home.as_of_day,
                required: true,
                'data-focus': key,
            }),
        );
    function choose(event) {
        event.preventDefault();
        const chosen = new FormData(event.target);
        changeAddress({ [FROM]: chosen.get(FROM), [TO]: chosen.get(TO) });
    }
    const reset = () => changeAddress({ [FROM]: null, [TO]: null });
    return h(
        'form',
        { class: 'range', onsubmit: choose },
        day(FROM, words.from, from ?? days[0].as_of_day),
        day(TO, words.to, to ?? days.at(-1).as_of_day),
        h('button', { type: 'submit', 'data-focus': 'range-show' }, words.show),
        from &&
            h(
                'button',
                { type: 'button', onclick: reset, 'data-focus': 'range-reset' },
                words.reset,
            ),
    );
}

/** Makes the part "Trend" in `element`. */
export function createTrend(element, { context }) {
    const region = createRegion(element, {
        context,
        load: readTrend,
        empty: ({ days }) => days.length === 0 && h('p', { class: 'empty' }, text.list.none),
        render: ({ days, ignored }, shared) => [
            rangeForm(days, shared),
            ignored && h('p', { class: 'notice', role: 'status' }, text.home.trend.ignored),
            chartOf(days, shared),
            h('p', { class: 'muted' }, text.home.trend.rule),
        ],
    });
    watchAddress([FROM, TO], () => region.reload());
    return region;
}
