// The rescue list: whom to call, in an order that the reader chooses.

import { readRows } from '../api.js';
import { h, name } from '../dom.js';
import { NOTHING } from '../format.js';
import { mailLink } from '../mail.js';
import { createRegion, emptyNote } from '../region.js';
import { startPage } from '../shell.js';
import { createTable, createTableState, pager } from '../table.js';
import { text } from '../text/index.js';

const PAGE_SIZE = 50;
const COPIED_FOR_MS = 2_000;
const COLUMNS = [
    { name: 'group_name', cell: (row) => name(row.group_name) },
    { name: 'course_name', cell: (row) => name(row.course_name) },
    { name: 'facilitator_name', cell: facilitator },
    { name: 'facilitator_contact', cell: contact },
    {
        name: 'last_meeting_date',
        cell: (row, format) =>
            row.last_meeting_date ? h('time', { datetime: row.last_meeting_date }, format.day(row.last_meeting_date)) : NOTHING,
    },
    { name: 'days_inactive', numeric: true, cell: (row, format) => format.number(row.days_inactive) },
    { name: 'progress_pct', numeric: true, cell: (row, format) => format.percent(row.progress_pct) },
    { name: 'episodes_remaining', numeric: true, cell: (row, format) => format.number(row.episodes_remaining) },
];

/** The facilitator's name; says so when there is none, or when the account was deleted. */
function facilitator(row) {
    if (row.facilitator_id === null) return h('span', { class: 'muted' }, text.rescue.noFacilitator);
    return h(
        'span',
        {},
        name(row.facilitator_name),
        row.facilitator_is_deleted && [' ', h('span', { class: 'badge' }, text.rescue.deleted)],
    );
}

/** An address to write to, with a button that copies it. What isn't plainly an address is shown as text only. */
function contact({ facilitator_contact: address, group_id: id }) {
    if (!address) return NOTHING;
    const link = mailLink(address);
    const shown = link ? h('a', { href: link, 'data-focus': `mail-${id}` }, address) : name(address);
    const copy = h(
        'button',
        {
            type: 'button',
            class: 'small',
            'aria-label': text.rescue.copyOf(address),
            'data-focus': `copy-${id}`,
            onclick: () => copyText(copy, address),
        },
        text.rescue.copy,
    );
    return h('span', { class: 'contact' }, shown, ' ', copy);
}

/** Copies to the clipboard and says so on the button for a moment. */
async function copyText(button, value) {
    const said = await navigator.clipboard.writeText(value).then(
        () => text.rescue.copied,
        () => text.rescue.notCopied,
    );
    button.textContent = said;
    setTimeout(() => (button.textContent = text.rescue.copy), COPIED_FOR_MS);
}

/** Reads the page of the list that the address names, or the first one when there is no such page (any more). */
async function readPage(state, signal) {
    const read = () => readRows('rescue_list', state.query(), { signal, count: true });
    try {
        return await read();
    } catch (error) {
        if (error.kind !== 'beyond') throw error;
        state.reset();
        return read();
    }
}

startPage(({ context }) => {
    const state = createTableState({
        columns: COLUMNS.map(({ name: column }) => ({ name: column, label: text.rescue[column], sortable: true })),
        fallback: { column: 'days_inactive', direction: 'asc' },
        key: 'group_id',
        pageSize: PAGE_SIZE,
        onChange: () => region.reload(),
    });
    let shared = null;
    const columns = COLUMNS.map((column) => ({
        ...column,
        label: text.rescue[column.name],
        sortable: true,
        cell: (row) => column.cell(row, shared.format),
    }));
    const table = createTable({ caption: text.rescue.caption, columns, onSort: state.sort, rowKey: 'group_id', titled: true });

    function render({ rows, total }, context) {
        shared = context;
        table.update(rows, state.order());
        const { format, rules } = context;
        return [
            h('p', { class: 'count' }, h('strong', { 'data-figure': 'total' }, text.rescue.count(total, format.number(total)))),
            h('p', { class: 'muted' }, text.rescue.rule(rules)),
            table.element,
            pager(state, { shown: rows.length, total, format }),
        ];
    }

    const region = createRegion(document.getElementById('rescue'), {
        context,
        load: (_, signal) => readPage(state, signal),
        empty: ({ total }, { rules }) => total === 0 && emptyNote(text.rescue.empty(rules), true),
        render,
    });
    return [region];
});
