// The groups on their way to stalling, the soonest first: a word now may keep them.

import { h } from '../dom.js';
import { contactColumn, courseColumn, facilitatorColumn, groupColumn } from '../columns.js';
import { AT_RISK_FILTERS } from '../filters.js';
import { courseNames, createList } from '../list.js';
import { startPage } from '../shell.js';
import { text } from '../text/index.js';

startPage(({ context }) => [
    createList(document.getElementById('at-risk'), {
        context,
        view: 'at_risk',
        caption: text.atRisk.caption,
        key: 'group_id',
        fallback: { column: 'days_until_stalled', direction: 'asc' },
        columns: [
            groupColumn(),
            courseColumn(),
            facilitatorColumn(),
            contactColumn(),
            { name: 'last_meeting_date', type: 'day' },
            { name: 'days_inactive', type: 'number' },
            { name: 'days_until_stalled', type: 'number' },
            { name: 'reason', type: 'word', words: text.riskReasons },
            { name: 'rhythm_days', type: 'number' },
            { name: 'progress_pct', type: 'percent' },
        ],
        filters: AT_RISK_FILTERS,
        choices: { course: courseNames, reason: null },
        names: { facilitator: 'facilitator_name' },
        search: ['group_name', 'facilitator_name'],
        searchLabel: text.list.searchGroups,
        count: text.atRisk.count,
        note: ({ rules }) => h('p', { class: 'muted' }, text.atRisk.rule(rules)),
        empty: () => text.atRisk.empty,
        isGood: true,
    }),
]);
