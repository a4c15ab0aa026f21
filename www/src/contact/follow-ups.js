// All follow-ups of one group or facilitator, with a button to withdraw one that was a mistake.

import { h, name } from '../lib/dom.js';
import { groupLink } from '../lib/links.js';
import { errorBox } from '../lib/region.js';
import { badge, missing } from '../list/cells.js';
import { createList } from '../list/list.js';
import { text } from '../text/index.js';
import { readCaller, storedName, storeName } from './caller.js';
import { withdraw } from './note.js';

/**
 * Makes the list in `element` of the follow-ups of one group or facilitator. `of` is the PostgREST
 * condition that selects them; `named` adds a column with the group's name; changed() is called
 * after one was withdrawn; `none` is the text for an empty list.
 */
export function createFollowUps(
    element,
    { context, of, named = false, changed, none = text.contact.followUps.none },
) {
    const words = text.contact.followUps;
    return createList(element, {
        context,
        prefix: 'note_',
        view: 'follow_up',
        always: [of],
        caption: words.title,
        keys: ['id'],
        key: 'id',
        fallback: { column: 'noted_at', direction: 'desc' },
        columns: [
            { name: 'noted_at', label: words.when, type: 'instant' },
            named && {
                name: 'group_name',
                type: 'name',
                link: (row) => groupLink(row.group_id),
            },
            {
                name: 'noted_by',
                label: words.who,
                type: 'name',
                after: (row) => !row.is_verified && badge(words.unverified),
            },
            { name: 'channel', label: words.how, type: 'word', words: text.contact.channels },
            { name: 'outcome', label: words.outcome, type: 'word', words: text.contact.outcomes },
            {
                name: 'note',
                label: words.note,
                wide: true,
                cell: ({ note }) => (note === '' ? missing(words.noNote) : name(note)),
            },
            { name: 'next_on', label: words.next, type: 'day', missing: words.noNext },
            {
                name: 'id',
                label: words.withdraw,
                sortable: false,
                kind: 'act',
                cell: (row, shared) => withdrawButton(row, shared, changed),
            },
        ].filter(Boolean),
        count: words.count,
        empty: () => none,
    });
}

function withdrawButton(row, { format }, changed) {
    const words = text.contact.followUps;
    const label = words.withdrawOf(format.instant(row.noted_at), row.noted_by);
    const attributes = {
        type: 'button',
        class: 'small',
        'aria-label': label,
        'data-focus': `withdraw-${row.id}`,
    };
    return h(
        'button',
        { ...attributes, onclick: () => askWhether(row, label, changed) },
        words.withdraw,
    );
}

const quoted = ({ note }) => note !== '' && h('blockquote', {}, name(note));

/**
 * Asks whether to withdraw the follow-up in `row`, and for a name if the user is not logged in.
 * `label` is the question's text.
 */
async function askWhether(row, label, changed) {
    const words = text.contact.followUps;
    const dialog = h('dialog', { class: 'note', 'aria-labelledby': 'withdraw-title' });
    dialog.addEventListener('close', () => dialog.remove());
    const problem = h('div', {});
    const who = h('input', { type: 'text', autocomplete: 'name', value: storedName() });
    const yes = h('button', { type: 'button', class: 'primary', onclick: take }, words.withdraw);
    const keep = h('button', { type: 'button', onclick: () => dialog.close() }, words.keep);
    const title = h('h2', { id: 'withdraw-title' }, name(`${label}?`));
    document.body.append(dialog);
    dialog.showModal();

    async function take() {
        yes.disabled = true;
        try {
            if (who.value.trim()) storeName(who.value.trim());
            await withdraw(row.id);
            dialog.close();
            changed();
        } catch (error) {
            problem.replaceChildren(errorBox(error));
            yes.disabled = false;
        }
    }

    try {
        const { login, may_note: mayNote } = await readCaller();
        const field =
            login === null &&
            h('label', { class: 'field' }, h('span', {}, text.contact.form.name), who);
        const question = mayNote
            ? [quoted(row), h('p', {}, words.sureWhat), field]
            : h('p', {}, text.contact.form.mayNot);
        const buttons = h('div', { class: 'all-buttons' }, mayNote && yes, keep);
        dialog.replaceChildren(title, ...[question].flat().filter(Boolean), problem, buttons);
    } catch (error) {
        dialog.replaceChildren(title, errorBox(error), keep);
    }
}
