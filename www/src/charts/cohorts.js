// A table of groups by the month in which they first met: what share of them graduated within 3, 6
// or 9 months. The larger the share, the stronger the colour of the cell.

import { changeAddress, parameters, watchAddress } from '../lib/address.js';
import { readRows } from '../lib/api.js';
import { monthOf } from '../lib/days.js';
import { h } from '../lib/dom.js';
import { groupsLink } from '../lib/links.js';
import { createRegion, emptyNote } from '../lib/region.js';
import { missing } from '../list/cells.js';
import { fileLink } from '../list/file.js';
import { createTable } from '../list/table.js';
import { text } from '../text/index.js';

const WITHIN = 'within';
const SPANS = ['3', '6', '9'];
const FIRST_SPAN = '6';
const MOST_MONTHS = 24;
const SHADES = 5;
const ORDER = [['order', 'sequence_order.asc,month.asc']];

/** Returns the number of months within which groups must graduate, from the page's address. */
function chosenSpan() {
    const value = parameters().get(WITHIN);
    return SPANS.includes(value) ? value : FIRST_SPAN;
}

/**
 * Returns the rows by month, the latest first and at most 24, with one cell per course; and the
 * courses in their order.
 */
function byMonth(rows) {
    const courses = [...new Set(rows.map((row) => row.course_name))];
    const months = [...new Set(rows.map((row) => row.month))].sort().reverse();
    const cell = (month, course) =>
        rows.find((row) => row.month === month && row.course_name === course);
    const shown = months.slice(0, MOST_MONTHS).map((month) => ({
        month,
        cells: Object.fromEntries(courses.map((course) => [course, cell(month, course)])),
    }));
    return { courses, shown };
}

/** Returns a link to the groups of a course that first met in a month. */
const cohortLink = ({ course_name: course, month }) =>
    groupsLink({ course, met_from: monthOf(month), met_to: monthOf(month) });

/** Makes a cell with the share of groups that graduated and the numbers that it comes from. */
function shareCell(row, span, { format }) {
    const words = text.timePage.cohorts;
    if (!row) return missing(words.nobody);
    const share = row[`graduated_${span}_months_pct`];
    const graduated = format.number(row[`graduated_${span}_months`]);
    const shade = share === null ? 'open' : Math.min(SHADES, Math.ceil((share / 100) * SHADES));
    return h(
        'a',
        {
            class: `heat heat-${shade}`,
            href: cohortLink(row),
            'data-value': row.groups,
            'data-focus': `cohort-${row.course_name}-${row.month}`,
        },
        h('span', { class: 'heat-share' }, share === null ? words.open : format.percent(share)),
        h('span', { class: 'heat-groups' }, words.of(graduated, format.number(row.groups))),
    );
}

/** Makes the choice of the number of months within which groups must graduate. */
function spanChoice(span) {
    const words = text.timePage.cohorts;
    const options = SPANS.map((value) =>
        h('option', { value, selected: value === span }, words.span(value)),
    );
    const choose = (event) =>
        changeAddress({ [WITHIN]: event.target.value === FIRST_SPAN ? null : event.target.value });
    return h(
        'div',
        { class: 'tools-row' },
        h(
            'label',
            { class: 'field' },
            h('span', {}, words.within),
            h('select', { onchange: choose, 'data-focus': 'within' }, options),
        ),
    );
}

function table({ courses, shown }, span, shared) {
    const month = {
        name: 'month',
        label: text.columns.month,
        cell: ({ month: first }, { format }) =>
            h('time', { datetime: monthOf(first) }, format.month(first)),
    };
    const columns = courses.map((course) => ({
        name: course,
        label: course,
        cell: ({ cells }, context) => shareCell(cells[course], span, context),
    }));
    const { element, update } = createTable({
        caption: text.timePage.cohorts.title,
        columns: [month, ...columns],
        rowKey: 'month',
        titled: true,
    });
    update(shown, { shared });
    return element;
}

/** Makes the region with the heatmap in `element`. */
export function createCohorts(element, { context }) {
    const region = createRegion(element, {
        context,
        load: async (_, signal) => (await readRows('cohort', ORDER, { signal })).rows,
        empty: (rows) => rows.length === 0 && emptyNote(text.timePage.cohorts.none),
        render(rows, shared) {
            const span = chosenSpan();
            return [
                spanChoice(span),
                h('div', { class: 'heatmap' }, table(byMonth(rows), span, shared)),
                h('p', { class: 'muted' }, text.timePage.cohorts.rule),
                h('div', { class: 'list-end' }, fileLink('cohort', ORDER)),
            ];
        },
    });
    watchAddress([WITHIN], () => region.reload());
    return region;
}
