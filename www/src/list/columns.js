// Columns that several lists have, so that a group, a facilitator, a contact look the same
// everywhere.

import { badge } from './cells.js';
import { h, name } from '../lib/dom.js';
import { facilitatorLink, groupLink } from '../lib/links.js';
import { placeWords } from '../lib/place.js';
import { text } from '../text/index.js';

/** The group, leading to its page. */
export const groupColumn = () => ({
    name: 'group_name',
    type: 'name',
    link: (row) => groupLink(row.group_id),
});

/** The group with its place below it. */
export const placedGroupColumn = () => ({ ...groupColumn(), after: placeBelow });

/** City and province in a line of their own, where any is known. */
const placeBelow = (row) =>
    placeWords(row) && h('span', { class: 'place muted' }, name(placeWords(row)));

export const courseColumn = () => ({ name: 'course_name', type: 'name' });

/**
 * The facilitator, leading to theirs; says so when there is none, or when the account was deleted.
 */
export const facilitatorColumn = () => ({
    name: 'facilitator_name',
    type: 'name',
    link: (row) => row.facilitator_id && facilitatorLink(row.facilitator_id),
    after: (row) => row.facilitator_is_deleted && badge(text.words.deleted),
});

/** A group's status as a word with a colour. */
export const statusColumn = () => ({
    name: 'status',
    cell: (row) =>
        badge(
            text.groupStatuses[row.status] ?? row.status,
            `group-${row.status.toLowerCase().replace('_', '-')}`,
        ),
});
