// The content of a table's cells by the type of the column, and the reasons for missing values.

import { h, name } from '../lib/dom.js';
import { NOTHING } from '../lib/format.js';
import { text } from '../text/index.js';

/** The types whose values are aligned to the right. */
const NUMERIC = ['number', 'percent', 'duration'];

/** How each type shows a value: (value, format, column) → the content of a cell. */
const SHOWN = {
    text: (value) => String(value),
    name: (value) => name(String(value)),
    number: (value, format) => format.number(value),
    percent: (value, format) => format.percent(value),
    duration: (value, format) => format.duration(value),
    day: (value, format) => h('time', { datetime: value }, format.day(value)),
    month: (value, format) => h('time', { datetime: value.slice(0, 7) }, format.month(value)),
    instant: (value, format) => h('time', { datetime: value }, format.instant(value)),
    word: (value, format, { words }) => words[value] ?? String(value),
    yesNo: (value) => (value ? text.table.yes : text.table.no),
};

const TIMES = ['day', 'month', 'instant'];

/** Returns the words for a sort direction of a column, such as "newest first". */
export function directionWords({ type = 'text', numeric }, direction) {
    const kind = numeric ? 'number' : TIMES.includes(type) ? 'time' : 'text';
    return text.table.directions[kind][direction];
}

/** Makes the dash for a missing value, with the reason for it on hover and for screen readers. */
export function missing(reason = text.missing.any) {
    return h(
        'span',
        { class: 'missing', title: reason },
        h('span', { 'aria-hidden': 'true' }, NOTHING),
        h('span', { class: 'visually-hidden' }, reason),
    );
}

/** Makes a word in a frame, beside a value. */
export function badge(words, tone = null) {
    return h('span', { class: ['badge', tone].filter(Boolean).join(' ') }, words);
}

/**
 * Makes a column for createTable() from { name, type, … }. `label` is by default the text for its
 * name. `link(row)` returns the address that the value leads to. `missing` says why there is no
 * value, as words or a function of the row; with `showMissing` it replaces the dash. `after(row,
 * context)` returns what follows the value. `cell(row, context)`, if given, makes the whole cell
 * instead. `context` has the formatters.
 */
export function column(spec) {
    const { name: field, type = 'text' } = spec;
    return {
        sortable: true,
        ...spec,
        label: spec.label ?? text.columns[field],
        numeric: NUMERIC.includes(type),
        cell:
            spec.cell ??
            ((row, context) => [valueOf(spec, type, row, context), after(spec, row, context)]),
    };
}

/** Returns the value, as a link if it leads somewhere, or the reason why there is none. */
function valueOf({ name: field, link, ...spec }, type, row, { format }) {
    const value = row[field];
    if (value === null || value === undefined) {
        const reason = typeof spec.missing === 'function' ? spec.missing(row) : spec.missing;
        return spec.showMissing
            ? h('span', { class: 'muted in-words' }, reason)
            : missing(reason ?? text.missing[field]);
    }
    const shown = SHOWN[type](value, format, spec);
    const address = link?.(row);
    return address ? h('a', { href: address, 'data-focus': `${field}-${address}` }, shown) : shown;
}

/** Returns what follows a value, with a space before it. */
function after(spec, row, context) {
    const more = spec.after?.(row, context);
    return more && [' ', more];
}
