// A list of a view: search, filters, order and pages in SQL, the state in the address, and the same
// rows as a file and on paper. list-rows.js reads it, list-view.js shows it.

import { changeAddress, parameters, watchAddress } from '../lib/address.js';
import { announce, h } from '../lib/dom.js';
import { createRegion } from '../lib/region.js';
import { text } from '../text/index.js';
import { column } from './cells.js';
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

/** A list's specification with its defaults, and what follows from its columns. */
function complete(given) {
    const columns = given.columns.map(column);
    const sortable = columns.filter((one) => one.sortable).map((one) => one.name);
    return { ...DEFAULTS, count: text.list.rows, ...given, columns, sortable };
}

/**
 * Makes a list in `element`, a region like those of createRegion. The specification: `view`,
 * `caption`, `columns` (see column() in cells.js), `key` (a unique column; `keys`, where it takes
 * several), `fallback` ({ column, direction }); `filters` (of filters.js), `choices` ({ course:
 * courseNames, status: null }: filters to choose, with what offers the values where the filter
 * doesn't know them), `lazy` (choices whose values are read once they are needed), `names` ({
 * facilitator: 'facilitator_name' }: the column that says what an id is called), `search`
 * (columns), `searchLabel`; `always` (conditions that always hold); `reads` (columns that cells
 * and links need beside those shown: then no others are asked for. To name them costs PostgREST
 * more than a column that travels needlessly, so it is for a view with columns that are long to
 * compute; without it all come); `count(n, words)` the number of rows in words, `note(context)`
 * what stands above the table, `below(context)` what stands under it, `empty(context)` the words
 * for a list without rows, `isGood` where that is good news; `past` is false where the rows are
 * always those of now; `isSlow` names a view of few rows that is long to compute; `prefix` for the
 * parameters' names where a page has several lists; `more(state, rows, signal)` reads what else the
 * list shows, which `above(now, more, shared)` puts above the table; cells find it as
 * `shared.more`. `leading()` is an order that goes before the reader's, `sections` (see
 * createTable) has the headings of such parts. `listens` are further parameters that it depends on,
 * `ownFilters` filters that have no chip since something else shows them.
 */
export function createList(element, { context, ...given }) {
    const spec = complete(given);
    const rows = createRows(spec);
    let tell = false;
    let turned = false;

    /** Changes the address; `told` has the number of rows read aloud when they are there. */
    function go(changes, { step = true, tell: told = false } = {}) {
        tell = told;
        changeAddress(prefixed(spec, changes), { step });
    }

    function sort(order) {
        changeAddress(orderChange(order, spec));
        const { label } = spec.columns.find((one) => one.name === order.column);
        announce(text.table.sorted(label, order.direction === 'desc'));
    }

    function turn(page) {
        turned = true;
        go({ page: page === 1 ? null : page });
    }

    /** Whoever turned a page begins at its top. */
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
