// The choices above a list, one for each filter that the list offers to choose.

import { h } from '../lib/dom.js';
import { text } from '../text/index.js';
import { optionsOf } from './filter-words.js';

/** Makes the choice for one filter: all, or one of the values. */
function createChoice({ id, name, filter, onChoose }) {
    const select = h(
        'select',
        { id, onchange: () => onChoose(name, select.value || null) },
        h('option', { value: '' }, text.list.all),
    );

    /**
     * Offers values. If the value in the page's address is not among them, it is added, so that the
     * reader sees it. A value may be a pair of value and words.
     */
    function show(values, current, currentName) {
        const all = withCurrent(values, current, currentName);
        const options = [['', text.list.all], ...optionsOf(name, filter, all)];
        const items = options.map(([value, words]) =>
            h('option', { value, selected: value === current }, words),
        );
        select.replaceChildren(...items);
        select.value = current ?? '';
    }

    const element = h('label', { class: 'field' }, h('span', {}, text.filterLabels[name]), select);
    return { element, show, name };
}

/**
 * Returns the values of a choice, and the value in the page's address even if it is not among them.
 */
function withCurrent(values, current, currentName) {
    const isThere = values.some((value) => (Array.isArray(value) ? value[0] : value) === current);
    if (!current || isThere) return values;
    return [...values, currentName ? [current, currentName] : current];
}

/**
 * Makes the choices of a list. The values of those in `spec.lazy` are read late, because they are
 * many: need() reads them when the pointer or the focus comes to such a choice, offer(values) shows
 * them. Values that depend on other filters are given as a function of the list's state.
 */
export function createChoices({ id, spec, go, need }) {
    const onChoose = (name, value) => {
        const cleared = (spec.filters[name].clears ?? []).map((other) => [other, null]);
        go({ ...Object.fromEntries(cleared), [name]: value }, { tell: true });
    };
    const choices = Object.keys(spec.choices).map((name) =>
        createChoice({ id: `${id}-${name}`, name, filter: spec.filters[name], onChoose }),
    );
    let shown = null;
    for (const { element, name } of choices) {
        if (!spec.lazy.includes(name)) continue;
        element.addEventListener('pointerenter', need);
        element.addEventListener('focusin', need);
    }

    function show(state, values, nameOf) {
        shown = { state, nameOf };
        for (const { name, show: showOne } of choices) {
            const current = state.active.find((filter) => filter.name === name)?.value;
            const offered = values.get(name) ?? [];
            const fitting = typeof offered === 'function' ? offered(state) : offered;
            showOne(fitting, current, current && nameOf(name));
        }
    }

    const offer = (values) => shown && show(shown.state, values, shown.nameOf);
    return { elements: choices.map(({ element }) => element), show, offer };
}
