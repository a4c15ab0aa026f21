// One run of the sync: how it ended, what it did to each table, and its errors.

import { readRow, readRows } from '../lib/api.js';
import { column, missing } from '../list/cells.js';
import { h, name } from '../lib/dom.js';
import { factList } from '../detail/facts.js';
import { errorsLink, pageLink } from '../lib/links.js';
import { createRegion } from '../lib/region.js';
import { fileLink } from '../list/file.js';
import { createTable } from '../list/table.js';
import { original } from '../lib/original.js';
import { language, text } from '../text/index.js';

/** The columns that are added up over all tables of a run. */
const COUNTED = ['rows_pulled', 'rows_inserted', 'rows_updated', 'rows_deleted', 'rows_repaired'];

/**
 * Makes the badge for the status of a run, or of a table in a run. `words` is its text, by default
 * the word for the status.
 */
export function runBadge(status, words = text.statuses[status] ?? status) {
    return h('span', { class: `badge status-${status}`, 'data-status': status }, words);
}

/**
 * Returns a run's own message; on a page that is not in English, the page's words come before it.
 */
export function runWords({ status, message }) {
    const said = text.syncPage.said[status];
    if (language === 'en') return message ? original(message) : said;
    return [said, message && original(message)];
}

/** Reads the rows of api.sync_tables of a run, in the order in which it began the tables. */
export async function readTables(id, signal) {
    return (
        await readRows(
            'sync_tables',
            { run_id: `eq.${id}`, order: 'started_at.asc,table_name.asc' },
            { signal },
        )
    ).rows;
}

/** Makes the region of the run that the page's address names. */
export function createRunRegion(element, { id, context }) {
    return createRegion(element, {
        context,
        beforeSync: true,
        async load(_, signal) {
            const [run, tables, errors] = await Promise.all([
                readRow('sync_runs', { run_id: `eq.${id}` }, { signal }),
                readTables(id, signal),
                readRows(
                    'sync_errors',
                    { run_id: `eq.${id}`, select: 'error_id', limit: 1 },
                    { signal, count: true },
                ),
            ]);
            return { run, tables, errors: errors.total };
        },
        empty: ({ run }) => !run && unknownRun(id),
        render: showRun,
    });
}

/** Returns the words for an id that no run has. */
function unknownRun(id) {
    const words = text.syncPage;
    return h(
        'div',
        { class: 'empty', 'data-state': 'missing' },
        h('p', {}, h('strong', {}, words.unknownRun), ' ', name(id)),
        h('p', {}, words.unknownRunWhy),
        h('p', {}, h('a', { href: pageLink('/sync.html') }, words.allRuns)),
    );
}

/** Shows how the run went, and what it did to each table. */
function showRun({ run, tables, errors }, shared) {
    const words = text.syncPage;
    const { format } = shared;
    document.getElementById('run-title').textContent = words.oneRun(run.run_id);
    const when = (value) =>
        value ? h('time', { datetime: value }, format.instant(value)) : missing(words.notEnded);
    const count = h('span', { 'data-figure': 'errors' }, format.number(errors));
    const facts = [
        [words.status, runBadge(run.status)],
        [words.mode, text.syncModes[run.mode] ?? run.mode],
        [words.trigger, text.syncTriggers[run.trigger] ?? run.trigger],
        [words.started, when(run.started_at)],
        [words.ended, when(run.finished_at)],
        [words.duration, format.duration(run.duration)],
        [
            words.errors,
            errors > 0
                ? h('a', { href: errorsLink(run.run_id), 'data-focus': 'run-errors' }, count)
                : count,
        ],
    ];
    const pairs = [
        ['run_id', `eq.${run.run_id}`],
        ['order', 'started_at.asc,table_name.asc'],
    ];
    return [
        h('p', {}, h('a', { href: pageLink('/sync.html') }, words.allRuns)),
        h('div', { class: 'status-reason' }, runWords(run)),
        factList(facts),
        h('h3', {}, words.tables),
        tables.length > 0 ? tablesOf(tables, shared) : h('p', { class: 'empty' }, words.noTables),
        h('div', { class: 'list-end' }, fileLink('sync_tables', pairs, null)),
    ];
}

const durationCell = ({ duration_ms: time }, { format }) =>
    format.duration(time === null ? null : time / 1000);

/** Makes the table with one row per table, and a last row for all of them together. */
function tablesOf(tables, shared) {
    const words = text.syncPage;
    const number = (field, label) => ({
        name: field,
        type: 'number',
        label,
        missing: words.notCounted,
    });
    const columns = [
        { name: 'table_name', type: 'name', label: words.table },
        { name: 'status', label: words.status, cell: ({ status }) => status && runBadge(status) },
        { name: 'duration_ms', type: 'duration', label: words.duration, cell: durationCell },
        number('rows_pulled', words.pulled),
        number('rows_inserted', words.inserted),
        number('rows_updated', words.updated),
        number('rows_deleted', words.deleted),
        number('rows_repaired', words.repaired),
        number('source_rows', words.there),
        number('local_rows', words.here),
    ].map((spec) => column({ ...spec, sortable: false }));
    const sum = (field) => tables.reduce((total, row) => total + (row[field] ?? 0), 0);
    const total = {
        table_name: words.together,
        status: null,
        duration_ms: null,
        source_rows: null,
        local_rows: null,
    };
    const table = createTable({
        caption: words.tables,
        columns,
        rowKey: 'table_name',
        titled: true,
    });
    table.update(
        [
            ...tables,
            { ...total, ...Object.fromEntries(COUNTED.map((field) => [field, sum(field)])) },
        ],
        { shared },
    );
    return table.element;
}
