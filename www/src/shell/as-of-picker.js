// The choice of a day to look back to, beside the freshness line, and the note that says which day
// is being looked at.

import { changeAddress } from '../lib/address.js';
import { AS_OF, readAsOf } from '../lib/as-of.js';
import { dayIn, EARLIEST_DAY } from '../lib/days.js';
import { h, replaceKeepingFocus } from '../lib/dom.js';
import { text } from '../text/index.js';

/**
 * A day that is typed or stepped to changes with each key: it is looked at when the keys rest,
 * longer than slow typists do.
 */
const REST_MS = 900;

/**
 * Writes a property of an input only where it differs: writing `max` or `value` resets a half-
 * typed day.
 */
function write(input, property, value) {
    if (input[property] !== value) input[property] = value;
}

/**
 * Makes the picker, which changes the day of the address. Pages that are always about now
 * (`applies` false) have no picker, only the note that the other pages stay where they are.
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

    /** Applies the day that was typed; an incomplete or out-of-range one is ignored. */
    function choose() {
        stopWaiting();
        if (input.value === '' && !input.validity.badInput) go(null);
        else if (input.validity.valid) go(input.value);
    }

    /**
     * Leaving the field ends the waiting; an invalid day is reported, and replaced by the day that
     * is shown.
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
     * Shows what the address asks for; `format` and `latest` (the last sync's day) come when they
     * are known. Where the address has `moved`, by back or a choice, the field shows its day even
     * under somebody who was about to type.
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

    /** Whether the field has the focus and something that is no possible day. */
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

/** The day of the last sync, the latest that anything is known of; null before the first. */
export function latestDay(zone, lastSuccess) {
    return lastSuccess ? dayIn(zone, lastSuccess) : null;
}
