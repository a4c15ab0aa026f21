// The rescue list: whom to call, in an order that the reader chooses.

import { h } from '../dom.js';
import { contactColumn, courseColumn, facilitatorColumn, groupColumn } from '../columns.js';
import { RESCUE_FILTERS } from '../filters.js';
import { courseNames, createList } from '../list.js';
import { startPage } from '../shell.js';
import { text } from '../text/index.js';

startPage(({ context }) => [
    createList(document.getElementById('rescue'), {
        context,
        view: 'rescue_list',
        caption: text.rescue.caption,
        key: 'group_id',
        fallback: { column: 'days_inactive', direction: 'asc' },
        columns: [
            groupColumn(),
            courseColumn(),
            facilitatorColumn(),
            contactColumn(),
            { name: 'last_meeting_date', type: 'day' },
            { name: 'days_inactive', type: 'number' },
            { name: 'progress_pct', type: 'percent' },
            { name: 'episodes_remaining', type: 'number' },
        ],
        filters: RESCUE_FILTERS,
        choices: { course: courseNames },
        names: { facilitator: 'facilitator_name' },
        search: ['group_name', 'facilitator_name'],
        searchLabel: text.list.searchGroups,
        count: text.rescue.count,
        note: ({ rules }) => h('p', { class: 'muted' }, text.rescue.rule(rules)),
        empty: ({ rules }) => text.rescue.empty(rules),
        isGood: true,
    }),
]);
