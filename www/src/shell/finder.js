// The search in the header: groups, facilitators and members whose name contains a text. It shows a
// few of each, and links to the lists that have all of them.

import { readRows } from '../lib/api.js';
import { announce, h, name, replaceKeepingFocus } from '../lib/dom.js';
import {
    facilitatorLink,
    facilitatorsLink,
    groupLink,
    groupsLink,
    memberLink,
    pageLink,
} from '../lib/links.js';
import { errorLine } from '../lib/region.js';
import { badge } from '../list/cells.js';
import { searchConditions } from '../list/filters.js';
import { text } from '../text/index.js';

const TYPING_MS = 250;
/** The fewest letters to search for: a single letter is in nearly every name. */
const FEWEST_LETTERS = 2;
/**
 * How many rows of each kind are shown. One more is requested, to know whether there are others.
 */
const SHOWN = 5;

/** What is searched: the view, its columns, and the links to one row and to the whole list. */
const KINDS = [
    {
        kind: 'groups',
        view: 'group_status',
        id: 'group_id',
        label: 'group_name',
        also: 'course_name',
        link: groupLink,
        all: (q) => groupsLink({ q }),
    },
    {
        kind: 'facilitators',
        view: 'facilitators',
        id: 'facilitator_id',
        label: 'facilitator_name',
        also: 'is_deleted',
        link: facilitatorLink,
        all: (q) => facilitatorsLink({ q }),
    },
    {
        kind: 'members',
        view: 'members',
        id: 'user_id',
        label: 'user_name',
        also: 'is_deleted',
        link: memberLink,
        all: (q) => pageLink('/members.html', { q }),
    },
];

/** Makes the field search while somebody types, and the key "/" focus it. */
export function startFinder() {
    const input = document.getElementById('find');
    const panel = document.getElementById('found');
    const box = input.closest('search');
    let controller = null;
    let timer = null;
    let shown = null;
    input.placeholder = text.finder.label;

    /** Empties the panel and hides it. */
    function close() {
        clearTimeout(timer);
        controller?.abort();
        shown = null;
        panel.hidden = true;
        panel.replaceChildren();
    }

    function later(milliseconds) {
        clearTimeout(timer);
        timer = setTimeout(find, milliseconds);
    }

    /** Searches for the typed words; a new search aborts the one before. */
    async function find({ enter = false } = {}) {
        const words = input.value.trim();
        controller?.abort();
        panel.removeAttribute('aria-busy');
        if (words === '') return close();
        if ([...words].length < FEWEST_LETTERS) return show(text.finder.tooShort);
        controller = new AbortController();
        const { signal } = controller;
        panel.setAttribute('aria-busy', 'true');
        try {
            const found = await Promise.all(KINDS.map((kind) => readFound(kind, words, signal)));
            if (signal.aborted) return;
            shown = words;
            show(foundWords(found, words));
            if (enter) links()[0]?.focus();
        } catch (error) {
            if (!signal.aborted) show(errorLine(error, { retry: again }));
        } finally {
            if (!signal.aborted) panel.removeAttribute('aria-busy');
        }
    }

    /** Searches again. The field gets the focus, because the button that was clicked is removed. */
    function again() {
        input.focus();
        find();
    }

    function show(content) {
        replaceKeepingFocus(panel, content instanceof Node ? content : note(content));
        panel.hidden = false;
        announce(panel.querySelector('.find-note')?.textContent ?? '');
    }

    const links = () => [...panel.querySelectorAll('a')];

    /** Moves the focus up or down through the results and the field. */
    function move(event) {
        const stops = [input, ...links()];
        const at = stops.indexOf(document.activeElement);
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (!step || at < 0) return;
        event.preventDefault();
        stops[(at + step + stops.length) % stops.length].focus();
    }

    /** Moves the focus to the first result, after a search if the text is new. */
    function enter() {
        clearTimeout(timer);
        if (shown === input.value.trim()) links()[0]?.focus();
        else find({ enter: true });
    }

    input.addEventListener('input', () => later(TYPING_MS));
    input.addEventListener('focus', () => input.value.trim() !== '' && panel.hidden && find());
    input.addEventListener('keydown', (event) => event.key === 'Enter' && enter());
    box.addEventListener('keydown', (event) => {
        if (event.key !== 'Escape') return move(event);
        input.value = '';
        close();
        input.focus();
    });
    box.addEventListener('focusout', ({ relatedTarget }) => {
        if (!box.contains(relatedTarget)) close();
    });
    // A click in the panel, but not on a link or button, must not take the focus and close the
    // panel.
    panel.addEventListener('pointerdown', (event) => {
        if (!event.target.closest('a, button')) event.preventDefault();
    });
    listenForSlash(input);
}

/** Reads a few rows of one kind. */
async function readFound({ view, id, label, also }, words, signal) {
    const query = [
        ['select', `${id},${label},${also}`],
        ...searchConditions([label], words),
        ['limit', String(SHOWN + 1)],
    ];
    return (await readRows(view, query, { signal })).rows;
}

const note = (words) => h('p', { class: 'find-note' }, words);

/** Shows the results, kind by kind, or a note that there are none. */
function foundWords(found, words) {
    const all = KINDS.map((kind, i) => ({ ...kind, rows: found[i] }));
    const some = all.filter(({ rows }) => rows.length > 0);
    if (some.length === 0) return note(text.finder.none(words));
    const counts = some.map(({ kind, rows }) =>
        text.finder.found[kind](rows.length, countWords(rows)),
    );
    const said = h('p', { class: 'find-note visually-hidden' }, counts.join(', '));
    return h(
        'div',
        {},
        said,
        some.map((kind) => foundKind(kind, words)),
    );
}

const countWords = (rows) => (rows.length > SHOWN ? `${SHOWN}+` : String(rows.length));

/**
 * Makes links to the rows of one kind, by name; if there are more, also a link to the full list.
 */
function foundKind({ kind, rows, id, label, also, link, all }, words) {
    const title = `found-${kind}`;
    const items = rows
        .slice(0, SHOWN)
        .sort((a, b) => a[label].localeCompare(b[label]))
        .map((row) => {
            const course = also === 'course_name' && name(row[also]);
            const more = row.is_deleted ? badge(text.words.deleted) : course;
            return h(
                'li',
                {},
                h('a', { href: link(row[id]) }, name(row[label])),
                more && [' ', h('span', { class: 'muted' }, more)],
            );
        });
    const whole = h('a', { href: all(words) }, text.finder.all[kind](words));
    const rest = rows.length > SHOWN && h('li', {}, whole);
    return h(
        'div',
        { role: 'group', 'aria-labelledby': title },
        h('p', { id: title, class: 'found-kind' }, text.pages[kind].title),
        h('ul', {}, items, rest),
    );
}

/** Makes the key "/" focus the field, unless somebody is typing elsewhere. */
function listenForSlash(input) {
    document.addEventListener('keydown', (event) => {
        if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
        if (event.target.closest?.('input, textarea, select, dialog, [contenteditable]')) return;
        event.preventDefault();
        input.focus();
        input.select();
    });
}
