// What a list shows: its tools, the number of rows, the table, and the pager and file link below
// it.

import { currentDay } from '../lib/as-of.js';
import { announce, h } from '../lib/dom.js';
import { emptyNote } from '../lib/region.js';
import { text } from '../text/index.js';
import { fileLink } from './file.js';
import { isFiltered, queryOf } from './list-state.js';
import { createListTools } from './list-tools.js';
import { toggleOrder } from './order.js';
import { printsAllRows } from './printing.js';
import { createTable, pager } from './table.js';

/**
 * Makes the view of a list. state() returns the list's state from the address; go(changes,
 * options), sort(order), clear() and turn(page) change it; need() loads the values of filters that
 * load on first use. Returns parts of the view, and show(data, shared, { tell }): it returns what
 * the list's region shows and, with `tell`, lets screen readers say the number of rows.
 */
export function createListView(spec, { state, go, sort, clear, turn, need }) {
    const onSort = (name) => sort(toggleOrder(state().order, name));
    const table = createTable({ ...spec, rowKey: spec.key, titled: true, onSort });
    const tools = createListTools({ id: `${spec.prefix}list`, spec, go, sort, clear, need });
    const count = h('strong', { 'data-figure': 'total', tabindex: '-1' });
    const paper = printsAllRows(spec, table);

    function show(data, shared, { tell }) {
        const now = state();
        const seen = { ...shared, more: data.more };
        const words = spec.count(data.total, shared.format.number(data.total));
        const nameOf = (name) => data.rows[0]?.[spec.names[name]];
        tools.show(now, { values: data.offered, format: shared.format, nameOf });
        count.textContent = words;
        if (tell) announce(words);
        table.update(data.rows, { order: now.order, shared: seen, sections: spec.sections });
        paper.shows({ ...data, now, shared: seen, nameOf });
        return [
            h('p', { class: 'count' }, count),
            spec.note?.(shared),
            spec.above?.(now, data.more, seen),
            paper.note,
            data.total === 0 ? nothing(spec, now, shared) : table.element,
            spec.below?.(shared),
            endOf(spec, now, data, shared, turn),
        ];
    }

    return { tools: tools.element, count, show, offer: tools.offer };
}

/** Makes the end of the list: the pager and the link to the file. */
function endOf(spec, now, { rows, total }, { format }, turn) {
    const { pageSize, caption, past, view } = spec;
    return h(
        'div',
        { class: 'list-end' },
        pager({ page: now.page, pageSize, caption, turn }, { shown: rows.length, total, format }),
        fileLink(view, queryOf(now, spec), past ? currentDay() : null),
    );
}

/** Makes the words for no rows: no row matches the filters, or there are none at all. */
function nothing(spec, now, shared) {
    if (isFiltered(now)) return emptyNote(text.list.noneFit);
    return emptyNote(spec.empty?.(shared) ?? text.list.none, spec.isGood);
}
