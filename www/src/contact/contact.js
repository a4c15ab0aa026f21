// Whom to write to: the facilitator with their address, the buttons that write and note, and who
// else may be asked.

import { badge, missing } from '../list/cells.js';
import { copyToClipboard } from '../lib/clipboard.js';
import { announce, h, name } from '../lib/dom.js';
import { facilitatorLink } from '../lib/links.js';
import { isPlainAddress } from '../lib/mail.js';
import { text } from '../text/index.js';
import { messageLink } from './message.js';
import { openNote } from './note.js';

const COPIED_FOR_MS = 2_000;

/** The facilitator, leading to theirs, with the address to write to where that is another text. */
export function facilitatorCell(row) {
    const {
        facilitator_id: id,
        facilitator_name: who,
        facilitator_contact: address,
        facilitator_is_deleted: deleted,
    } = row;
    if (!who && !address) return missing(text.missing.facilitator_name);
    const leader =
        who &&
        (id
            ? h(
                  'a',
                  { href: facilitatorLink(id), 'data-focus': `facilitator-${row.group_id}` },
                  name(who),
              )
            : name(who));
    return [
        leader,
        deleted && [' ', badge(text.words.deleted)],
        address &&
            h(
                'span',
                { class: 'contact' },
                address !== who && [name(address), ' '],
                copyButton(address, row.group_id),
            ),
        who && !address && [' ', missing(text.missing.facilitator_contact)],
    ];
}

/** The button that copies one address. */
export function copyButton(address, id) {
    const button = h(
        'button',
        {
            type: 'button',
            class: 'small',
            'aria-label': text.contact.copyOf(address),
            'data-focus': `copy-${id}`,
            onclick: () => copyAddress(button, address),
        },
        text.contact.copy,
    );
    return button;
}

/** Copies to the clipboard, says so aloud, and on the button for a moment. */
async function copyAddress(button, value) {
    const said = (await copyToClipboard(value)) ? text.contact.copied : text.contact.notCopied;
    button.textContent = said;
    announce(`${value}: ${said}`);
    setTimeout(() => (button.textContent = text.contact.copy), COPIED_FOR_MS);
}

/** A link that opens a message about groups; nothing where the address is no plain one. */
export function emailLink(
    address,
    groups,
    { format },
    { words = text.contact.email, label = null, id = '' } = {},
) {
    const href = messageLink(address, groups, { words: text.contact.message, format });
    return (
        href &&
        h('a', { class: 'button', href, 'aria-label': label, 'data-focus': `email-${id}` }, words)
    );
}

/**
 * The buttons of one group: write to whoever leads it, or to the member who comes most often; note
 * what came of it.
 */
export function contactActions(row, shared, noted) {
    const { group_id: id, group_name: group, facilitator_contact: address } = row;
    const member = isPlainAddress(address) ? null : shared.more?.members?.get(id);
    const email = emailLink(member?.user_name ?? address, [row], shared, {
        label: text.contact.emailTo(group),
        id,
    });
    return h(
        'span',
        { class: 'actions' },
        email,
        h(
            'button',
            {
                type: 'button',
                'aria-label': text.contact.noteOn(group),
                'data-focus': `note-${id}`,
                onclick: () => openNote({ group: row, noted }),
            },
            text.contact.note,
        ),
        member !== null &&
            !isPlainAddress(address) &&
            h('span', { class: 'ask-member muted' }, memberWords(member, shared)),
    );
}

/** Who may be asked instead of a facilitator. */
function memberWords(member, { format }) {
    if (!member) return text.contact.nobody;
    const { user_name: who, days_attended: days } = member;
    return name(text.contact.askMember(who, days, format.number(days)));
}
