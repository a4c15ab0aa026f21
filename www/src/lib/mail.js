// Links that open the mail program.

const PLAIN_ADDRESS = /^[^\s@,;:<>()"?&#%\\]+@[^\s@,;:<>()"?&#%\\]+$/;

/** Mail programs cut or refuse longer links. */
const LONGEST_LINK = 1_900;

/**
 * Whether a text is a plain address: one @, and nothing that a mail program would read as
 * something else.
 */
export const isPlainAddress = (address) => PLAIN_ADDRESS.test(address ?? '');

/**
 * A mailto: link for a plain address, with a subject and lines of text where they are given. Null
 * for anything else.
 */
export function mailLink(address, { subject = null, lines = [] } = {}) {
    if (!isPlainAddress(address)) return null;
    const parts = [
        subject && `subject=${encodeURIComponent(subject)}`,
        lines.length > 0 && `body=${encodeURIComponent(lines.join('\r\n'))}`,
    ];
    const query = parts.filter(Boolean).join('&');
    return `mailto:${encodeURIComponent(address).replace('%40', '@')}${query && `?${query}`}`;
}

/** Whether a link is short enough for every mail program. */
export const isShort = (link) => link === null || link.length <= LONGEST_LINK;
