// Whom to write to about a group: the facilitator with their address, the buttons that write to
// them and note a follow-up, and the member who can be asked instead.

import { badge, missing } from '../list/cells.js';
import { copyToClipboard } from '../lib/clipboard.js';
import { announce, h, name } from '../lib/dom.js';
import { facilitatorLink } from '../lib/links.js';
import { isPlainAddress } from '../lib/mail.js';
import { text } from '../text/index.js';
import { messageLink } from './message.js';
import { openNote } from './note.js';

const COPIED_FOR_MS = 2_000;

/**
 * Shows the facilitator as a link to their page, and their address if it differs from their name.
 */
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

/**
 * Returns the facilitator's address, or null if the group's latest follow-up says that it is wrong.
 */
export const addressOf = ({ facilitator_contact: address, last_outcome: outcome }) =>
    outcome === 'wrong_contact' ? null : address;

/** Makes the button that copies one address. */
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

/** Copies an address to the clipboard. A screen reader and, for a moment, the button say so. */
async function copyAddress(button, value) {
    const said = (await copyToClipboard(value)) ? text.contact.copied : text.contact.notCopied;
    button.textContent = said;
    announce(`${value}: ${said}`);
    setTimeout(() => (button.textContent = text.contact.copy), COPIED_FOR_MS);
}

/**
 * Makes a link that opens an email about groups; null if the address is not a plain email address.
 */
export function emailLink(
    address,
    groups,
    { format },
    { words = text.contact.email, label = null, id = '', isMember = false } = {},
) {
    const href = messageLink(address, groups, { words: text.contact.message, format, isMember });
    return (
        href &&
        h('a', { class: 'button', href, 'aria-label': label, 'data-focus': `email-${id}` }, words)
    );
}

/**
 * Makes the buttons of one group. The first writes to its facilitator, or to the member who comes
 * most often if the facilitator has no email address, or a wrong one. The second notes a follow-up.
 */
export function contactActions(row, shared, noted) {
    const { group_id: id, group_name: group } = row;
    const address = addressOf(row);
    const member = isPlainAddress(address) ? null : shared.more?.members?.get(id);
    const email = emailLink(member?.user_name ?? address, [row], shared, {
        label: text.contact.emailTo(group),
        id,
        isMember: Boolean(member),
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
            h('span', { class: 'ask-member muted' }, memberWords(row, member, shared)),
    );
}

/** Returns the words that say which member can be asked instead of a facilitator. */
function memberWords({ last_outcome: outcome }, member, { format }) {
    const why = text.contact.noAddress[outcome === 'wrong_contact' ? 'wrong' : 'unknown'];
    if (!member) return `${why} ${text.contact.nobody}`;
    const { user_name: who, days_attended: days } = member;
    return name(`${why} ${text.contact.askMember(who, days, format.number(days))}`);
}
