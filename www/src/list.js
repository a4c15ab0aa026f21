// A list of a view: search, filters, order and pages in SQL, the state in the address, and the same rows as a file.

import { changeAddress, onBackOrForward, parameters } from './address.js';
import { readRows } from './api.js';
import { currentDay } from './as-of.js';
import { column } from './cells.js';
import { announce, h } from './dom.js';
import { exportLink } from './links.js';
import { cleared, isFiltered, orderChange, pageQueryOf, queryOf, readListState } from './list-state.js';
import { createListTools } from './list-tools.js';
import { toggleOrder } from './order.js';
import { createRegion, emptyNote } from './region.js';
import { createTable, pager } from './table.js';
import { text } from './text/index.js';

const PAGE_SIZE = 50;

/** The courses in their order, for a choice among them. */
export async function courseNames(signal) {
    const { rows } = await readRows('courses', { select: 'course_name', order: 'sequence_order.asc' }, { signal });
    return rows.map((row) => row.course_name);
}

/**
 * Makes a list in `element`, a region like those of createRegion. `spec`:
 * `view`, `caption`, `columns` (see column() in cells.js), `key` (a unique column; `keys`, where it takes several),
 * `fallback` ({ column, direction });
 * `filters` (of filters.js), `choices` ({ course: courseNames, status: null }: filters to choose, with what offers the values where the
 * filter doesn't know them), `names` ({ facilitator: 'facilitator_name' }: the column that says what an id is called),
 * `search` (columns), `searchLabel`; `always` (conditions that always hold);
 * `reads` (columns that cells and links need beside those shown: then no others are asked for. To name them costs PostgREST more than a
 * column that travels needlessly, so it is for a view with columns that are long to compute; without it all come);
 * `count(n, words)` the number of rows in words, `note(context)` what stands above the table, `empty(context)` the words for a list without
 * rows, `isGood` where that is good news; `past` is false where the rows are always those of now; `prefix` for the parameters' names where a page has several lists.
 */
export function createList(element, { context, ...given }) {
    const spec = { filters: {}, choices: {}, names: {}, search: null, always: [], past: true, prefix: '', pageSize: PAGE_SIZE, count: text.list.rows, ...given };
    const columns = spec.columns.map(column);
    spec.sortable = columns.filter((one) => one.sortable).map((one) => one.name);
    const choices = Object.keys(spec.choices);
    const table = createTable({ caption: spec.caption, columns, onSort: sort, rowKey: spec.key, titled: true });
    const tools = createListTools({
        id: `${spec.prefix}list`,
        caption: spec.caption,
        filters: spec.filters,
        choices,
        searchLabel: spec.search && spec.searchLabel,
        onSearch: (value) => go({ [`${spec.prefix}q`]: value.trim() || null, [`${spec.prefix}page`]: null }, { step: false, tell: true }),
        onChoose: (name, value) => go({ [spec.prefix + name]: value, [`${spec.prefix}page`]: null }, { tell: true }),
        onRemove: (names) => go(Object.fromEntries([...names, 'page'].map((name) => [spec.prefix + name, null])), { tell: true }),
        onClear: () => go(cleared(spec), { tell: true }),
    });
    const host = h('div', { class: 'list' });
    element.append(tools.element, host);
    const offered = new Map();
    let tellCount = false;

    const state = () => readListState(parameters(), spec);

    /** Changes the address and shows what it says then. */
    function go(changes, { step = true, tell = false } = {}) {
        const before = location.search;
        changeAddress(changes, { step });
        tellCount = tell;
        if (location.search !== before) region.reload();
    }

    function sort(name) {
        const order = toggleOrder(state().order, name);
        go(orderChange(order, spec));
        announce(text.table.sorted(columns.find((one) => one.name === name).label, order.direction === 'desc'));
    }

    /** Reads the page that the address names, or the first one when there is no such page (any more). */
    async function load(shared, signal) {
        const read = () => readRows(spec.view, pageQueryOf(state(), spec), { signal, count: true });
        const rows = read().catch((error) => {
            if (error.kind !== 'beyond') throw error;
            changeAddress({ [`${spec.prefix}page`]: null }, { step: false });
            return read();
        });
        const [data] = await Promise.all([rows, ...choices.map((name) => offer(name, signal))]);
        return data;
    }

    /** Reads what a choice offers, once. */
    async function offer(name, signal) {
        if (!offered.has(name)) offered.set(name, spec.filters[name].values ?? (await spec.choices[name](signal)));
    }

    function render({ rows, total }, shared) {
        const now = state();
        const { format } = shared;
        const nameOf = (name) => rows[0]?.[spec.names[name]];
        tools.show(now, { values: offered, format, nameOf });
        if (tellCount) announce(spec.count(total, format.number(total)));
        tellCount = false;
        table.update(rows, { order: now.order, shared });
        const position = { page: now.page, pageSize: spec.pageSize, caption: spec.caption, turn: (page) => go({ [`${spec.prefix}page`]: page === 1 ? null : page }) };
        return [
            h('p', { class: 'count' }, h('strong', { 'data-figure': 'total' }, spec.count(total, format.number(total)))),
            spec.note?.(shared),
            total === 0 ? nothing(now, shared) : table.element,
            h('div', { class: 'list-end' }, pager(position, { shown: rows.length, total, format }), fileLink(now)),
        ];
    }

    /** No rows: because of the filters, or because there are none. */
    function nothing(now, shared) {
        if (isFiltered(now)) return emptyNote(text.list.noneFit);
        return emptyNote(spec.empty?.(shared) ?? text.list.none, spec.isGood);
    }

    /** All rows of the filters in force, in the order in force, as a file. */
    function fileLink(now) {
        const link = exportLink(spec.view, queryOf(now, spec), spec.past ? currentDay() : null);
        return h('a', { class: 'file', href: link, download: true, 'data-focus': 'file' }, text.list.file);
    }

    const region = createRegion(host, { context, load, render, beforeSync: spec.beforeSync });
    onBackOrForward(() => region.reload());
    return region;
}
