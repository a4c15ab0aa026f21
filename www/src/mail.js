// Links that open the mail program.

const PLAIN_ADDRESS = /^[^\s@,;:<>()"?&#%\\]+@[^\s@,;:<>()"?&#%\\]+$/;

/** A mailto: link for a plain address: one @, and nothing that a mail program would read as something else. Null for anything else. */
export function mailLink(address) {
    return PLAIN_ADDRESS.test(address) ? `mailto:${encodeURIComponent(address).replace('%40', '@')}` : null;
}
