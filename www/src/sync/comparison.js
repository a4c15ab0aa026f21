// The comparison with production: a button that starts one, and what the last one found. A
// comparison changes no data.

import { readRow } from '../lib/api.js';
import { column } from '../list/cells.js';
import { h } from '../lib/dom.js';
import { original } from '../lib/original.js';
import { runLink } from '../lib/links.js';
import { createRegion, emptyNote } from '../lib/region.js';
import { readTables, runBadge } from './run.js';
import { createSyncButton } from './sync-button.js';
import { createTable } from '../list/table.js';
import { text } from '../text/index.js';

/** Makes the button, and below it the region with the outcome. */
export function createComparison(element, { context, watch }) {
    const words = text.syncPage;
    const problems = h('div');
    const button = createSyncButton({
        watch,
        problems,
        mode: 'verify',
        id: 'compare-now',
        label: words.compare,
    });
    const outcome = h('div', { id: 'outcome' });
    element.append(
        h('p', { class: 'muted' }, words.comparisonWhat),
        button.element,
        problems,
        outcome,
    );
    return createRegion(outcome, {
        context,
        beforeSync: true,
        async load(_, signal) {
            const run = await readRow(
                'sync_runs',
                { mode: 'eq.verify', order: 'started_at.desc,run_id.desc', limit: 1 },
                { signal },
            );
            return { run, tables: run ? await readTables(run.run_id, signal) : [] };
        },
        empty: ({ run }) => !run && emptyNote(words.neverCompared),
        render: showOutcome,
    });
}

/** Shows what the last comparison found, in a sentence and table by table. */
function showOutcome({ run, tables }, shared) {
    const words = text.syncPage;
    const at = shared.format.instant(run.started_at);
    const said = words.outcomes[run.status] ?? words.outcomes.failed;
    return [
        h(
            'p',
            {
                class: run.status === 'success' ? 'empty good' : 'empty',
                'data-outcome': run.status,
            },
            h('strong', {}, said(at)),
            run.message && run.status !== 'success' && [' ', original(run.message)],
            ' ',
            h(
                'a',
                { href: runLink(run.run_id), 'data-focus': 'compared-run' },
                words.oneRun(run.run_id),
            ),
        ),
        tables.length > 0 && comparedTable(tables, shared),
    ];
}

/**
 * Makes the table: the rows of each table in production and in the mirror, and whether they agree.
 */
function comparedTable(tables, shared) {
    const words = text.syncPage;
    const columns = [
        { name: 'table_name', type: 'name', label: words.table },
        {
            name: 'status',
            label: words.status,
            cell: ({ status }) => runBadge(status, words.compared[status]),
        },
        { name: 'source_rows', type: 'number', label: words.there, missing: words.notCounted },
        { name: 'local_rows', type: 'number', label: words.here, missing: words.notCounted },
    ].map((spec) => column({ ...spec, sortable: false }));
    const table = createTable({
        caption: words.comparison,
        columns,
        rowKey: 'table_name',
        titled: true,
    });
    table.update(tables, { shared });
    return h('div', {}, table.element, h('p', { class: 'muted' }, words.comparedWindow));
}
