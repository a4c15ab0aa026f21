// Links that open the mail program (mailto:).

const PLAIN_ADDRESS = /^[^\s@,;:<>()"?&#%\\]+@[^\s@,;:<>()"?&#%\\]+$/;

/** The longest link that all mail programs accept. Some cut or refuse longer ones. */
const LONGEST_LINK = 1_900;

/**
 * Tells whether a text is a plain email address: one @, and no character that has another meaning
 * to a mail program.
 */
export const isPlainAddress = (address) => PLAIN_ADDRESS.test(address ?? '');

/**
 * Returns a mailto: link for a plain email address, with a subject and lines of text if given; null
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

/** Tells whether a link is short enough for every mail program; true if there is no link. */
export const isShort = (link) => link === null || link.length <= LONGEST_LINK;
