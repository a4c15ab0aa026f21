// The state of a list (order, page, search, filters) in the page's address, and the requests that
// follow from it. This module does not touch the document, so that tests can run it without a
// browser.

import { searchConditions } from './filters.js';
import { formatOrder, parseOrder, parsePage, requestOrder } from './order.js';

/**
 * Reads the state of a list from an address. The list is { sortable: [column, …], fallback: {
 * column, direction }, filters, search, prefix }; `prefix` goes before the names of its parameters
 * if a page has several lists. In the state, `active` are the filters in force and `ignored` the
 * parameters whose values make no sense.
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

/** Returns the names that a list's parameters have in the address. */
export function parameterNames({ filters = {}, prefix = '', listens = [] }) {
    return [
        ...[...Object.keys(filters), 'q', 'order', 'page'].map((name) => prefix + name),
        ...listens,
    ];
}

/** Tells whether the address has a search, a filter, or a parameter that was ignored. */
export function isFiltered({ search, active, ignored }) {
    return search.trim() !== '' || active.length > 0 || ignored.length > 0;
}

/**
 * Returns PostgREST's pairs for all rows of the list, in its order. The list's file has the same
 * rows. `always` has conditions that the list always applies.
 */
export function queryOf(
    { order, search, active },
    { key, keys = key, search: columns = null, always = [], leading },
) {
    const conditions = [
        ...always,
        ...active.flatMap((filter) => filter.conditions),
        ...(columns ? searchConditions(columns, search) : []),
    ];
    return [
        ...conditions,
        ['order', [leading?.(), requestOrder(order, keys)].filter(Boolean).join(',')],
    ];
}

/**
 * Returns the columns that a page needs, if the list names those that its cells read beside the
 * ones shown; else null, for all columns.
 */
function selectedColumns({ columns, key, keys = key, names = {}, reads = null }) {
    return (
        reads &&
        [
            ...new Set([columns.map(({ name }) => name), keys, Object.values(names), reads].flat()),
        ].join(',')
    );
}

/** Returns the pairs of queryOf() for the current page only: with its columns, limit and offset. */
export function pageQueryOf(state, spec) {
    const select = selectedColumns(spec);
    return [
        ...(select ? [['select', select]] : []),
        ...queryOf(state, spec),
        ['limit', String(spec.pageSize)],
        ['offset', String((state.page - 1) * spec.pageSize)],
    ];
}

/**
 * Returns the pairs of a request that counts all rows of the list: it reads one column of one row.
 */
export function countQueryOf(state, spec) {
    const [key] = [spec.keys ?? spec.key].flat();
    const conditions = queryOf(state, spec).filter(([name]) => name !== 'order');
    return [['select', key], ...conditions, ['limit', '1']];
}

/**
 * Returns the changes of the address that remove all filters, the search and the ignored
 * parameters.
 */
export function cleared({ filters = {}, prefix = '' }, { ignored = [] } = {}) {
    const names = [...Object.keys(filters), 'q', 'page', ...ignored.map(({ name }) => name)];
    return Object.fromEntries(names.map((name) => [prefix + name, null]));
}

/**
 * Returns the parameters for an order. The fallback is left out; the list starts at its first page.
 */
export function orderChange(order, { fallback, prefix = '' }) {
    const words = formatOrder(order);
    return {
        [`${prefix}order`]: words === formatOrder(fallback) ? null : words,
        [`${prefix}page`]: null,
    };
}

/**
 * Returns changes of a list's parameters under the names that they have in the address. Every
 * change but one of the page itself goes back to the first page.
 */
export function prefixed({ prefix }, changes) {
    const all = Object.entries({ page: null, ...changes });
    return Object.fromEntries(all.map(([name, value]) => [prefix + name, value]));
}
