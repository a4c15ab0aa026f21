// What looks wrong: groups that break a rule, and findings in the data itself.

import { courseColumn, facilitatorColumn, groupColumn } from '../columns.js';
import { ANOMALY_FILTERS } from '../filters.js';
import { courseNames, createList } from '../list.js';
import { startPage } from '../shell.js';
import { text } from '../text/index.js';

startPage(({ context }) => [
    createList(document.getElementById('anomalies'), {
        context,
        view: 'anomalies',
        caption: text.qualityPage.anomalies,
        key: 'group_id',
        keys: ['group_id', 'kind'],
        fallback: { column: 'kind', direction: 'asc' },
        columns: [
            groupColumn(),
            courseColumn(),
            { name: 'kind', type: 'word', words: text.anomalyKinds },
            { name: 'severity', type: 'word', words: text.severities },
            { name: 'detail', type: 'name', wide: true },
            facilitatorColumn(),
        ],
        filters: ANOMALY_FILTERS,
        choices: { kind: null, severity: null, course: courseNames },
        names: { group: 'group_name' },
        search: ['group_name', 'facilitator_name', 'detail'],
        searchLabel: text.list.searchGroups,
        count: text.qualityPage.count,
        empty: () => text.qualityPage.noAnomalies,
        isGood: true,
    }),
    createList(document.getElementById('data'), {
        context,
        prefix: 'data_',
        view: 'data_quality',
        caption: text.qualityPage.data,
        keys: ['finding', 'table_name', 'column_name', 'example_id', 'hint'],
        fallback: { column: 'finding', direction: 'asc' },
        columns: [
            { name: 'finding', type: 'word', words: text.findings },
            { name: 'table_name', type: 'name' },
            { name: 'column_name', type: 'name' },
            { name: 'rows', type: 'number' },
            { name: 'example_id', type: 'name' },
            { name: 'hint', type: 'name', wide: true },
        ],
        empty: () => text.qualityPage.noFindings,
        isGood: true,
    }),
]);
