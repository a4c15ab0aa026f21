// Columns that several lists have, so that a group or a facilitator looks the same everywhere.

import { badge } from './cells.js';
import { h, name } from '../lib/dom.js';
import { facilitatorLink, groupLink } from '../lib/links.js';
import { placeWords } from '../lib/place.js';
import { text } from '../text/index.js';

/** Returns the column of the group's name, a link to its page. */
export const groupColumn = () => ({
    name: 'group_name',
    type: 'name',
    link: (row) => groupLink(row.group_id),
});

/** Returns the column of the group's name with its place below it. */
export const placedGroupColumn = () => ({ ...groupColumn(), after: placeBelow });

/** Shows city and province on a line of their own, if either is known. */
const placeBelow = (row) =>
    placeWords(row) && h('span', { class: 'place muted' }, name(placeWords(row)));

export const courseColumn = () => ({ name: 'course_name', type: 'name' });

/**
 * Returns the column of the facilitator, a link to their page. It says if there is none, or if the
 * account was deleted.
 */
export const facilitatorColumn = () => ({
    name: 'facilitator_name',
    type: 'name',
    link: (row) => row.facilitator_id && facilitatorLink(row.facilitator_id),
    after: (row) => row.facilitator_is_deleted && badge(text.words.deleted),
});

/** Returns the column of the group's status, a word with a colour. */
export const statusColumn = () => ({
    name: 'status',
    cell: (row) =>
        badge(
            text.groupStatuses[row.status] ?? row.status,
            `group-${row.status.toLowerCase().replace('_', '-')}`,
        ),
});
