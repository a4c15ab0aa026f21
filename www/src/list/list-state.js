// What a list shows (order, page, search, filters) as its address has it, and what the API is asked
// for then. No document: easy to test.

import { searchCondition } from './filters.js';
import { formatOrder, parseOrder, parsePage, requestOrder } from './order.js';

/**
 * Reads what a list shows from an address. `spec` is { sortable: [column, …], fallback: { column,
 * direction }, filters, search }; `prefix` stands before the names of its parameters where a page
 * has several lists. `active` are the filters in force, `ignored` the parameters whose value means
 * nothing.
 */
export function readListState(
    parameters,
    { sortable, fallback, filters = {}, search = null, prefix = '' },
) {
    const given = Object.keys(filters)
        .map((name) => ({ name, value: parameters.get(prefix + name) }))
        .filter(({ value }) => value !== null && value !== '')
        .map((filter) => ({
            ...filter,
            conditions: filters[filter.name].conditions(filter.value),
        }));
    const order = parseOrder(parameters.get(`${prefix}order`), sortable, fallback);
    const page = parsePage(parameters.get(`${prefix}page`));
    const understood = { order: formatOrder(order), page: String(page) };
    const misread = Object.entries(understood)
        .map(([name, value]) => ({ name, value: parameters.get(prefix + name) || value }))
        .filter(({ name, value }) => value !== understood[name]);
    return {
        order,
        page,
        search: search ? (parameters.get(`${prefix}q`) ?? '') : '',
        active: given.filter(({ conditions }) => conditions),
        ignored: [...given.filter(({ conditions }) => !conditions), ...misread],
    };
}

/** The names that a list's parameters have in the address. */
export function parameterNames({ filters = {}, prefix = '', listens = [] }) {
    return [
        ...[...Object.keys(filters), 'q', 'order', 'page'].map((name) => prefix + name),
        ...listens,
    ];
}

/** Whether anything but the order and the page is chosen. */
export function isFiltered({ search, active, ignored }) {
    return search.trim() !== '' || active.length > 0 || ignored.length > 0;
}

/**
 * PostgREST's pairs for all rows that the list shows, in its order: those of its file. `always`
 * are conditions of the list itself.
 */
export function queryOf(
    { order, search, active },
    { key, keys = key, search: columns = null, always = [], leading },
) {
    const found = columns && searchCondition(columns, search);
    const conditions = [
        ...always,
        ...active.flatMap((filter) => filter.conditions),
        ...(found ? [found] : []),
    ];
    return [
        ...conditions,
        ['order', [leading?.(), requestOrder(order, keys)].filter(Boolean).join(',')],
    ];
}

/**
 * The columns that a page needs, where the list says what its cells read beside those shown; else
 * null, for all.
 */
function selectedColumns({ columns, key, keys = key, names = {}, reads = null }) {
    return (
        reads &&
        [
            ...new Set([columns.map(({ name }) => name), keys, Object.values(names), reads].flat()),
        ].join(',')
    );
}

/** Like queryOf(), but for the page shown only: with its columns, limit and offset. */
export function pageQueryOf(state, spec) {
    const select = selectedColumns(spec);
    return [
        ...(select ? [['select', select]] : []),
        ...queryOf(state, spec),
        ['limit', String(spec.pageSize)],
        ['offset', String((state.page - 1) * spec.pageSize)],
    ];
}

/** What counts all rows that the list shows: the same conditions, and one column of one row. */
export function countQueryOf(state, spec) {
    const [key] = [spec.keys ?? spec.key].flat();
    const conditions = queryOf(state, spec).filter(([name]) => name !== 'order');
    return [['select', key], ...conditions, ['limit', '1']];
}

/** What takes all filters, the search and what means nothing out of the address. */
export function cleared({ filters = {}, prefix = '' }, { ignored = [] } = {}) {
    const names = [...Object.keys(filters), 'q', 'page', ...ignored.map(({ name }) => name)];
    return Object.fromEntries(names.map((name) => [prefix + name, null]));
}

/** The parameters for an order: the fallback is left out, and the list begins anew. */
export function orderChange(order, { fallback, prefix = '' }) {
    const words = formatOrder(order);
    return {
        [`${prefix}order`]: words === formatOrder(fallback) ? null : words,
        [`${prefix}page`]: null,
    };
}

/**
 * Changes of a list's parameters, under the names that they have in the address. But for one of
 * the page itself, each begins at the first page.
 */
export function prefixed({ prefix }, changes) {
    const all = Object.entries({ page: null, ...changes });
    return Object.fromEntries(all.map(([name, value]) => [prefix + name, value]));
}
