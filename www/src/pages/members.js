// The members: how far each has come through the curriculum.

import { badge } from '../cells.js';
import { MEMBER_FILTERS } from '../filters.js';
import { memberLink } from '../links.js';
import { courseNames, createList } from '../list.js';
import { startPage } from '../shell.js';
import { text } from '../text/index.js';

startPage(({ context }) => [
    createList(document.getElementById('members'), {
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
            { name: 'groups_joined', type: 'number' },
            { name: 'courses_completed', type: 'number' },
            { name: 'current_course', type: 'name' },
            { name: 'is_facilitator_now', type: 'yesNo' },
        ],
        filters: MEMBER_FILTERS,
        choices: { course: courseNames, facilitating: null },
        names: { id: 'user_name' },
        search: ['user_name'],
        searchLabel: text.list.searchNames,
        count: text.membersPage.count,
        empty: () => text.membersPage.empty,
    }),
]);
