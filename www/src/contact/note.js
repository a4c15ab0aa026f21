// The form that notes a follow-up, a dialog over the page. The user writes what happened in a
// sentence, and saves it by the button that names the outcome.

import { callFunction } from '../lib/api.js';
import { currentDay } from '../lib/as-of.js';
import { announce, h, name } from '../lib/dom.js';
import { errorBox } from '../lib/region.js';
import { text } from '../text/index.js';
import { readCaller, storeChannel, storedChannel, storedName, storeName } from './caller.js';

const LONGEST_NOTE = 2_000;
const LONGEST_NAME = 200;

/**
 * Opens the form for a group's row. Calls noted({ id, said }) once the follow-up is saved: its id,
 * and a sentence that says that it was saved.
 */
export async function openNote({ group, noted }) {
    const dialog = h('dialog', { class: 'note', 'aria-labelledby': 'note-title' });
    dialog.addEventListener('close', () => dialog.remove());
    const title = h(
        'h2',
        { id: 'note-title' },
        text.contact.form.title,
        ': ',
        name(group.group_name),
    );
    dialog.append(title, h('p', { class: 'muted' }, text.region.loading));
    document.body.append(dialog);
    dialog.showModal();
    try {
        const caller = await readCaller();
        dialog.replaceChildren(title, ...formOf({ group, noted, caller, dialog }));
        dialog.querySelector('[autofocus]')?.focus();
    } catch (error) {
        dialog.replaceChildren(title, errorBox(error), cancelButton(dialog));
    }
}

const cancelButton = (dialog) =>
    h('button', { type: 'button', onclick: () => dialog.close() }, text.contact.form.cancel);

/** Returns the form, or the reason why this reader cannot note a follow-up. */
function formOf({ group, noted, caller, dialog }) {
    const words = text.contact.form;
    const refused = currentDay() ? words.notInPast : !caller.may_note && words.mayNot;
    if (refused) return [h('p', {}, refused), cancelButton(dialog)];
    const who = caller.login === null && nameField();
    const what = h('textarea', {
        rows: '3',
        maxlength: String(LONGEST_NOTE),
        'aria-describedby': 'note-hint',
    });
    const channel = h('select', {}, optionsOf(text.contact.channels, storedChannel() ?? 'email'));
    const next = h('input', { type: 'date' });
    const problem = h('div', { class: 'note-problem' });
    const save = async (outcome, buttons) => {
        const values = {
            group_id: group.group_id,
            channel: channel.value,
            outcome,
            note: what.value,
            next_on: next.value || null,
        };
        await saveNote({ values, who, dialog, problem, buttons, group, noted });
    };
    const field = (label, input, hint) =>
        h('label', { class: 'field' }, h('span', {}, label), input, hint);
    (who && who.value === '' ? who : what).setAttribute('autofocus', '');
    return [
        problem,
        who && field(words.name, who, h('small', { class: 'muted' }, words.nameWhy)),
        field(words.what, what, h('small', { class: 'muted', id: 'note-hint' }, words.hint)),
        h('div', { class: 'tools-row' }, field(words.channel, channel), field(words.next, next)),
        outcomeButtons(save),
        cancelButton(dialog),
    ].filter(Boolean);
}

const nameField = () =>
    h('input', {
        type: 'text',
        name: 'name',
        maxlength: String(LONGEST_NAME),
        autocomplete: 'name',
        value: storedName(),
    });

const optionsOf = (words, current) =>
    Object.entries(words).map(([value, label]) =>
        h('option', { value, selected: value === current }, label),
    );

/** Makes the buttons that save, one for each outcome. */
function outcomeButtons(save) {
    const buttons = Object.entries(text.contact.outcomes).map(([outcome, words]) =>
        h(
            'button',
            { type: 'button', 'data-outcome': outcome, onclick: () => save(outcome, buttons) },
            words,
        ),
    );
    return h('fieldset', { class: 'outcomes' }, h('legend', {}, text.contact.form.save), buttons);
}

/**
 * Saves the follow-up, closes the form and calls noted(). After an error the form stays, with its
 * text.
 */
async function saveNote({ values, who, dialog, problem, buttons, group, noted }) {
    const words = text.contact.form;
    const given = who ? who.value.trim() : null;
    if (who && given === '') {
        problem.replaceChildren(h('p', { class: 'error-line', role: 'alert' }, words.nameMissing));
        who.focus();
        return;
    }
    problem.replaceChildren();
    for (const button of buttons) button.disabled = true;
    try {
        const { id } = await callFunction('note_follow_up', {
            ...values,
            ...(given && { noted_by: given }),
        });
        if (given) storeName(given);
        storeChannel(values.channel);
        dialog.close();
        const said = words.saved(group.group_name, text.contact.outcomes[values.outcome]);
        announce(said);
        noted({ id, said });
    } catch (error) {
        problem.replaceChildren(h('p', {}, h('strong', {}, words.notSaved)), errorBox(error));
        problem.scrollIntoView({ block: 'nearest' });
        for (const button of buttons) button.disabled = false;
    }
}

/** Withdraws a follow-up in the name of the person who uses the page. */
export async function withdraw(id) {
    const { login } = await readCaller();
    await callFunction('withdraw_follow_up', {
        id,
        ...(login === null && { withdrawn_by: storedName() }),
    });
    announce(text.contact.form.undone);
}

/**
 * Makes the line that says what was just noted, with a button that withdraws it. It calls reload()
 * to read the list again after the follow-up was noted, and after it was withdrawn.
 */
export function createNotedLine(reload) {
    const element = h('div', { class: 'noted', role: 'status' });

    function show({ id, said }) {
        const undo = h(
            'button',
            { type: 'button', class: 'small', onclick: () => takeBack(id) },
            text.contact.form.undo,
        );
        element.replaceChildren(h('p', { class: 'notice good' }, said, ' ', undo));
        reload();
    }

    async function takeBack(id) {
        try {
            await withdraw(id);
            element.replaceChildren(h('p', { class: 'notice' }, text.contact.form.undone));
            reload();
        } catch (error) {
            element.replaceChildren(errorBox(error, { retry: () => takeBack(id) }));
        }
    }

    return { element, show };
}
