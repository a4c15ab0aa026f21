// The members to ask in groups whose facilitator has no email address, or a wrong one.

import { readRows } from '../lib/api.js';
import { isPlainAddress } from '../lib/mail.js';
import { quote } from '../list/filters.js';
import { addressOf } from './contact.js';

/**
 * Reads the member who comes most often, for each group whose facilitator has no email address,
 * or a wrong one.
 * Returns a map by group id.
 */
export async function readMembers(rows, signal) {
    const ids = rows.filter((row) => !isPlainAddress(addressOf(row))).map((row) => row.group_id);
    if (ids.length === 0) return new Map();
    const { rows: found } = await readRows(
        'regular_member',
        { group_id: `in.(${ids.map(quote).join(',')})` },
        { signal },
    );
    return new Map(found.map((row) => [row.group_id, row]));
}
