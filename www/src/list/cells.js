// What stands in a table's cell, by the type of its column; and why, where there is no value.

import { h, name } from '../lib/dom.js';
import { NOTHING } from '../lib/format.js';
import { text } from '../text/index.js';

/** Types whose values stand at the right, one above the other. */
const NUMERIC = ['number', 'percent', 'duration'];

/** How each type shows a value: (value, format, column) → what a cell may hold. */
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

/** The dash for a missing value, with the reason for it: on hover, and read aloud. */
export function missing(reason = text.missing.any) {
    return h(
        'span',
        { class: 'missing', title: reason },
        h('span', { 'aria-hidden': 'true' }, NOTHING),
        h('span', { class: 'visually-hidden' }, reason),
    );
}

/** A word in a frame, beside a value. */
export function badge(words, tone = null) {
    return h('span', { class: ['badge', tone].filter(Boolean).join(' ') }, words);
}

/**
 * A column as createTable wants it, from { name, type, … }: `label` (else that of its name in the
 * texts), `link(row)` the address of what it shows, `missing` why there may be no value (words, or
 * a function of the row; with `showMissing` in the place of the dash), `after(row, context)` what
 * follows the value, `cell(row, context)` in the place of all that. The context has the formatters.
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

/** The value, linked where it leads somewhere; or the reason why there is none. */
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

/** What follows a value, with a space before it. */
function after(spec, row, context) {
    const more = spec.after?.(row, context);
    return more && [' ', more];
}
