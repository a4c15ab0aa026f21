// The funnel: how many groups of each course start, graduate and go on; where groups stop; which
// group went on as which; and how all of this is counted.

import { readRows } from '../lib/api.js';
import { column } from '../list/cells.js';
import { fileLink } from '../list/file.js';
import { barChart, stackedBars } from '../charts/charts.js';
import { h, name } from '../lib/dom.js';
import { createDropOff } from '../charts/drop-off.js';
import { LINK_FILTERS } from '../list/filters.js';
import { share } from '../lib/format.js';
import { groupLink, groupsLink } from '../lib/links.js';
import { courseNames, createList } from '../list/list.js';
import { createRegion, emptyNote } from '../lib/region.js';
import { startPage } from '../shell/shell.js';
import { createTable } from '../list/table.js';
import { text } from '../text/index.js';

const DEFINED = [
    'total',
    'started',
    'graduated',
    'active',
    'stalled',
    'notStarted',
    'continued',
    'awaiting',
    'settledRate',
];
const ORDER = [['order', 'sequence_order.asc']];

/**
 * The counts of a course: the column, the key of its name in the texts, and the filters that select
 * the groups behind it.
 */
const COUNTS = [
    { field: 'groups_total', key: 'total', filters: {} },
    { field: 'groups_started', key: 'started', filters: { started: 'yes' } },
    { field: 'graduated', key: 'graduated', filters: { status: 'GRADUATED' } },
    { field: 'continued', key: 'continued', filters: { continued: 'yes' } },
    { field: 'active', key: 'active', filters: { status: 'ACTIVE' } },
    { field: 'stalled', key: 'stalled', filters: { status: 'STALLED' } },
    { field: 'not_started', key: 'notStarted', filters: { status: 'NOT_STARTED' } },
    { field: 'awaiting', key: 'awaiting', filters: { awaiting: 'yes' } },
];
const STEPS = COUNTS.slice(0, 4);
const NOW = COUNTS.slice(4);

/** Links to the groups behind a count of a course. */
const rowsBehind = (row, filters) => groupsLink({ course: row.course_name, ...filters });

/** Returns one step as a bar; `note` is its share of all groups, or of the graduated ones. */
function bar({ field, key, filters }, row, format) {
    const words = text.funnel;
    const notes = {
        started: words.ofGroups(format.percent(share(row.groups_started, row.groups_total))),
        graduated: words.ofGroups(format.percent(row.graduation_rate)),
        continued: words.ofGraduated(format.percent(row.continuation_rate)),
    };
    const shown = format.number(row[field]);
    return {
        key,
        label: words[key],
        value: row[field],
        shown,
        note: notes[key],
        name: [row.course_name, `${words[key]}: ${shown}`, notes[key]].filter(Boolean).join(', '),
        href: rowsBehind(row, filters),
        tone: key,
    };
}

/**
 * Shows the counts that have no bar (active, stalled, not started, awaiting) as links to their
 * groups.
 */
function placesNow(row, format) {
    const present = NOW.filter(({ field }) => row[field] !== null);
    const link = ({ field, key, filters }) =>
        h(
            'a',
            {
                href: rowsBehind(row, filters),
                'data-figure': key,
                'data-focus': `${row.course_name}-${key}`,
            },
            format.number(row[field]),
        );
    return h(
        'dl',
        { class: 'now', 'aria-label': text.funnel.now },
        present.map((one) =>
            h('div', {}, h('dt', {}, text.funnel[one.key]), h('dd', {}, link(one))),
        ),
    );
}

/**
 * Shows one course: its steps as bars, and where its groups are now. The last course has no next
 * course, so it has no step "continued".
 */
function course(row, largest, format) {
    const words = text.funnel;
    const steps = STEPS.filter(({ field }) => row[field] !== null);
    return h(
        'div',
        { class: 'course', 'data-course': row.course_name },
        h('h3', {}, name(row.course_name)),
        barChart({
            finding: words.finding(
                format.number(row.graduated),
                row.groups_total,
                format.number(row.groups_total),
            ),
            rows: steps.map((step) => bar(step, row, format)),
            largest,
        }),
        placesNow(row, format),
        row.continued === null && h('p', { class: 'muted' }, words.last),
    );
}

/**
 * Makes the chart of what became of the graduated groups, with one bar per course: they went on,
 * may still go on, or did not.
 */
