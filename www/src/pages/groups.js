// All groups, to search and to filter: what every number of the other pages leads to. With an id in the address, that one group.

import { parameters } from '../address.js';
import { courseColumn, facilitatorColumn, groupColumn, statusColumn } from '../columns.js';
import { GROUP_FILTERS } from '../filters.js';
import { oneGroup } from '../group.js';
import { courseNames, createList } from '../list.js';
import { startPage } from '../shell.js';
import { text } from '../text/index.js';

/** The list of all groups. */
function allGroups(context) {
    return createList(document.getElementById('groups'), {
        context,
        view: 'group_status',
        caption: text.groupsPage.caption,
        key: 'group_id',
        reads: ['facilitator_id', 'facilitator_is_deleted'],
        fallback: { column: 'group_name', direction: 'asc' },
        columns: [
            groupColumn(),
            courseColumn(),
            statusColumn(),
            { name: 'progress_pct', type: 'percent' },
            { name: 'max_episode_reached', type: 'number' },
            { name: 'started_on', type: 'day' },
            { name: 'last_meeting_date', type: 'day' },
            { name: 'days_inactive', type: 'number' },
            { name: 'total_meetings', type: 'number' },
            { name: 'graduated_on', type: 'day' },
            { name: 'member_count', type: 'number' },
            facilitatorColumn(),
        ],
        filters: GROUP_FILTERS,
        choices: { course: courseNames, status: null },
        names: { facilitator: 'facilitator_name' },
        search: ['group_name', 'facilitator_name'],
        searchLabel: text.list.searchGroups,
        count: text.groupsPage.count,
        empty: () => text.groupsPage.empty,
    });
}

/** Leaves of the page what is about one group, or what is about all. */
function keepParts(one) {
    for (const section of document.querySelectorAll(one ? '#groups' : 'main .one')) section.remove();
}

startPage(({ context }) => {
    const id = parameters().get('id');
    keepParts(id);
    return id ? oneGroup(id, context) : [allGroups(context)];
});
