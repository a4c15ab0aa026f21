// The Sync page: what goes on now, the runs of the past, the errors and what to do about them.

import { readRows, serverNow } from '../api.js';
import { h, name } from '../dom.js';
import { NOTHING, secondsBetween } from '../format.js';
import { createProgress, silentFor } from '../progress.js';
import { createRegion, emptyNote } from '../region.js';
import { startPage } from '../shell.js';
import { createCancelButton } from '../sync-button.js';
import { runOutcome } from '../sync-state.js';
import { createTable } from '../table.js';
import { text } from '../text/index.js';

const SHOWN_ROWS = 30;
const TICK_MS = 1_000;

/** The panel "Now": progress with Cancel while a sync works, else how the last one ended. */
function createStatePanel(element, { context, watch }) {
    const words = h('p', { class: 'sync-words' });
    const progress = createProgress();
    const problems = h('div');
    const cancel = createCancelButton({ watch, problems });
    const working = h('div', { class: 'sync-working' }, progress.element, cancel.button);
    element.append(words, working, problems);
    let last = null;
    let format = null;

    function show(state = watch.state()) {
        if (!format) return;
        const busy = ['running', 'starting'].includes(state.kind);
        element.dataset.kind = state.kind;
        element.dataset.run = busy ? (state.runId ?? '') : '';
        working.hidden = !busy;
        words.hidden = busy;
        if (busy) progress.show(state, format);
        else cancel.reset();
        const resting = busy ? '' : restingWords(state, last, format);
        if (words.textContent !== resting) words.textContent = resting;
    }

    /** Reads the last run, for the words about it. */
    async function reload() {
        try {
            [{ format }, last] = await Promise.all([
                context.get(),
                readRows('sync_runs', { order: 'started_at.desc,run_id.desc', limit: 1 }).then(({ rows }) => rows[0]),
            ]);
        } catch {
            // The regions below say what went wrong; what is shown here stays.
        }
        show();
    }

    watch.listen(show);
    setInterval(() => document.hidden || show(), TICK_MS);
    return { reload };
}

/** What to say while no sync works: interrupted, or how the last one ended, or that there was none. */
function restingWords(state, last, format) {
    const silent = state.kind === 'interrupted' && silentFor(state, format);
    if (silent) return text.sync.silent(silent);
    if (!last) return text.sync.idle;
    const outcome = runOutcome(last, state);
    if (outcome === 'crashed') return `${text.sync.idle} ${text.sync.lastInterrupted(last.run_id)}`;
    const ago = last.finished_at && format.ago(secondsBetween(last.finished_at, serverNow()));
    return `${text.sync.idle} ${ago ? text.sync.last(last.run_id, text.statuses[outcome] ?? outcome, ago) : ''}`.trim();
}

/** A word for a value of the API; a value without one is shown as it is. */
const wordFor = (words, value) => words[value] ?? value ?? NOTHING;

/** An instant in the reporting zone. */
const instant = (value, format) => (value ? h('time', { datetime: value }, format.instant(value)) : NOTHING);

/** The columns of the history. */
function runColumns(get) {
    const words = text.syncPage;
    const number = (field, label) => ({ name: field, label, numeric: true, cell: (row) => get().format.number(row[field]) });
    return [
        { name: 'run_id', label: words.run, cell: (row) => row.run_id },
        { name: 'status', label: words.status, cell: (row) => statusBadge(runOutcome(row, get().watch.state())) },
        { name: 'started_at', label: words.started, cell: (row) => instant(row.started_at, get().format) },
        { name: 'duration', label: words.duration, numeric: true, cell: (row) => get().format.duration(row.duration) },
        { name: 'mode', label: words.mode, cell: (row) => wordFor(words.modes, row.mode) },
        { name: 'trigger', label: words.trigger, cell: (row) => wordFor(words.triggers, row.trigger) },
        number('rows_inserted', words.inserted),
        number('rows_updated', words.updated),
        number('rows_deleted', words.deleted),
        { name: 'message', label: words.message, wide: true, cell: (row) => (row.message ? name(row.message) : NOTHING) },
    ];
}

/** A run's result as a word with a colour. */
function statusBadge(status) {
    return h('span', { class: `badge status-${status}`, 'data-status': status }, wordFor(text.statuses, status));
}

/** The columns of the errors. */
function errorColumns(get) {
    const words = text.syncPage;
    return [
        { name: 'occurred_at', label: words.when, cell: (row) => instant(row.occurred_at, get().format) },
        { name: 'run_id', label: words.run, cell: (row) => row.run_id ?? NOTHING },
        {
            name: 'table_name',
            label: words.where,
            cell: (row) => [text.sync.phases[row.phase] ?? row.phase, row.table_name].filter(Boolean).join(': ') || NOTHING,
        },
        {
            name: 'message',
            label: words.what,
            wide: true,
            cell: (row) => [
                name(row.message ?? ''),
                h(
                    'span',
                    { class: 'muted block' },
                    [row.sqlstate, text.syncPage.classes[row.class] ?? row.class].filter(Boolean).join(', '),
                ),
            ],
        },
        { name: 'remedy', label: words.remedy, wide: true, cell: (row) => row.remedy ?? words.noRemedy },
    ];
}

/** A region that is one table of a view, the newest first. */
function tableRegion(element, { context, watch, view, order, caption, makeColumns, rowKey, none }) {
    let shared = null;
    let shown = null;
    const table = createTable({ caption, columns: makeColumns(() => ({ ...shared, watch })), rowKey, titled: true });
    const region = createRegion(element, {
        context,
        beforeSync: true,
        load: async (_, signal) => (await readRows(view, { order, limit: SHOWN_ROWS }, { signal })).rows,
        empty: (rows) => rows.length === 0 && none(),
        render(rows, context) {
            shared = context;
            shown = rows;
            table.update(rows);
            return table.element;
        },
    });
    return { ...region, refresh: () => shown && table.update(shown) };
}

/** Reloads the history when a run appears in it or leaves it, not at each look; the first look tells what its lines mean. */
function reloadOnChange(watch, region) {
    let seen = null;
    watch.listen(({ kind, runId }) => {
        const now = `${kind} ${runId}`;
        if (seen !== null && seen !== now && kind !== 'unknown') region.reload();
        if (seen === null && kind !== 'unknown') region.refresh();
        seen = kind === 'unknown' ? null : now;
    });
}

startPage(({ context, watch }) => {
    const words = text.syncPage;
    const runs = tableRegion(document.getElementById('runs'), {
        context,
        watch,
        view: 'sync_runs',
        order: 'started_at.desc,run_id.desc',
        caption: words.history,
        makeColumns: runColumns,
        rowKey: 'run_id',
        none: () => emptyNote(words.historyEmpty),
    });
    const errors = tableRegion(document.getElementById('errors'), {
        context,
        watch,
        view: 'sync_errors',
        order: 'occurred_at.desc,error_id.desc',
        caption: words.errors,
        makeColumns: errorColumns,
        rowKey: 'error_id',
        none: () => emptyNote(words.errorsEmpty, true),
    });
    reloadOnChange(watch, runs);
    return [createStatePanel(document.getElementById('state'), { context, watch }), runs, errors];
}, { past: false });
