// What stands above a list: the search box, the choices, and the filters in force as chips that can
// be taken away.

import { h, replaceKeepingFocus } from '../lib/dom.js';
import { LONGEST_SEARCH } from './filters.js';
import { chipsOf } from './filter-words.js';
import { createChoices } from './list-choices.js';
import { formatOrder, parseOrder } from './order.js';
import { text } from '../text/index.js';

const TYPING_MS = 250;

/**
 * Makes the search box; onSearch(value) is called when typing rests, and at once by Enter and
 * Escape.
 */
function createSearch({ id, label, go }) {
    let timer = null;
    const input = h('input', {
        type: 'search',
        id,
        maxlength: String(LONGEST_SEARCH),
        placeholder: label,
        autocomplete: 'off',
        spellcheck: 'false',
        oninput: () => later(TYPING_MS),
        onkeydown: (event) => {
            if (event.key === 'Escape') input.value = '';
            if (['Escape', 'Enter'].includes(event.key)) later(0);
        },
    });

    const search = () => go({ q: input.value.trim() || null }, { step: false, tell: true });

    function later(milliseconds) {
        clearTimeout(timer);
        timer = setTimeout(search, milliseconds);
    }

    /** Shows what the address has, but never under somebody who is typing. */
    function show(value) {
        if (document.activeElement !== input && input.value !== value) input.value = value;
    }

    const element = h('label', { class: 'field search' }, h('span', {}, label), input);
    return { element, show, clear: () => (input.value = '') };
}

/** The order as a choice: on narrow screens the columns have no heads to click on. */
function createOrderChoice({ id, spec, sort }) {
    const options = spec.columns
        .filter(({ sortable }) => sortable)
        .flatMap(({ name, label }) =>
            ['asc', 'desc'].map((direction) => [
                `${name}.${direction}`,
                text.list.order(label, direction === 'desc'),
            ]),
        );
    const items = options.map(([value, words]) => h('option', { value }, words));
    const select = h(
        'select',
        { id, onchange: () => sort(parseOrder(select.value, spec.sortable, spec.fallback)) },
        items,
    );
    const element = h(
        'label',
        { class: 'field order-choice' },
        h('span', {}, text.list.orderLabel),
        select,
    );
    return { element, show: (order) => (select.value = formatOrder(order)) };
}

/**
 * Makes the tools of a list. go(changes, { step, tell }) changes its parameters, sort(order) its
 * order, clear() takes all filters away, need() reads what choices offer that weren't read yet.
 * show(state, { values, format, nameOf }) puts on screen what the address has.
 */
export function createListTools({ id, spec, go, sort, clear, need }) {
    const search = spec.search && createSearch({ id: `${id}-search`, label: spec.searchLabel, go });
    const choices = createChoices({ id, spec, go, need });
    const order = createOrderChoice({ id: `${id}-order`, spec, sort });
    const chips = createChips({ spec, go, clear: () => (search?.clear(), clear()) });
    const fields = [search?.element, search && createToggle(need), choices.elements, order.element];
    const row = h('div', { class: 'tools-row' }, fields);
    const label = text.list.filter(spec.caption);
    const element = h('search', { class: 'tools', 'aria-label': label }, row, chips.element);

    function show(state, { values, format, nameOf }) {
        search?.show(state.search);
        order.show(state.order);
        choices.show(state, values, nameOf);
        chips.show(state, format, nameOf);
    }

    return { element, show, offer: choices.offer };
}

/** Makes the filters in force, but for those that a choice shows, as chips to take away. */
function createChips({ spec, go, clear }) {
    const element = h('div', { class: 'chips' });
    const silent = [...Object.keys(spec.choices), ...(spec.ownFilters ?? [])];
    const remove = (names) =>
        go(Object.fromEntries(names.map((name) => [name, null])), { tell: true });

    function show(state, format, nameOf) {
        const other = state.active.filter(({ name }) => !silent.includes(name));
        const filters = chipsOf(other, spec.filters, format, nameOf);
        replaceKeepingFocus(
            element,
            filters.map(({ names, words }) => chip(names, words, remove)),
            clearButton(state, clear),
            state.ignored.length > 0 && ignoredNote(state.ignored),
        );
    }

    return { element, show };
}

/** On narrow screens the choices open by a button, so that the rows are in sight. */
function createToggle(need) {
    const button = h(
        'button',
        { type: 'button', class: 'tools-toggle', 'aria-expanded': 'false', onclick: turn },
        text.list.tools,
    );

    function turn() {
        const isOpen = button.closest('.tools').toggleAttribute('data-open');
        button.setAttribute('aria-expanded', String(isOpen));
        need();
    }

    return button;
}

/** A filter in words, with a button that takes it away. */
function chip(names, words, onRemove) {
    const remove = h(
        'button',
        {
            type: 'button',
            'aria-label': text.list.remove(words),
            'data-focus': `chip-${names[0]}`,
            onclick: () => onRemove(names),
        },
        '×',
    );
    return h('span', { class: 'chip' }, h('bdi', { dir: 'auto' }, words), remove);
}

/** "Clear filters", where there are any. */
function clearButton({ search, active, ignored }, onClear) {
    const any = search.trim() !== '' || active.length > 0 || ignored.length > 0;
    return (
        any &&
        h(
            'button',
            { type: 'button', class: 'small clear', 'data-focus': 'clear', onclick: onClear },
            text.list.clear,
        )
    );
}

/** The parameters that mean nothing here, as the address has them. */
function ignoredNote(ignored) {
    const words = ignored.map(({ name, value }) => `${name}=${value}`).join(', ');
    return h('p', { class: 'notice', role: 'status' }, text.list.ignored(words));
}
