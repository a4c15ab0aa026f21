// A native table: headers that sort, a caption, a scroll region for narrow screens, pages.

import { h, replaceKeepingFocus } from '../lib/dom.js';
import { text } from '../text/index.js';

/** More columns than these stand closer together. */
const MANY_COLUMNS = 10;

/**
 * Makes a table of `columns`: { name, label, numeric, wide, minor, sortable, cell(row, shared) };
 * the first one heads its row. With `asCards`, as in lists, each row is a card on narrow screens,
 * whose lines are named like the columns; `minor` columns are left out there. With `titled`, a
 * heading above says what the table is, and the caption is for screen readers only. `element`
 * stays the same for good; update(rows, { order, shared, sections }) replaces its rows only; cells
 * are made with `shared`, and sections(row, i, rows, shared) gives the heading that goes before a
 * row, or nothing.
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

/** A column's header; a button in it where the column sorts. The arrow is no part of its name. */
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

/** aria-sort stands on the column in force and nowhere else. */
function markSorted(header, column, order) {
    if (column.name !== order?.column) header.removeAttribute('aria-sort');
    else header.setAttribute('aria-sort', order.direction === 'asc' ? 'ascending' : 'descending');
}

/** The heading of the rows below it, across the whole table. */
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

/** One row: the first cell is its header. */
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

/** The names of those that hold, as a class attribute. */
function classes(named) {
    const holding = Object.entries(named).filter(([, holds]) => holds);
    return holding.map(([name]) => name).join(' ') || null;
}

/**
 * "101 to 200 of 2,500" with buttons for the pages beside it; nothing when there is but one page.
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
