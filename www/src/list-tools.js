// What stands above a list: the search box, the choices, and the filters in force as chips that can be taken away.

import { h, replaceKeepingFocus } from './dom.js';
import { LONGEST_SEARCH } from './filters.js';
import { chipsOf, optionsOf } from './filter-words.js';
import { text } from './text/index.js';

const TYPING_MS = 250;

/** Makes the search box; onSearch(value) is called when typing rests, and at once by Enter and Escape. */
function createSearch({ id, label, onSearch }) {
    let timer = null;
    const input = h('input', {
        type: 'search',
        id,
        maxlength: String(LONGEST_SEARCH),
        placeholder: label,
        autocomplete: 'off',
        spellcheck: 'false',
        'aria-keyshortcuts': '/',
        'data-search': true,
        oninput: () => later(TYPING_MS),
        onkeydown: (event) => {
            if (event.key === 'Escape') input.value = '';
            if (['Escape', 'Enter'].includes(event.key)) later(0);
        },
    });

    function later(milliseconds) {
        clearTimeout(timer);
        timer = setTimeout(() => onSearch(input.value), milliseconds);
    }

    /** Shows what the address has, but never under somebody who is typing. */
    function show(value) {
        if (document.activeElement !== input && input.value !== value) input.value = value;
    }

    const element = h('label', { class: 'field search' }, h('span', {}, label), input);
    return { element, show, clear: () => (input.value = '') };
}

/** Makes a choice for one filter: all, or one of the values. */
function createChoice({ id, name, filter, onChoose }) {
    const select = h('select', { id, onchange: () => onChoose(name, select.value || null) });

    /** Offers values; one of the address that isn't among them is offered too, so that it can be seen. */
    function show(values, current) {
        const all = current && !values.includes(current) ? [...values, current] : values;
        const options = [['', text.list.all], ...optionsOf(name, filter, all)];
        const items = options.map(([value, words]) => h('option', { value, selected: value === current }, words));
        select.replaceChildren(...items);
        select.value = current ?? '';
    }

    return { element: h('label', { class: 'field' }, h('span', {}, text.filterLabels[name]), select), show, name };
}

/**
 * Makes the tools of a list. `choices` are names of filters; onSearch(value), onChoose(name, value), onClear() change the address.
 * show(state, { values, format, nameOf }) puts on screen what the address has.
 */
export function createListTools({ id, caption, filters, choices, searchLabel, onSearch, onChoose, onRemove, onClear }) {
    const search = searchLabel && createSearch({ id: `${id}-search`, label: searchLabel, onSearch });
    const selects = choices.map((name) => createChoice({ id: `${id}-${name}`, name, filter: filters[name], onChoose }));
    const row = h('div', { class: 'tools-row' }, search && search.element, selects.map((select) => select.element));
    const chips = h('div', { class: 'chips' });
    const element = h('search', { class: 'tools', hidden: true, 'aria-label': text.list.filter(caption) }, (search || selects.length > 0) && row, chips);

    function show(state, { values, format, nameOf }) {
        search?.show(state.search);
        const current = new Map(state.active.map(({ name, value }) => [name, value]));
        for (const select of selects) select.show(values.get(select.name) ?? [], current.get(select.name));
        const other = state.active.filter(({ name }) => !choices.includes(name));
        replaceKeepingFocus(
            chips,
            chipsOf(other, filters, format, nameOf).map(({ names, words }) => chip(names, words, onRemove)),
            clearButton(state, () => {
                search?.clear();
                onClear();
            }),
            state.ignored.length > 0 &&
                h('p', { class: 'notice', role: 'status' }, text.list.ignored(state.ignored.map(({ name, value }) => `${name}=${value}`).join(', '))),
        );
        element.hidden = false;
    }

    return { element, show };
}

/** A filter in words, with a button that takes it away. */
function chip(names, words, onRemove) {
    const remove = h(
        'button',
        { type: 'button', 'aria-label': text.list.remove(words), 'data-focus': `chip-${names[0]}`, onclick: () => onRemove(names) },
        '×',
    );
    return h('span', { class: 'chip' }, h('bdi', { dir: 'auto' }, words), remove);
}

/** "Clear filters", where there are any. */
function clearButton({ search, active, ignored }, onClear) {
    const any = search.trim() !== '' || active.length > 0 || ignored.length > 0;
    return any && h('button', { type: 'button', class: 'small clear', 'data-focus': 'clear', onclick: onClear }, text.list.clear);
}

/** "/" leads to the page's search box, from wherever nobody is typing. */
export function listenForSlash() {
    document.addEventListener('keydown', (event) => {
        if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
        if (event.target.closest?.('input, textarea, select, [contenteditable]')) return;
        const input = document.querySelector('[data-search]');
        if (!input?.checkVisibility()) return;
        event.preventDefault();
        input.focus();
        input.select();
    });
}
