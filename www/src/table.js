// A native table: headers that sort, a caption, a scroll region for narrow screens, pages.

import { h, announce, replaceKeepingFocus } from './dom.js';
import { text } from './text/index.js';
import { formatOrder, parseOrder, parsePage, requestOrder, toggleOrder } from './order.js';

/**
 * Makes a table of `columns`: { name, label, numeric, sortable, cell(row) }; the first one heads its row.
 * With `titled`, a heading above says what the table is, and the caption is for screen readers only.
 * `element` stays the same for good; update(rows, order) replaces its rows only.
 */
export function createTable({ caption, columns, onSort, rowKey = null, titled = false }) {
    const headers = columns.map((column) => headerCell(column, onSort));
    const body = h('tbody');
    const table = h(
        'table',
        {},
        h('caption', {}, h('span', { class: titled && 'visually-hidden' }, caption)),
        h('thead', {}, h('tr', {}, headers)),
        body,
    );
    const element = h('div', { class: 'scroll', role: 'region', tabindex: '0', 'aria-label': text.table.scroll(caption) }, table);

    function update(rows, order = null) {
        columns.forEach((column, i) => markSorted(headers[i], column, order));
        replaceKeepingFocus(body, ...rows.map((row) => bodyRow(columns, row, rowKey)));
    }

    return { element, update };
}

/** A column's header; a button in it where the column sorts. */
function headerCell({ name, label, numeric, sortable }, onSort) {
    const content = sortable ? h('button', { type: 'button', onclick: () => onSort(name) }, label) : label;
    return h('th', { scope: 'col', class: numeric && 'number' }, content);
}

/** aria-sort stands on the column in force and nowhere else. */
function markSorted(header, column, order) {
    if (column.name !== order?.column) header.removeAttribute('aria-sort');
    else header.setAttribute('aria-sort', order.direction === 'asc' ? 'ascending' : 'descending');
}

/** One row: the first cell is its header. */
function bodyRow(columns, row, rowKey) {
    const cells = columns.map(({ numeric, cell, wide }, i) => {
        const attributes = { class: [numeric && 'number', wide && 'wide'].filter(Boolean).join(' ') || null };
        return i === 0 ? h('th', { scope: 'row', ...attributes }, cell(row)) : h('td', attributes, cell(row));
    });
    return h('tr', { 'data-key': rowKey && row[rowKey] }, cells);
}

/**
 * The order and page of a table, kept in the address, so that reload, back and a pasted link show the same.
 * `onChange` is called after every change, also after back and forward.
 */
export function createTableState({ columns, fallback, key, pageSize, onChange }) {
    const sortable = columns.filter((column) => column.sortable).map((column) => column.name);
    const read = () => new URLSearchParams(location.search);
    const order = () => parseOrder(read().get('order'), sortable, fallback);
    const page = () => parsePage(read().get('page'));

    /** Writes the address: defaults are left out. */
    function go(nextOrder, nextPage) {
        const parameters = read();
        set(parameters, 'order', formatOrder(nextOrder), formatOrder(fallback));
        set(parameters, 'page', String(nextPage), '1');
        history.pushState(null, '', addressWith(parameters));
        onChange();
    }

    function sort(name) {
        const next = toggleOrder(order(), name);
        go(next, 1);
        announce(text.table.sorted(columns.find((column) => column.name === name).label, next.direction === 'desc'));
    }

    /** Goes back to the first page without a step in the history: the address had a page that isn't there. */
    function reset() {
        const parameters = read();
        parameters.delete('page');
        history.replaceState(null, '', addressWith(parameters));
    }

    addEventListener('popstate', () => onChange());
    const query = () => ({ order: requestOrder(order(), key), limit: pageSize, offset: (page() - 1) * pageSize });
    return { order, page, pageSize, sort, reset, query, turn: (nextPage) => go(order(), nextPage) };
}

/** This page's address with other parameters. */
function addressWith(parameters) {
    const query = parameters.toString();
    return location.pathname + (query && `?${query}`);
}

/** Sets a parameter, or takes it out when it says nothing but the default. */
function set(parameters, name, value, fallback) {
    if (value === fallback) parameters.delete(name);
    else parameters.set(name, value);
}

/** "101 to 200 of 2,500" with buttons for the pages beside it; nothing when there is but one page. */
export function pager(state, { shown, total, format }) {
    if (total === null || (state.page() === 1 && total <= state.pageSize)) return null;
    const first = (state.page() - 1) * state.pageSize;
    const button = (label, target, possible) =>
        h(
            'button',
            {
                type: 'button',
                'data-focus': `page-${label}`,
                'aria-disabled': possible ? null : 'true',
                onclick: () => possible && state.turn(target),
            },
            label,
        );
    return h(
        'nav',
        { class: 'pager', 'aria-label': text.table.pages },
        button(text.table.previous, state.page() - 1, state.page() > 1),
        h(
            'span',
            {},
            text.table.range(format.number(Math.min(first + 1, first + shown)), format.number(first + shown), format.number(total)),
        ),
        button(text.table.next, state.page() + 1, first + shown < total),
    );
}