function afterGraduation(rows, shared) {
    const { format } = shared;
    const words = text.funnel;
    const ends = [
        {
            key: 'continued',
            tone: 'continued',
            filters: { continued: 'yes' },
            count: (row) => row.continued,
        },
        {
            key: 'awaiting',
            tone: 'active',
            filters: { awaiting: 'yes' },
            count: (row) => row.awaiting,
        },
        {
            key: 'ended',
            tone: 'waiting',
            filters: { continued: 'no', awaiting: 'no' },
            count: (row) => row.graduated - row.continued - row.awaiting,
        },
    ];
    const named = (row, { key, count }) =>
        `${row.course_name}, ${words[key]}: ${format.number(count(row))}`;
    const linked = (row, { count, filters }) =>
        h('a', { href: rowsBehind(row, filters) }, format.number(count(row)));
    const columns = ends.map((end) => ({
        name: end.key,
        label: words[end.key],
        type: 'number',
        cell: (row) => linked(row, end),
    }));
    return stackedBars({
        finding: words.afterFinding,
        whole: true,
        legend: ends.map(({ key, tone }) => ({ tone, words: words[key] })),
        rows: rows.map((row) => ({
            key: row.course_name,
            label: row.course_name,
            note: words.ofGraduated(format.percent(row.continuation_rate)),
            total: row.graduated,
            parts: ends.map((end) => ({
                key: end.key,
                tone: end.tone,
                value: end.count(row),
                name: named(row, end),
                href: rowsBehind(row, end.filters),
            })),
        })),
        table: {
            columns: [{ name: 'course_name', type: 'name' }, ...columns].map(still),
            rows,
            shared,
            rowKey: 'course_name',
        },
    });
}

/** Makes a column that does not sort, because these tables are in the order of the curriculum. */
const still = (spec) => column({ ...spec, sortable: false });

/** Returns the columns of the table: all numbers that the API has. */
function columns() {
    const words = text.funnel;
    const count = (field) => {
        const { key, filters } = COUNTS.find((one) => one.field === field);
        return {
            name: field,
            label: words[key],
            type: 'number',
            link: (row) => rowsBehind(row, filters),
            missing: words.last,
        };
    };
    const rate = (field, label, reason) => ({
        name: field,
        label,
        type: 'percent',
        missing: (row) => (row.continued === null ? words.last : reason),
    });
    return [
        { name: 'course_name', type: 'name' },
        ...['groups_total', 'groups_started', 'graduated', 'active', 'stalled', 'not_started'].map(
            count,
        ),
        {
            name: 'graduation_rate',
            label: words.graduationRate,
            type: 'percent',
            missing: words.noGroups,
        },
        count('continued'),
        rate('continuation_rate', words.continuationRate, words.noGraduates),
        count('awaiting'),
        rate('settled_continuation_rate', words.settledRate, words.noSettled),
    ].map(still);
}

/**
 * Shows the courses as bars, the same numbers as a table, and what became of the graduated groups.
 */
function render(rows, shared) {
    const largest = Math.max(...rows.map((row) => row.groups_total));
    const table = createTable({
        caption: text.funnel.table,
        columns: columns(),
        rowKey: 'course_name',
    });
    table.update(rows, { shared });
    return [
        h(
            'div',
            { class: 'courses' },
            rows.map((row) => course(row, largest, shared.format)),
        ),
        h('div', { id: 'funnel-table' }, table.element),
        h('div', { class: 'list-end' }, fileLink('funnel', ORDER)),
        afterGraduation(
            rows.filter((row) => row.continued !== null),
            shared,
        ),
    ];
}

/** Lists what each number counts, in a sentence. */
function definitions({ rules }) {
    const sentences = text.funnel.define(rules);
    const item = (key) => h('div', {}, h('dt', {}, text.funnel[key]), h('dd', {}, sentences[key]));
    return h('dl', {}, DEFINED.map(item));
}

startPage(({ context }) => [
    createRegion(document.getElementById('funnel'), {
        context,
        load: async (shared, signal) => (await readRows('funnel', ORDER, { signal })).rows,
        empty: (rows) => rows.length === 0 && emptyNote(text.funnel.empty),
        render,
    }),
    createDropOff(document.getElementById('drop-off'), { context }),
    createList(document.getElementById('links'), {
        context,
        view: 'pipeline',
        prefix: 'link_',
        caption: text.funnel.links,
        keys: ['group_a_id', 'group_b_id'],
        fallback: { column: 'group_a_name', direction: 'asc' },
        columns: [
            {
                name: 'group_a_name',
                label: text.funnel.from,
                type: 'name',
                link: (row) => groupLink(row.group_a_id),
            },
            { name: 'course_a', label: text.funnel.fromCourse, type: 'name' },
            {
                name: 'group_b_name',
                label: text.funnel.to,
                type: 'name',
                link: (row) => groupLink(row.group_b_id),
            },
            { name: 'course_b', label: text.funnel.toCourse, type: 'name' },
            { name: 'days_between', label: text.funnel.daysBetween, type: 'number' },
            { name: 'shared_member_count', label: text.funnel.sharedMembers, type: 'number' },
            { name: 'overlap_pct', label: text.funnel.overlap, type: 'percent' },
        ],
        filters: LINK_FILTERS,
        choices: { course: courseNames },
        search: ['group_a_name', 'group_b_name'],
        searchLabel: text.funnel.searchLinks,
        count: text.funnel.linkCount,
        note: () => h('p', { class: 'muted' }, text.funnel.linkRule),
        empty: () => text.funnel.noLinks,
    }),
    createRegion(document.getElementById('definitions'), {
        context,
        beforeSync: true,
        load: async (shared) => shared,
        render: definitions,
    }),
]);
