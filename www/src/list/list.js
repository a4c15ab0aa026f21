// A list of a view. SQL does the search, the filters, the order and the pages; the page's address
// has the state; the same rows can be saved as a file and printed. list-rows.js reads the rows,
// list-view.js shows them.

import { changeAddress, parameters, watchAddress } from '../lib/address.js';
import { announce, h } from '../lib/dom.js';
import { createRegion } from '../lib/region.js';
import { text } from '../text/index.js';
import { column, directionWords } from './cells.js';
import { createRows } from './list-rows.js';
import { cleared, orderChange, parameterNames, prefixed, readListState } from './list-state.js';
import { createListView } from './list-view.js';

export { courseNames } from './list-rows.js';

const DEFAULTS = {
    filters: {},
    choices: {},
    names: {},
    lazy: [],
    search: null,
    always: [],
    past: true,
    prefix: '',
    pageSize: 50,
};

/** Returns a list's specification with its defaults, and with what follows from its columns. */
function complete(given) {
    const columns = given.columns.map(column);
    const sortable = columns.filter((one) => one.sortable).map((one) => one.name);
    return { ...DEFAULTS, count: text.list.rows, ...given, columns, sortable };
}

/**
 * Makes a list in `element`, a region like those of createRegion(). The specification has:
 * - `view`, `caption`, `columns` (see column() in cells.js);
 * - `key`: a unique column, or `keys`: several that are unique together;
 * - `fallback`: the order if the address has none, { column, direction };
 * - `filters` (of filters.js), and `always`: conditions that always apply;
 * - `choices`: the filters with a choice, { course: courseNames, status: null }: each with a
 * function that reads the values, or null if the filter knows them;
 * - `lazy`: the choices whose values are read only when they are needed;
 * - `names`: the columns with the names of ids, { facilitator: 'facilitator_name' };
 * - `search`: the columns to search in, and `searchLabel`;
 * - `reads`: the columns that cells and links need beside those shown. With it, no others are
 * requested. Naming columns costs PostgREST more than sending a few that nobody needs, so `reads`
 * is only for views with columns that are slow to compute;
 * - `count(n, words)`: returns the number of rows in words;
 * - `note(context)`, `below(context)`: return what is above and below the table;
 * - `empty(context)`: returns the words for a list without rows, `isGood` if that is good news;
 * - `past`: false if the rows are always those of now;
 * - `isSlow`: true for a view of few rows that is slow to compute;
 * - `prefix`: goes before the names of the parameters if a page has several lists;
 * - `more(state, rows, signal)`: reads what else the list shows. above(now, more, shared) shows it
 * above the table; cells get it as `shared.more`;
 * - `leading()`: returns an order that goes before the reader's, and `sections` (see createTable)
 * the headings of the parts that it makes;
 * - `listens`: further parameters on which the list depends;
 * - `ownFilters`: filters without a chip, because something else shows them.
 */
export function createList(element, { context, ...given }) {
    const spec = complete(given);
    const rows = createRows(spec);
    let tell = false;
    let turned = false;

    /**
     * Changes the address. With `tell`, a screen reader says the number of rows once they are read.
     */
    function go(changes, { step = true, tell: told = false } = {}) {
        tell = told;
        changeAddress(prefixed(spec, changes), { step });
    }

    function sort(order) {
        changeAddress(orderChange(order, spec));
        const column = spec.columns.find((one) => one.name === order.column);
        announce(text.table.sorted(column.label, directionWords(column, order.direction)));
    }

    function turn(page) {
        turned = true;
        go({ page: page === 1 ? null : page });
    }

    /** Moves to the top of the list after the reader has turned the page. */
    function arrive() {
        if (!turned) return;
        turned = false;
        element.scrollIntoView({ behavior: 'instant' });
        view.count.focus({ preventScroll: true });
    }

    const state = () => readListState(parameters(), spec);
    const clear = () => changeAddress(cleared(spec, state()));
    const need = async () => view.offer(await rows.offerRest());
    const view = createListView(spec, { state, go, sort, clear, turn, need });
    const host = h('div', { class: 'list' });
    element.append(view.tools, host);
    const region = createRegion(host, {
        context,
        beforeSync: spec.beforeSync,
        load: (_, signal) => rows.load(signal),
        render(data, shared) {
            const shown = view.show(data, shared, { tell });
            tell = false;
            return shown;
        },
    });
    watchAddress(parameterNames(spec), () => region.reload().then(arrive));
    return region;
}
