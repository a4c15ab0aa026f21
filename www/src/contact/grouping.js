// The list "To contact" grouped by facilitator: one message can be about all of a facilitator's
// groups.

import { parameters } from '../lib/address.js';
import { readRows } from '../lib/api.js';
import { h, name } from '../lib/dom.js';
import { facilitatorLink } from '../lib/links.js';
import { queryOf } from '../list/list-state.js';
import { text } from '../text/index.js';
import { addressOf, emailLink } from './contact.js';

/** The parameter of the page's address that asks for the grouping: by=facilitator. */
export const BY = 'by';

export const isGrouped = () => parameters().get(BY) === 'facilitator';

/**
 * Returns the order that keeps a facilitator's groups together; the reader's order comes after it.
 */
export const facilitatorsFirst = () =>
    isGrouped() && 'facilitator_name.asc.nullslast,facilitator_id.asc.nullslast';

/**
 * Returns a key that tells facilitators apart; a facilitator without a user has no id, only a name.
 */
const keyOf = (row) => JSON.stringify([row.facilitator_id, row.facilitator_name]);

/**
 * Reads all groups of the first and the last facilitator on a page of the list, because the page
 * before or after may have some of them.
 */
export async function groupsAcrossPages(view, state, spec, rows, signal) {
    if (!isGrouped()) return [];
    const { rows: shown, total } = await rows;
    const ids = [
        ...new Set([shown[0], shown.at(-1)].map((row) => row?.facilitator_id).filter(Boolean)),
    ];
    if (shown.length === total || ids.length === 0) return [];
    const list = `in.(${ids.map((id) => `"${id.replace(/["\\]/g, '\\$&')}"`).join(',')})`;
    return (await readRows(view, [['facilitator_id', list], ...queryOf(state, spec)], { signal }))
        .rows;
}

/** Returns the facilitator's name, as a link to their page if they are a user. */
function facilitatorWords(id, who) {
    if (!who) return text.contact.noFacilitator;
    const shown = name(who);
    return id ? h('a', { href: facilitatorLink(id), 'data-focus': `section-${id}` }, shown) : shown;
}

/**
 * Makes the heading of a facilitator's groups: the name, the number of groups, and a link that
 * writes one message about all of them. Returns null for any row but their first.
 */
export function facilitatorHeading(row, i, rows, shared) {
    if (!isGrouped() || (i > 0 && keyOf(rows[i - 1]) === keyOf(row))) return null;
    const { facilitator_id: id, facilitator_name: who } = row;
    const across = shared.more.across.filter((other) => keyOf(other) === keyOf(row));
    const groups = across.length > 0 ? across : rows.filter((other) => keyOf(other) === keyOf(row));
    const count = shared.format.number(groups.length);
    const words = text.contact.emailAll(groups.length, count);
    return [
        facilitatorWords(id, who),
        ' ',
        h(
            'span',
            { class: 'muted', 'data-figure': 'groups-of' },
            text.contact.groupsOf(groups.length, count),
        ),
        ' ',
        groups.length > 1 &&
            groups.every(addressOf) &&
            emailLink(addressOf(row), groups, shared, { words, id: `all-${id}` }),
    ];
}
