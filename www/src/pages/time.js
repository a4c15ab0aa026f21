// How long groups take from their first meeting to their graduation, how many of a month's groups
// graduate, and which groups took far less or far more.

import { courseColumn, facilitatorColumn, groupColumn } from '../list/columns.js';
import { h } from '../lib/dom.js';
import { OUTLIER_FILTERS } from '../list/filters.js';
import { createCohorts } from '../charts/cohorts.js';
import { createMedians, createSpreads } from '../charts/graduation-days.js';
import { groupsLink } from '../lib/links.js';
import { courseNames, createList } from '../list/list.js';
import { LAZY_PLACES, placeChoices } from '../list/place-choices.js';
import { startPage } from '../shell/shell.js';
import { text } from '../text/index.js';

startPage(
    ({ context }) => [
        createMedians(document.getElementById('medians'), { context }),
        createSpreads(document.getElementById('spreads'), { context }),
        createCohorts(document.getElementById('cohorts'), { context }),
        createList(document.getElementById('time'), {
            context,
            prefix: 'time_',
            view: 'time_to_graduate',
            isSlow: true,
            caption: text.timePage.courses,
            key: 'course_name',
            fallback: { column: 'sequence_order', direction: 'asc' },
            columns: [
                { name: 'sequence_order', type: 'number' },
                courseColumn(),
                {
                    name: 'groups',
                    type: 'number',
                    link: (row) => groupsLink({ course: row.course_name, status: 'GRADUATED' }),
                },
                { name: 'median_days', type: 'number' },
                { name: 'p75_days', type: 'number' },
                { name: 'p90_days', type: 'number' },
                { name: 'avg_days', type: 'number' },
                { name: 'min_days', type: 'number' },
                { name: 'max_days', type: 'number' },
                {
                    name: 'not_graduated',
                    type: 'number',
                    link: (row) => groupsLink({ course: row.course_name, finished: 'no' }),
                },
            ],
            count: text.timePage.count,
            empty: () => text.timePage.empty,
        }),
        createList(document.getElementById('outliers'), {
            context,
            view: 'graduation_outliers',
            caption: text.timePage.outliers,
            key: 'group_id',
            fallback: { column: 'days_to_graduate', direction: 'desc' },
            columns: [
                groupColumn(),
                courseColumn(),
                { name: 'days_to_graduate', type: 'number' },
                { name: 'outlier', type: 'word', words: text.outliers },
                { name: 'graduated_on', type: 'day' },
                facilitatorColumn(),
            ],
            filters: OUTLIER_FILTERS,
            choices: { course: courseNames, ...placeChoices(), outlier: null },
            lazy: LAZY_PLACES,
            search: ['group_name', 'facilitator_name'],
            searchLabel: text.list.searchGroups,
            count: text.groupsPage.count,
            note: () => h('p', { class: 'muted' }, text.timePage.outlierRule),
            empty: () => text.timePage.noOutliers,
        }),
    ],
    { placed: true },
);
