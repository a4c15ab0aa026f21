// The field for a day to look back to, beside the freshness line, and the note that says which day
// is shown.

import { changeAddress } from '../lib/address.js';
import { AS_OF, readAsOf } from '../lib/as-of.js';
import { dayIn, EARLIEST_DAY } from '../lib/days.js';
import { h, replaceKeepingFocus } from '../lib/dom.js';
import { text } from '../text/index.js';

/**
 * How long the keys must rest before a typed day is applied, because the field's value changes with
 * each key. It is longer than the pauses of slow typists.
 */
const REST_MS = 900;

/**
 * Sets a property of an input only if it differs, because setting `max` or `value` resets a
 * half-typed day.
 */
function write(input, property, value) {
    if (input[property] !== value) input[property] = value;
}

/**
 * Makes the picker, which changes the day in the page's address. Pages that are always about now
 * (`applies` false) have no picker, only a note that names the day of the other pages.
 */
export function createAsOfPicker({ applies }) {
    const input = h('input', {
        type: 'date',
        id: 'as-of',
        min: EARLIEST_DAY,
        oninput: wait,
        onblur: leave,
        onkeydown: (event) => (event.key === 'Enter' ? choose() : timer && wait()),
    });
    const today = h(
        'button',
        { type: 'button', class: 'small', id: 'as-of-today', onclick: () => go(null) },
        text.asOf.today,
    );
    const problem = h('p', { class: 'as-of-problem', role: 'status' });
    const note = h('p', { class: 'as-of-note' });
    const element = h(
        'div',
        { class: 'as-of', hidden: !applies },
        h('label', { class: 'field' }, h('span', {}, text.asOf.label), input),
        today,
    );
    let timer = null;
    let shownLatest = null;
    let complaint = '';

    function wait() {
        stopWaiting();
        complaint = '';
        timer = setTimeout(choose, REST_MS);
    }

    function stopWaiting() {
        clearTimeout(timer);
        timer = null;
    }

    /** Applies the day that was typed; ignores an incomplete day or one that is out of range. */
    function choose() {
        stopWaiting();
        if (input.value === '' && !input.validity.badInput) go(null);
        else if (input.validity.valid) go(input.value);
    }

    /**
     * Applies a typed day at once when the field loses the focus. An invalid day is reported, and
     * the field gets back the day that is shown.
     */
    function leave() {
        if (timer) choose();
        complaint = input.validity.valid ? '' : text.asOf.outOfBounds;
        show();
    }

    function go(day) {
        const asked = readAsOf();
        if (day === null ? !asked.day && !asked.unreadable : day === (asked.day ?? shownLatest))
            return;
        changeAddress({ [AS_OF]: day, page: null });
    }

    /**
     * Shows the day in the page's address. `format` and `latest` (the day of the last sync) are
     * given once they are known. With `moved` ("back" or a choice changed the address), the field
     * shows the new day even if somebody has begun to type.
     */
    function show({ format = null, latest = shownLatest, moved = false } = {}) {
        const { day, unreadable } = readAsOf();
        shownLatest = latest;
        if (moved) {
            stopWaiting();
            complaint = '';
        }
        if (!timer && (moved || !isHalfTyped())) write(input, 'value', day ?? latest ?? '');
        if (latest) write(input, 'max', latest);
        today.hidden = !day && !unreadable;
        problem.textContent = unreadable ? text.asOf.unreadable(unreadable) : complaint;
        problem.hidden = problem.textContent === '';
        note.hidden = !day;
        if (day && format) replaceKeepingFocus(note, noteOf(day, format, latest));
        document.documentElement.toggleAttribute('data-back', Boolean(day && applies));
    }

    /** Tells whether the field has the focus and contains an invalid day. */
    function isHalfTyped() {
        return document.activeElement === input && !input.validity.valid;
    }

    function noteOf(day, format, latest) {
        const shown = h('time', { datetime: day }, format.day(day));
        if (!applies) return [text.asOf.elsewhere, ' ', shown];
        return [
            latest && day > latest ? text.asOf.future : text.asOf.note,
            ' ',
            h('strong', {}, shown),
        ];
    }

    return { element, notes: [note, problem], show };
}

/** Returns the day of the last sync, the latest day with data; null before the first sync. */
export function latestDay(zone, lastSuccess) {
    return lastSuccess ? dayIn(zone, lastSuccess) : null;
}
