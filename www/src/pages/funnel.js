// The funnel: per course how many groups start, finish and go on; as bars, as a table, and how it is counted.

import { readRows } from '../api.js';
import { h, name } from '../dom.js';
import { share } from '../format.js';
import { createRegion, emptyNote } from '../region.js';
import { startPage } from '../shell.js';
import { createTable } from '../table.js';
import { text } from '../text/index.js';

const DEFINED = ['total', 'started', 'graduated', 'active', 'stalled', 'notStarted', 'continued', 'awaiting', 'settledRate'];

/** One step as a bar: its name, its length beside the largest course's groups, the count, the percentage in words. */
function bar({ label, count, largest, percent, kind }, format) {
    const fill = h('span', { class: `bar-fill ${kind}` });
    fill.style.inlineSize = `${share(count, largest) ?? 0}%`;
    return h(
        'li',
        { class: 'bar' },
        h('span', { class: 'bar-label' }, label),
        h('span', { class: 'bar-track', 'aria-hidden': 'true' }, fill),
        h(
            'span',
            { class: 'bar-value' },
            h('strong', { 'data-figure': kind }, format.number(count)),
            percent && h('span', { class: 'muted' }, ` ${percent}`),
        ),
    );
}

/** The steps of one course: all, met, graduated, went on. The last course has no next, so it lacks the last step. */
function steps(row, largest, format) {
    const words = text.funnel;
    const ofGroups = (count) => words.ofGroups(format.percent(share(count, row.groups_total)));
    const list = [
        { kind: 'total', label: words.total, count: row.groups_total },
        { kind: 'started', label: words.started, count: row.groups_started, percent: ofGroups(row.groups_started) },
        { kind: 'graduated', label: words.graduated, count: row.graduated, percent: words.ofGroups(format.percent(row.graduation_rate)) },
    ];
    if (row.continued !== null) {
        list.push({
            kind: 'continued',
            label: words.continued,
            count: row.continued,
            percent: words.ofGraduated(format.percent(row.continuation_rate)),
        });
    }
    return list.map((step) => bar({ ...step, largest }, format));
}

/** One course as a figure: its steps, and where its other groups are now. */
function course(row, largest, format) {
    const words = text.funnel;
    const now = [
        [words.active, row.active],
        [words.stalled, row.stalled],
        [words.notStarted, row.not_started],
        row.awaiting !== null && [words.awaiting, row.awaiting],
    ].filter(Boolean);
    return h(
        'figure',
        { class: 'course', 'data-course': row.course_name },
        h('figcaption', {}, h('h3', {}, name(row.course_name))),
        h('ul', { class: 'bars' }, steps(row, largest, format)),
        h(
            'dl',
            { class: 'now', 'aria-label': words.now },
            now.map(([label, count]) => h('div', {}, h('dt', {}, label), h('dd', {}, format.number(count)))),
        ),
        row.continued === null && h('p', { class: 'muted' }, words.last),
    );
}

/** The columns of the table: every number that the API has. */
function columns(format) {
    const words = text.funnel;
    const count = (field, label) => ({ name: field, label, numeric: true, cell: (row) => format.number(row[field]) });
    const rate = (field, label) => ({ name: field, label, numeric: true, cell: (row) => format.percent(row[field]) });
    return [
        { name: 'course_name', label: words.course, cell: (row) => name(row.course_name) },
        count('groups_total', words.total),
        count('groups_started', words.started),
        count('graduated', words.graduated),
        count('active', words.active),
        count('stalled', words.stalled),
        count('not_started', words.notStarted),
        rate('graduation_rate', words.graduationRate),
        count('continued', words.continued),
        rate('continuation_rate', words.continuationRate),
        count('awaiting', words.awaiting),
        rate('settled_continuation_rate', words.settledRate),
    ];
}

/** What each number counts, in a sentence. */
function definitions(rules) {
    const sentences = text.funnel.define(rules);
    const item = (key) => h('div', {}, h('dt', {}, text.funnel[key]), h('dd', {}, sentences[key]));
    return h('section', { class: 'definitions' }, h('h2', {}, text.funnel.definitions), h('dl', {}, DEFINED.map(item)));
}

/** Everything of the page, from the rows. */
function render(rows, { format, rules }) {
    const largest = Math.max(...rows.map((row) => row.groups_total));
    const table = createTable({ caption: text.funnel.table, columns: columns(format), rowKey: 'course_name' });
    table.update(rows);
    return [
        h(
            'div',
            { class: 'courses' },
            rows.map((row) => course(row, largest, format)),
        ),
        table.element,
        definitions(rules),
    ];
}

startPage(({ context }) => [
    createRegion(document.getElementById('funnel'), {
        context,
        load: async (shared, signal) => (await readRows('funnel', { order: 'sequence_order.asc' }, { signal })).rows,
        empty: (rows) => rows.length === 0 && emptyNote(text.funnel.empty),
        render,
    }),
]);
