// The choice of a day to look back to, beside the freshness line, and the note that says which day is being looked at.

import { changeAddress } from './address.js';
import { AS_OF, readAsOf } from './as-of.js';
import { dayIn, EARLIEST_DAY } from './days.js';
import { h, replaceKeepingFocus } from './dom.js';
import { text } from './text/index.js';

/**
 * Makes the picker. onChange() is called when another day was chosen here. Pages that are always about now (`applies` false) have
 * no picker, only the note that the other pages stay where they are.
 */
export function createAsOfPicker({ applies, onChange }) {
    const input = h('input', { type: 'date', id: 'as-of', min: EARLIEST_DAY, onchange: choose, onblur: complain });
    const today = h('button', { type: 'button', class: 'small', id: 'as-of-today', onclick: () => go(null) }, text.asOf.today);
    const problem = h('p', { class: 'as-of-problem', role: 'status' });
    const note = h('p', { class: 'as-of-note' });
    const element = h('div', { class: 'as-of', hidden: !applies }, h('label', { class: 'field' }, h('span', {}, text.asOf.label), input), today);

    /** A day that is typed changes with each key: what is no day yet, or out of bounds, waits. */
    function choose() {
        if (input.value === '' && !input.validity.badInput) go(null);
        else if (input.validity.valid) go(input.value);
    }

    /** Who leaves an impossible day is told. */
    function complain() {
        if (input.validity.valid) return;
        problem.textContent = text.asOf.outOfBounds;
        problem.hidden = false;
    }

    function go(day) {
        if (day === readAsOf().day && !readAsOf().unreadable) return;
        changeAddress({ [AS_OF]: day, page: null });
        onChange();
    }

    /** Shows what the address asks for; `format` and `latest` (the last sync's day) come when they are known. */
    function show({ format = null, latest = null } = {}) {
        const { day, unreadable } = readAsOf();
        if (document.activeElement !== input) input.value = day ?? latest ?? '';
        if (latest) input.max = latest;
        today.hidden = !day && !unreadable;
        problem.textContent = unreadable ? text.asOf.unreadable(unreadable) : '';
        problem.hidden = !unreadable;
        note.hidden = !day;
        if (day && format) replaceKeepingFocus(note, noteOf(day, format, latest));
        document.documentElement.toggleAttribute('data-back', Boolean(day && applies));
    }

    function noteOf(day, format, latest) {
        const shown = h('time', { datetime: day }, format.day(day));
        if (!applies) return [text.asOf.elsewhere, ' ', shown];
        return [text.asOf.note, ' ', h('strong', {}, shown), latest && day > latest && ` ${text.asOf.future}`];
    }

    return { element, notes: [note, problem], show };
}

/** The day of the last sync, the latest that anything is known of; null before the first. */
export function latestDay(zone, lastSuccess) {
    return lastSuccess ? dayIn(zone, lastSuccess) : null;
}
