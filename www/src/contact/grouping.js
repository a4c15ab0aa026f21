// The list grouped by facilitator: one message covers all of a facilitator's groups.

import { parameters } from '../lib/address.js';
import { readRows } from '../lib/api.js';
import { h, name } from '../lib/dom.js';
import { facilitatorLink } from '../lib/links.js';
import { queryOf } from '../list/list-state.js';
import { text } from '../text/index.js';
import { emailLink } from './contact.js';

/** The parameter that asks for it, and what it may be. */
export const BY = 'by';

export const isGrouped = () => parameters().get(BY) === 'facilitator';

/** The order that keeps a facilitator's groups together, before the reader's own. */
export const facilitatorsFirst = () =>
    isGrouped() && 'facilitator_name.asc.nullslast,facilitator_id.asc.nullslast';

/** What tells facilitators apart; a facilitator without a user has no id. */
const keyOf = (row) => JSON.stringify([row.facilitator_id, row.facilitator_name]);

/**
 * The groups of the first and the last facilitator of a page, who may have others on the page
 * before or after.
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

/** The facilitator, leading to theirs where they are a user. */
function facilitatorWords(id, who) {
    if (!who) return text.contact.noFacilitator;
    const shown = name(who);
    return id ? h('a', { href: facilitatorLink(id), 'data-focus': `section-${id}` }, shown) : shown;
}

/**
 * The heading of a facilitator's groups: who it is, how many there are, and a message about all of
 * them.
 */
export function facilitatorHeading(row, i, rows, shared) {
    if (!isGrouped() || (i > 0 && keyOf(rows[i - 1]) === keyOf(row))) return null;
    const { facilitator_id: id, facilitator_name: who, facilitator_contact: address } = row;
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
            address &&
            emailLink(address, groups, shared, { words, id: `all-${id}` }),
    ];
}
