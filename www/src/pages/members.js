// The members: how far each has come through the curriculum. With an id in the page's address, this
// one member's whole way.

import { parameters } from '../lib/address.js';
import { badge } from '../list/cells.js';
import { MEMBER_FILTERS } from '../list/filters.js';
import { createJourney } from '../detail/journey.js';
import { facilitatorLink, memberLink } from '../lib/links.js';
import { courseNames, createList } from '../list/list.js';
import { startPage } from '../shell/shell.js';
import { text } from '../text/index.js';

/** Makes the list of all members, with search and filters. */
function createMembers(element, { context }) {
    return createList(element, {
        context,
        view: 'members',
        caption: text.membersPage.caption,
        key: 'user_id',
        fallback: { column: 'user_name', direction: 'asc' },
        columns: [
            {
                name: 'user_name',
                type: 'name',
                link: (row) => memberLink(row.user_id),
                after: (row) => row.is_deleted && badge(text.words.deleted),
            },
            { name: 'groups_joined', type: 'number', link: (row) => memberLink(row.user_id) },
            { name: 'courses_completed', type: 'number', link: (row) => memberLink(row.user_id) },
            { name: 'current_course', type: 'name' },
            {
                name: 'is_facilitator_now',
                type: 'yesNo',
                link: (row) => row.is_facilitator_now && facilitatorLink(row.user_id),
            },
        ],
        filters: MEMBER_FILTERS,
        choices: { course: courseNames, completed: courseCounts, facilitating: null },
        search: ['user_name'],
        searchLabel: text.list.searchNames,
        count: text.membersPage.count,
        empty: () => text.membersPage.empty,
    });
}

/** Returns the numbers of completed courses to choose from: 1 up to the number of courses. */
async function courseCounts(signal) {
    return (await courseNames(signal)).map((_, i) => String(i + 1));
}

const id = parameters().get('id');
const element = document.getElementById('members');
startPage(({ context }) => [
    id ? createJourney(element, { context, id }) : createMembers(element, { context }),
]);
