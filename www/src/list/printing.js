// A list on paper: all rows of its filters, not the one page on the screen, and the filters in
// words.

import { readRowsNow } from '../lib/api.js';
import { h } from '../lib/dom.js';
import { text } from '../text/index.js';
import { chipsOf } from './filter-words.js';
import { pageQueryOf } from './list-state.js';

/**
 * More rows than these make no list that anybody reads on paper: then the one page is printed, and
 * says so.
 */
const MOST_ROWS = 5_000;

/**
 * Makes a list print all its rows. The browser waits for nobody once it prints, so the rows are
 * read while the page stands still. shows(what) tells what the list shows; `note` is what the paper
 * says above the rows.
 */
export function printsAllRows(spec, table) {
    const note = h('p', { class: 'print-only' });
    let shown = null;

    function put(rows) {
        const { now, shared, total } = shown;
        table.update(rows, { order: now.order, shared, sections: spec.sections });
        note.textContent = noteOf(spec, shown, rows.length === total ? null : rows.length);
    }

    addEventListener('beforeprint', () => {
        if (!shown) return;
        const isPart = shown.rows.length < shown.total && shown.total <= MOST_ROWS;
        put(isPart ? (allRows(spec, shown.now) ?? shown.rows) : shown.rows);
    });
    addEventListener('afterprint', () => shown && put(shown.rows));
    return { note, shows: (what) => (shown = what) };
}

/** All rows of the filters in force, in the order in force; null where they can't be had. */
function allRows(spec, now) {
    try {
        const query = pageQueryOf({ ...now, page: 1 }, { ...spec, pageSize: MOST_ROWS });
        return readRowsNow(spec.view, query);
    } catch (error) {
        console.warn(error);
        return null;
    }
}

/** The filters, the search and the order in words; and how many rows are printed, if not all. */
function noteOf(spec, { now, shared: { format }, nameOf, total }, printed) {
    const chips = chipsOf(now.active, spec.filters, format, nameOf).map(({ words }) => words);
    const search = now.search.trim() && text.list.searched(now.search.trim());
    const { label } = spec.columns.find((one) => one.name === now.order.column) ?? {};
    const parts = [
        text.list.filteredBy([...chips, search].filter(Boolean).join(' · ')),
        label && text.table.sorted(label, now.order.direction === 'desc'),
        printed !== null && text.list.printedPart(format.number(printed), format.number(total)),
    ];
    return parts.filter(Boolean).join(' ');
}
