// What a list shows (order, page, search, filters) as its address has it, and what the API is asked for then. No document: easy to test.

import { searchCondition } from './filters.js';
import { formatOrder, parseOrder, parsePage, requestOrder } from './order.js';

/**
 * Reads what a list shows from an address. `spec` is { sortable: [column, …], fallback: { column, direction }, filters, search };
 * `prefix` stands before the names of its parameters where a page has several lists.
 * `active` are the filters in force, `ignored` those whose value means nothing.
 */
export function readListState(parameters, { sortable, fallback, filters = {}, search = null, prefix = '' }) {
    const given = Object.keys(filters)
        .map((name) => ({ name, value: parameters.get(prefix + name) }))
        .filter(({ value }) => value !== null && value !== '')
        .map((filter) => ({ ...filter, conditions: filters[filter.name].conditions(filter.value) }));
    return {
        order: parseOrder(parameters.get(`${prefix}order`), sortable, fallback),
        page: parsePage(parameters.get(`${prefix}page`)),
        search: search ? (parameters.get(`${prefix}q`) ?? '') : '',
        active: given.filter(({ conditions }) => conditions),
        ignored: given.filter(({ conditions }) => !conditions),
    };
}

/** Whether anything but the order and the page is chosen. */
export function isFiltered({ search, active, ignored }) {
    return search.trim() !== '' || active.length > 0 || ignored.length > 0;
}

/** PostgREST's pairs for all rows that the list shows, in its order: those of its file. `always` are conditions of the list itself. */
export function queryOf({ order, search, active }, { key, keys = key, search: columns = null, always = [] }) {
    const found = columns && searchCondition(columns, search);
    const conditions = [...always, ...active.flatMap((filter) => filter.conditions), ...(found ? [found] : [])];
    return [...conditions, ['order', requestOrder(order, keys)]];
}

/** The columns that a page needs, where the list says what its cells read beside those shown; else null, for all. */
function selectedColumns({ columns, key, keys = key, names = {}, reads = null }) {
    return reads && [...new Set([columns.map(({ name }) => name), keys, Object.values(names), reads].flat())].join(',');
}

/** The same for the one page that is shown. */
export function pageQueryOf(state, spec) {
    const select = selectedColumns(spec);
    return [...(select ? [['select', select]] : []), ...queryOf(state, spec), ['limit', String(spec.pageSize)], ['offset', String((state.page - 1) * spec.pageSize)]];
}

/** The parameters that take all filters and the search out of the address. */
export function cleared({ filters = {}, prefix = '' }) {
    return Object.fromEntries([...Object.keys(filters), 'q', 'page'].map((name) => [prefix + name, null]));
}

/** The parameters for an order: the fallback is left out, and the list begins anew. */
export function orderChange(order, { fallback, prefix = '' }) {
    const words = formatOrder(order);
    return { [`${prefix}order`]: words === formatOrder(fallback) ? null : words, [`${prefix}page`]: null };
}
