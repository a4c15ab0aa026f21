// Prints a list: all rows that match its filters instead of the one page on the screen, and the
// filters in words.

import { readRowsNow } from '../lib/api.js';
import { h } from '../lib/dom.js';
import { text } from '../text/index.js';
import { directionWords } from './cells.js';
import { chipsOf } from './filter-words.js';
import { pageQueryOf } from './list-state.js';

/**
 * The most rows that are printed. Nobody reads a longer list on paper, so of a longer list only the
 * page on the screen is printed, and a note says so.
 */
const MOST_ROWS = 5_000;

/**
 * Makes a list print all its rows. They are read synchronously, because the browser prints as soon
 * as the beforeprint handlers return. Returns `note`, which is printed above the rows, and
 * shows(what), which takes what the list shows.
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

/** Reads all rows that match the filters, in the order of the list; null if they can't be read. */
function allRows(spec, now) {
    try {
        const query = pageQueryOf({ ...now, page: 1 }, { ...spec, pageSize: MOST_ROWS });
        return readRowsNow(spec.view, query);
    } catch (error) {
        console.warn(error);
        return null;
    }
}

/**
 * Returns the filters, the search and the order in words, and the number of printed rows if not all
 * are.
 */
function noteOf(spec, { now, shared: { format }, nameOf, total }, printed) {
    const chips = chipsOf(now.active, spec.filters, format, nameOf).map(({ words }) => words);
    const search = now.search.trim() && text.list.searched(now.search.trim());
    const column = spec.columns.find((one) => one.name === now.order.column);
    const { direction } = now.order;
    const parts = [
        text.list.filteredBy([...chips, search].filter(Boolean).join(' · ')),
        column && text.table.sorted(column.label, directionWords(column, direction)),
        printed !== null && text.list.printedPart(format.number(printed), format.number(total)),
    ];
    return parts.filter(Boolean).join(' ');
}
