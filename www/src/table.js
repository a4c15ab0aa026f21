// A native table: headers that sort, a caption, a scroll region for narrow screens, pages.

import { h, replaceKeepingFocus } from './dom.js';
import { text } from './text/index.js';

/**
 * Makes a table of `columns`: { name, label, numeric, wide, sortable, cell(row, shared) }; the first one heads its row.
 * With `titled`, a heading above says what the table is, and the caption is for screen readers only.
 * `element` stays the same for good; update(rows, { order, shared }) replaces its rows only; cells are made with `shared`.
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

    function update(rows, { order = null, shared = null } = {}) {
        columns.forEach((column, i) => markSorted(headers[i], column, order));
        replaceKeepingFocus(body, ...rows.map((row) => bodyRow(columns, row, { rowKey, shared })));
    }

    return { element, update };
}

/** A column's header; a button in it where the column sorts. */
function headerCell({ name, label, numeric, sortable }, onSort) {
    const content = sortable ? h('button', { type: 'button', 'data-focus': `sort-${name}`, onclick: () => onSort(name) }, label) : label;
    return h('th', { scope: 'col', class: numeric && 'number' }, content);
}

/** aria-sort stands on the column in force and nowhere else. */
function markSorted(header, column, order) {
    if (column.name !== order?.column) header.removeAttribute('aria-sort');
    else header.setAttribute('aria-sort', order.direction === 'asc' ? 'ascending' : 'descending');
}

/** One row: the first cell is its header. */
function bodyRow(columns, row, { rowKey, shared }) {
    const cells = columns.map(({ numeric, cell, wide }, i) => {
        const attributes = { class: [numeric && 'number', wide && 'wide'].filter(Boolean).join(' ') || null };
        return i === 0 ? h('th', { scope: 'row', ...attributes }, cell(row, shared)) : h('td', attributes, cell(row, shared));
    });
    return h('tr', { 'data-key': rowKey && row[rowKey] }, cells);
}

/** "101 to 200 of 2,500" with buttons for the pages beside it; nothing when there is but one page. */
export function pager({ page, pageSize, turn, caption }, { shown, total, format }) {
    if (total === null || (page === 1 && total <= pageSize)) return null;
    const first = (page - 1) * pageSize;
    const button = (label, target, possible) =>
        h(
            'button',
            {
                type: 'button',
                'data-focus': `page-${label}`,
                'aria-disabled': possible ? null : 'true',
                onclick: () => possible && turn(target),
            },
            label,
        );
    return h(
        'nav',
        { class: 'pager', 'aria-label': text.table.pages(caption) },
        button(text.table.previous, page - 1, page > 1),
        h(
            'span',
            {},
            text.table.range(format.number(Math.min(first + 1, first + shown)), format.number(first + shown), format.number(total)),
        ),
        button(text.table.next, page + 1, first + shown < total),
    );
}
