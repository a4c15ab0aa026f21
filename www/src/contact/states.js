// The contact states above a list, each with its number of groups and its meaning, and the buttons
// for all groups that match the filters.

import { readRows } from '../lib/api.js';
import { changeAddress, parameters } from '../lib/address.js';
import { copyToClipboard } from '../lib/clipboard.js';
import { announce, h } from '../lib/dom.js';
import { isPlainAddress } from '../lib/mail.js';
import { errorBox } from '../lib/region.js';
import { CONTACT_STATES } from '../list/filters.js';
import { countRows } from '../list/list-rows.js';
import { countQueryOf, queryOf } from '../list/list-state.js';
import { text } from '../text/index.js';
import { addressOf } from './contact.js';
import { BY } from './grouping.js';

/** Returns a list's state without its filter by contact state. */
const withoutState = (state) => ({
    ...state,
    active: state.active.filter(({ name }) => name !== 'state'),
});

/**
 * Counts the groups in each contact state that match the other filters. Only groups that were
 * contacted are read, because they are few; all others are NEW. `rows` is the answer for the list
 * itself; its total counts all states if no state is chosen.
 */
export async function countStates(view, state, spec, rows, signal) {
    const all = withoutState(state);
    const isWhole = all.active.length === state.active.length;
    const total = isWhole
        ? rows.then((data) => data.total)
        : countRows(view, countQueryOf(all, spec), signal);
    const conditions = queryOf(all, spec).filter(([name]) => name !== 'order');
    const query = [['select', 'contact_state'], ['contact_state', 'neq.NEW'], ...conditions];
    const contacted = readRows(view, query, { signal });
    const [sum, { rows: others }] = await Promise.all([total, contacted]);
    const counts = Object.fromEntries(
        CONTACT_STATES.map((name) => [
            name,
            others.filter((row) => row.contact_state === name).length,
        ]),
    );
    return { ...counts, NEW: sum - others.length, all: sum };
}

/** Makes the states as buttons, the chosen one pressed, and a sentence that says what it means. */
export function stateButtons(state, counts, { format }) {
    const chosen = state.active.find(({ name }) => name === 'state')?.value ?? null;
    const button = (value) =>
        h(
            'button',
            {
                type: 'button',
                class: 'state',
                'data-state': value ?? 'all',
                'data-focus': `state-${value ?? 'all'}`,
                'aria-pressed': String(chosen === value),
                onclick: () => changeAddress({ state: value, page: null }),
            },
            text.contact.states[value ?? 'all'],
            ' ',
            h(
                'span',
                { class: 'state-count', 'data-figure': `state-${value ?? 'all'}` },
                format.number(counts[value ?? 'all']),
            ),
        );
    return [
        h(
            'div',
            { class: 'states', role: 'group', 'aria-label': text.contact.states.label },
            [null, ...CONTACT_STATES].map(button),
        ),
        chosen && h('p', { class: 'muted' }, text.contact.stateMeans[chosen]),
    ];
}

/**
 * Makes the controls for all groups that match the filters: group them by facilitator, copy all
 * addresses.
 */
export function allButtons(view, state, spec) {
    const isGrouped = parameters().get(BY) === 'facilitator';
    const said = h('div', { class: 'copied', role: 'status' });
    return h(
        'div',
        { class: 'all-buttons' },
        h(
            'label',
            { class: 'switch' },
            h('input', {
                type: 'checkbox',
                checked: isGrouped,
                'data-focus': 'by',
                onchange: (event) =>
                    changeAddress({
                        [BY]: event.target.checked ? 'facilitator' : null,
                        page: null,
                    }),
            }),
            ' ',
            text.contact.byFacilitator,
        ),
        h(
            'button',
            {
                type: 'button',
                'data-focus': 'copy-all',
                onclick: () => copyAll(view, state, spec, said),
            },
            text.contact.copyAll,
        ),
        said,
    );
}

/** Copies the email addresses of all groups that match the filters, each address once. */
async function copyAll(view, state, spec, said) {
    try {
        const conditions = queryOf(state, spec).filter(([name]) => name !== 'order');
        const select = ['select', 'facilitator_contact,last_outcome'];
        const { rows } = await readRows(view, [select, ...conditions]);
        const plain = rows.map(addressOf).filter(isPlainAddress);
        said.replaceChildren(
            ...(await copiedWords([...new Set(plain)], rows.length - plain.length)),
        );
        announce(said.textContent);
    } catch (error) {
        said.replaceChildren(errorBox(error));
    }
}

/**
 * Returns a sentence about the outcome and, if the browser refused, the addresses to copy by hand.
 */
async function copiedWords(addresses, lacking) {
    if (addresses.length === 0) return [text.contact.noneToCopy];
    const value = addresses.join(', ');
    if (await copyToClipboard(value))
        return [text.contact.copiedAll(addresses.length, String(addresses.length), lacking)];
    return [
        text.contact.copyByHand,
        h('textarea', { rows: '3', readonly: true, 'aria-label': text.contact.copyAll }, value),
    ];
}
