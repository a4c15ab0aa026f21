// An address to write to, with a button that copies it.

import { missing } from './cells.js';
import { announce, h, name } from './dom.js';
import { mailLink } from './mail.js';
import { text } from './text/index.js';

const COPIED_FOR_MS = 2_000;

/** The contact of a row: a link to write to and a button to copy. What isn't plainly an address is shown as text only. */
export function contactCell({ facilitator_contact: address, group_id: id }) {
    if (!address) return missing(text.missing.facilitator_contact);
    const link = mailLink(address);
    const shown = link ? h('a', { href: link, 'data-focus': `mail-${id}` }, address) : name(address);
    const copy = h(
        'button',
        {
            type: 'button',
            class: 'small',
            'aria-label': text.contact.copyOf(address),
            'data-focus': `copy-${id}`,
            onclick: () => copyText(copy, address),
        },
        text.contact.copy,
    );
    return h('span', { class: 'contact' }, shown, ' ', copy);
}

/** Copies to the clipboard, says so aloud, and on the button for a moment. */
async function copyText(button, value) {
    const said = await navigator.clipboard.writeText(value).then(
        () => text.contact.copied,
        () => text.contact.notCopied,
    );
    button.textContent = said;
    announce(`${value}: ${said}`);
    setTimeout(() => (button.textContent = text.contact.copy), COPIED_FOR_MS);
}
