// The facilitators: who leads groups, since when, and who was a member first.

import { badge } from '../cells.js';
import { FACILITATOR_FILTERS } from '../filters.js';
import { groupsLink } from '../links.js';
import { createList } from '../list.js';
import { startPage } from '../shell.js';
import { text } from '../text/index.js';

startPage(({ context }) => [
    createList(document.getElementById('facilitators'), {
        context,
        view: 'facilitators',
        caption: text.facilitatorsPage.caption,
        key: 'facilitator_id',
        fallback: { column: 'facilitator_since', direction: 'desc' },
        columns: [
            {
                name: 'facilitator_name',
                type: 'name',
                link: (row) => groupsLink({ facilitator: row.facilitator_id }),
                after: (row) => row.is_deleted && badge(text.words.deleted),
            },
            { name: 'facilitator_since', type: 'day' },
            { name: 'current_facilitator_since', type: 'day' },
            { name: 'is_active', type: 'yesNo' },
            { name: 'groups_led', type: 'number', link: (row) => groupsLink({ facilitator: row.facilitator_id }) },
            { name: 'is_alumni', type: 'yesNo' },
            { name: 'member_since', type: 'day' },
        ],
        filters: FACILITATOR_FILTERS,
        choices: { active: null, alumni: null },
        names: { id: 'facilitator_name' },
        search: ['facilitator_name'],
        searchLabel: text.list.searchNames,
        count: text.facilitatorsPage.count,
        empty: () => text.facilitatorsPage.empty,
    }),
]);
