// What looks wrong: the rules, with the number of groups that break each and what to do; these
// groups; and findings in the data itself. Last, how good the forecast is.

import { readRows } from '../lib/api.js';
import { currentDay } from '../lib/as-of.js';
import { anomalyDetail } from '../list/anomaly.js';
import { badge, column } from '../list/cells.js';
import { createCalibration } from '../charts/calibration.js';
import { courseColumn, facilitatorColumn, groupColumn } from '../list/columns.js';
import { h, name } from '../lib/dom.js';
import { ANOMALY_FILTERS, DATA_FILTERS } from '../list/filters.js';
import { original } from '../lib/original.js';
import { qualityLink } from '../lib/links.js';
import { courseNames, createList } from '../list/list.js';
import { LAZY_PLACES, placeChoices } from '../list/place-choices.js';
import { createRegion, emptyNote } from '../lib/region.js';
import { startPage } from '../shell/shell.js';
import { createTable } from '../list/table.js';
import { text } from '../text/index.js';

const TONES = { warning: 'severity-warning', info: 'severity-info' };

/** Makes the badge of a rule's severity: a word with a colour. */
const severityBadge = (severity) =>
    severity && badge(text.severities[severity] ?? severity, TONES[severity]);

/**
 * Returns what a finding means, with the values that its hint names; for an unknown finding, the
 * database's own hint.
 */
function hintCell({ finding, hint }) {
    const words = text.qualityPage;
    const values = [...(hint ?? '').matchAll(/"([^"]*)"/g)].map(([, value]) => value);
    const means = words.meanings[finding];
    if (!means) return hint && original(hint);
    return [means, values.length > 0 && [` ${words.named}: `, name(values.join(', '))]];
}

/**
 * Reads the number of groups that break each rule: first the rules that the page knows, in their
 * order, then those that only the database knows.
 */
async function readKinds(signal) {
    const { rows } = await readRows('anomaly_kinds', {}, { signal });
    const known = ANOMALY_FILTERS.kind.values.map((kind) => [
        kind,
        { kind, severity: null, groups: 0 },
    ]);
    return [...new Map([...known, ...rows.map((row) => [row.kind, row])]).values()];
}

/** Shows how many groups break a rule, as a link to them; "none" is shown as good news. */
function brokenBy({ kind, groups }, { format }) {
    if (groups === 0)
        return h('span', { class: 'none', 'data-figure': kind }, text.qualityPage.none);
    const href = `${qualityLink({ kind })}#anomalies-title`;
    return h(
        'a',
        { href, 'data-focus': kind },
        h('span', { 'data-figure': kind }, format.number(groups)),
    );
}

/** Makes the table of the rules: how many groups break each, what that means, what to do. */
function kindsRegion(context) {
    const words = text.qualityPage;
    const columns = [
        {
            name: 'kind',
            type: 'word',
            words: text.anomalyKinds,
            after: ({ severity }) => severityBadge(severity),
        },
        { name: 'groups', label: text.columns.groups, cell: brokenBy },
        {
            name: 'means',
            label: words.means,
            wide: true,
            cell: ({ kind }) => words.advice[kind]?.[0],
        },
        {
            name: 'remedy',
            label: words.remedy,
            wide: true,
            cell: ({ kind }) => words.advice[kind]?.[1],
        },
    ].map((spec) => column({ ...spec, sortable: false }));
    const table = createTable({ caption: words.kinds, columns, rowKey: 'kind', titled: true });
    return createRegion(document.getElementById('kinds'), {
        context,
        load: (_, signal) => readKinds(signal),
        empty: (kinds) =>
            kinds.every(({ groups }) => groups === 0) && emptyNote(words.noAnomalies, true),
        render(kinds, shared) {
            table.update(kinds, { shared });
            return table.element;
        },
    });
}

/** Makes the list of the groups that break a rule. */
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
            {
                name: 'detail',
                wide: true,
                sortable: false,
                cell: (row, { format }) => name(anomalyDetail(row, format) ?? ''),
            },
            facilitatorColumn(),
        ],
        filters: ANOMALY_FILTERS,
        choices: { kind: null, severity: null, course: courseNames, ...placeChoices() },
        lazy: LAZY_PLACES,
        names: { group: 'group_name' },
        search: ['group_name', 'facilitator_name'],
        searchLabel: text.list.searchGroups,
        count: text.qualityPage.count,
        empty: () => text.qualityPage.noAnomalies,
        isGood: true,
    });
}

/** Makes the list of findings in the data. */
function dataList(context) {
    const words = text.qualityPage;
    return createList(document.getElementById('data'), {
        context,
        prefix: 'data_',
        view: 'data_quality',
        isSlow: true,
        past: false,
        caption: words.data,
        keys: ['finding', 'table_name', 'column_name', 'example_id', 'hint'],
        fallback: { column: 'finding', direction: 'asc' },
        columns: [
            { name: 'finding', type: 'word', words: text.findings },
            {
                name: 'table_name',
                label: words.where,
                cell: (row) => name([row.table_name, row.column_name].filter(Boolean).join('.')),
            },
            { name: 'rows', type: 'number' },
            { name: 'example_id', type: 'name' },
            { name: 'hint', wide: true, sortable: false, cell: hintCell },
            {
                name: 'remedy',
                label: words.remedy,
                wide: true,
                sortable: false,
                cell: ({ finding }) => words.findingAdvice[finding],
            },
        ],
        filters: DATA_FILTERS,
        choices: { finding: null },
        note: () =>
            h(
                'p',
                { class: 'muted' },
                [words.dataRule, currentDay() && words.dataNow].filter(Boolean).join(' '),
            ),
        count: words.findingCount,
        empty: () => words.noFindings,
        isGood: true,
    });
}

startPage(
    ({ context }) => [
        kindsRegion(context),
        anomaliesList(context),
        dataList(context),
        createCalibration(document.getElementById('forecast'), { context }),
    ],
    { placed: true },
);
