// A native HTML table: headers that sort, a caption, a scroll region for narrow screens, a pager.

import { h, replaceKeepingFocus } from '../lib/dom.js';
import { text } from '../text/index.js';

/** A table with more columns than these is laid out more tightly. */
const MANY_COLUMNS = 10;

/**
 * Makes a table of `columns`: { name, label, numeric, wide, minor, sortable, cell(row, shared) }.
 * The first column is the header of each row. With `asCards`, as in lists, narrow screens show each
 * row as a card: its lines have the labels of the columns, and `minor` columns are left out. With
 * `titled`, a heading above says what the table is, so the caption is for screen readers only.
 * Returns { element, update }. update(rows, { order, shared, sections }) replaces the rows in
 * `element`. Cells are made with `shared`; sections(row, i, rows, shared) returns the heading that
 * goes before a row, or nothing.
 */
export function createTable({
    caption,
    columns,
    onSort,
    rowKey = null,
    titled = false,
    asCards = Boolean(onSort),
}) {
    const headers = columns.map((column) => headerCell(column, onSort));
    const body = h('tbody');
    const table = h(
        'table',
        { class: classes({ 'as-cards': asCards, dense: columns.length > MANY_COLUMNS }) },
        h('caption', {}, h('span', { class: titled && 'visually-hidden' }, caption)),
        h('thead', {}, h('tr', {}, headers)),
        body,
    );
    const element = h(
        'div',
        {
            class: 'scroll',
            role: 'region',
            tabindex: '0',
            'aria-label': text.table.scroll(caption),
        },
        table,
    );

    function update(rows, { order = null, shared = null, sections = null } = {}) {
        columns.forEach((column, i) => markSorted(headers[i], column, order));
        const made = rows.map((row, i) => [
            sectionRow(sections?.(row, i, rows, shared), columns.length),
            bodyRow(columns, row, { rowKey, shared }),
        ]);
        replaceKeepingFocus(body, ...made);
    }

    return { element, update };
}

/**
 * Makes a column's header, with a button if the column sorts. Screen readers do not read the arrow.
 */
function headerCell({ name, label, numeric, minor, sortable }, onSort) {
    const arrow = h('span', { class: 'sort-arrow', 'aria-hidden': 'true' });
    const content = sortable
        ? h(
              'button',
              { type: 'button', 'data-focus': `sort-${name}`, onclick: () => onSort(name) },
              label,
              arrow,
          )
        : label;
    return h('th', { scope: 'col', class: classes({ number: numeric, minor }) }, content);
}

/** Sets aria-sort on the column that the table is ordered by, and on no other. */
function markSorted(header, column, order) {
    if (column.name !== order?.column) header.removeAttribute('aria-sort');
    else header.setAttribute('aria-sort', order.direction === 'asc' ? 'ascending' : 'descending');
}

/** Makes a row with the heading of the rows below it, across the whole table. */
function sectionRow(content, width) {
    return (
        content &&
        h(
            'tr',
            { class: 'section' },
            h('th', { scope: 'colgroup', colspan: String(width) }, content),
        )
    );
}

/** Makes one row. Its first cell is the row's header. */
function bodyRow(columns, row, { rowKey, shared }) {
    const cells = columns.map(({ numeric, cell, wide, minor, label, kind }, i) => {
        const attributes = {
            class: classes({ number: numeric, wide, minor, [kind]: kind }),
            'data-label': label,
        };
        return i === 0
            ? h('th', { ...attributes, scope: 'row', 'data-label': null }, cell(row, shared))
            : h('td', attributes, cell(row, shared));
    });
    return h('tr', { 'data-key': rowKey && row[rowKey] }, cells);
}

/** Returns the names whose values are truthy, as a class attribute. */
function classes(named) {
    const holding = Object.entries(named).filter(([, holds]) => holds);
    return holding.map(([name]) => name).join(' ') || null;
}

/**
 * Makes the pager: "101 to 200 of 2,500", with buttons for the pages before and after. Returns null
 * if there is only one page.
 */
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
            text.table.range(
                format.number(Math.min(first + 1, first + shown)),
                format.number(first + shown),
                format.number(total),
            ),
        ),
        button(text.table.next, page + 1, first + shown < total),
    );
}
