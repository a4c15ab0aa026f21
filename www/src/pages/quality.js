// What looks wrong: the rules with how many groups break each and what to do, those groups, and findings in the data itself.

import { readRows } from '../api.js';
import { currentDay } from '../as-of.js';
import { badge, column } from '../cells.js';
import { courseColumn, facilitatorColumn, groupColumn } from '../columns.js';
import { h, name } from '../dom.js';
import { ANOMALY_FILTERS, DATA_FILTERS } from '../filters.js';
import { qualityLink } from '../links.js';
import { courseNames, createList } from '../list.js';
import { createRegion, emptyNote } from '../region.js';
import { startPage } from '../shell.js';
import { createTable } from '../table.js';
import { text } from '../text/index.js';

const TONES = { warning: 'severity-warning', info: 'severity-info' };

/** A rule's weight as a word with a colour. */
const severityBadge = (severity) => severity && badge(text.severities[severity] ?? severity, TONES[severity]);

/** A sentence that comes from the database, which speaks English. */
const sentence = (field) => ({
    name: field,
    wide: true,
    cell: (row) => row[field] !== null && h('span', { lang: 'en' }, name(row[field])),
});

/** Each rule with the number of groups that break it: those of the page in their order, then any that the database knows besides. */
async function readKinds(signal) {
    const { rows } = await readRows('anomaly_kinds', {}, { signal });
    const known = ANOMALY_FILTERS.kind.values.map((kind) => [kind, { kind, severity: null, groups: 0 }]);
    return [...new Map([...known, ...rows.map((row) => [row.kind, row])]).values()];
}

/** How many groups break a rule, leading to them; "none" is good news. */
function brokenBy({ kind, groups }, { format }) {
    if (groups === 0) return h('span', { class: 'none', 'data-figure': kind }, text.qualityPage.none);
    const href = `${qualityLink({ kind })}#anomalies-title`;
    return h('a', { href, 'data-focus': kind }, h('span', { 'data-figure': kind }, format.number(groups)));
}

/** The rules, a row each: how often broken, what that means, what to do. */
function kindsRegion(context) {
    const words = text.qualityPage;
    const columns = [
        { name: 'kind', type: 'word', words: text.anomalyKinds, after: ({ severity }) => severityBadge(severity) },
        { name: 'groups', label: text.columns.groups, cell: brokenBy },
        { name: 'means', label: words.means, wide: true, cell: ({ kind }) => words.advice[kind]?.[0] },
        { name: 'remedy', label: words.remedy, wide: true, cell: ({ kind }) => words.advice[kind]?.[1] },
    ].map((spec) => column({ ...spec, sortable: false }));
    const table = createTable({ caption: words.kinds, columns, rowKey: 'kind', titled: true });
    return createRegion(document.getElementById('kinds'), {
        context,
        load: (_, signal) => readKinds(signal),
        empty: (kinds) => kinds.every(({ groups }) => groups === 0) && emptyNote(words.noAnomalies, true),
        render(kinds, shared) {
            table.update(kinds, { shared });
            return table.element;
        },
    });
}

/** The groups that break a rule. */
function anomaliesList(context) {
    return createList(document.getElementById('anomalies'), {
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
            { name: 'severity', cell: ({ severity }) => severityBadge(severity) },
            sentence('detail'),
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
    });
}

/** What is odd in the data, whoever it concerns. */
function dataList(context) {
    const words = text.qualityPage;
    return createList(document.getElementById('data'), {
        context,
        prefix: 'data_',
        view: 'data_quality',
        past: false,
        caption: words.data,
        keys: ['finding', 'table_name', 'column_name', 'example_id', 'hint'],
        fallback: { column: 'finding', direction: 'asc' },
        columns: [
            { name: 'finding', type: 'word', words: text.findings },
            { name: 'table_name', label: words.where, cell: (row) => name([row.table_name, row.column_name].filter(Boolean).join('.')) },
            { name: 'rows', type: 'number' },
            { name: 'example_id', type: 'name' },
            sentence('hint'),
            { name: 'remedy', label: words.remedy, wide: true, sortable: false, cell: ({ finding }) => words.findingAdvice[finding] },
        ],
        filters: DATA_FILTERS,
        choices: { finding: null },
        note: () => h('p', { class: 'muted' }, [words.dataRule, currentDay() && words.dataNow].filter(Boolean).join(' ')),
        count: words.findingCount,
        empty: () => words.noFindings,
        isGood: true,
    });
}

startPage(({ context }) => [kindsRegion(context), anomaliesList(context), dataList(context)]);
