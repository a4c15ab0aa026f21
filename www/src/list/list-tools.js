// The tools above a list: the search box, the choices, and the other filters in force as chips that
// can be removed.

import { h, replaceKeepingFocus } from '../lib/dom.js';
import { LONGEST_SEARCH } from './filters.js';
import { directionWords } from './cells.js';
import { chipsOf } from './filter-words.js';
import { createChoices } from './list-choices.js';
import { formatOrder, parseOrder } from './order.js';
import { text } from '../text/index.js';

const TYPING_MS = 250;

/** Makes the search box. It searches when typing pauses, and at once on Enter and Escape. */
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

    /** Shows the text that the address has, but not while somebody is typing. */
    function show(value) {
        if (document.activeElement !== input && input.value !== value) input.value = value;
    }

    const element = h('label', { class: 'field search' }, h('span', {}, label), input);
    return { element, show, clear: () => (input.value = '') };
}

/** Makes a choice of the order, because narrow screens show no column heads to click on. */
function createOrderChoice({ id, spec, sort }) {
    const options = spec.columns
        .filter(({ sortable }) => sortable)
        .flatMap((column) =>
            ['asc', 'desc'].map((direction) => [
                `${column.name}.${direction}`,
                text.list.order(column.label, directionWords(column, direction)),
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
 * Makes the tools of a list. go(changes, { step, tell }) changes its parameters; sort(order)
 * changes its order; clear() removes all filters; need() reads the values of choices that were not
 * read yet. show(state, { values, format, nameOf }) shows the state that the address has.
 */
export function createListTools({ id, spec, go, sort, clear, need }) {
    const search = spec.search && createSearch({ id: `${id}-search`, label: spec.searchLabel, go });
    const choices = createChoices({ id, spec, go, need });
    const order = createOrderChoice({ id: `${id}-order`, spec, sort });
    const chips = createChips({ spec, go, clear: () => (search?.clear(), clear()) });
    const fields = [search?.element, search && createToggle(need), choices.elements, order.element];
    const row = h('div', { class: 'tools-row' }, fields);
    const label = text.list.filter(spec.caption);
    const inWords = h('p', { class: 'chosen muted' });
    const parts = [row, inWords, chips.element];
    const element = h('search', { class: 'tools', 'aria-label': label }, parts);

    function show(state, { values, format, nameOf }) {
        search?.show(state.search);
        order.show(state.order);
        choices.show(state, values, nameOf);
        chips.show(state, format, nameOf);
        inWords.textContent = filtersInWords(spec, state, format, nameOf);
    }

    return { element, show, offer: choices.offer };
}

/** Makes the chips for the filters in force, except those that a choice or `ownFilters` shows. */
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

/**
 * Returns, in words, the active filters that have a select box. Narrow screens show this text while
 * the select boxes are hidden.
 */
function filtersInWords(spec, { active }, format, nameOf) {
    const chosen = active.filter(({ name }) => name in spec.choices);
    const words = chipsOf(chosen, spec.filters, format, nameOf).map((chip) => chip.words);
    return words.length > 0 ? text.list.filteredBy(words.join(' · ')) : '';
}

/** Makes the button that opens the choices on narrow screens, so that the rows stay in sight. */
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

/** Makes a chip: a filter in words, with a button that removes it. */
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

/** Makes the button "Clear filters", if there are filters to clear. */
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

/** Makes the note that lists the parameters that make no sense for this list. */
function ignoredNote(ignored) {
    const words = ignored.map(({ name, value }) => `${name}=${value}`).join(', ');
    return h('p', { class: 'notice', role: 'status' }, text.list.ignored(words));
}
