// The Sync page: what is going on now, when the next sync comes, whether the mirror equals
// production, the past runs, and the errors with what to do.

import { parameters } from '../lib/address.js';
import { readRow, serverNow } from '../lib/api.js';
import { missing } from '../list/cells.js';
import { createComparison } from '../sync/comparison.js';
import { h } from '../lib/dom.js';
import { ERROR_FILTERS, RUN_FILTERS } from '../list/filters.js';
import { NOTHING, secondsBetween } from '../lib/format.js';
import { createList } from '../list/list.js';
import { runLink } from '../lib/links.js';
import { createProgress, silentFor } from '../sync/progress.js';
import { createRegion } from '../lib/region.js';
import { factList } from '../detail/facts.js';
import { errorWords } from '../sync/error-words.js';
import { original } from '../lib/original.js';
import { createRunRegion, runBadge, runWords } from '../sync/run.js';
import { startPage } from '../shell/shell.js';
import { createCancelButton } from '../sync/sync-button.js';
import { scheduleWords } from '../sync/schedule.js';
import { runOutcome } from '../sync/sync-state.js';
import { text } from '../text/index.js';

const PAGE_SIZE = 30;
const TICK_MS = 1_000;
const PLAN = "SELECT ngeshare_schedule('*/30 * * * *')";

/** Makes the panel "Now": progress with Cancel while a sync works, else how the last one ended. */
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

    /** Reads the last run, which the words are about. */
    async function reload() {
        try {
            [{ format }, last] = await Promise.all([
                context.get(),
                readRow('sync_runs', { order: 'started_at.desc,run_id.desc', limit: 1 }),
            ]);
        } catch {
            // The other regions report the error; this panel keeps what it shows.
        }
        show();
    }

    watch.listen(show);
    setInterval(() => document.hidden || show(), TICK_MS);
    return { reload };
}

/**
 * Returns what to say while no sync is running: that a run was interrupted, how the last run ended,
 * or that there was none.
 */
function restingWords(state, last, format) {
    const silent = state.kind === 'interrupted' && silentFor(state, format);
    if (silent) return text.sync.silent(silent);
    if (!last) return text.sync.idle;
    const outcome = runOutcome(last, state);
    if (outcome === 'crashed') return `${text.sync.idle} ${text.sync.lastInterrupted(last.run_id)}`;
    const ago = last.finished_at && format.ago(secondsBetween(last.finished_at, serverNow()));
    if (!ago) return text.sync.idle;
    const words = text.statuses[outcome] ?? outcome;
    return `${text.sync.idle} ${text.sync.last(last.run_id, words, ago)}`;
}

/** Makes the part "Schedule": by which schedule syncs start, and how fresh the data is. */
function scheduleRegion(context) {
    const words = text.syncPage;
    return createRegion(document.getElementById('schedule'), {
        context,
        beforeSync: true,
        load: (_, signal) => readRow('sync_health', {}, { signal }),
        render(health, { format }) {
            const plan = (schedule) => [
                scheduleWords(schedule, words),
                ' ',
                h('code', {}, schedule),
            ];
            const when = (value, none) =>
                value ? h('time', { datetime: value }, format.instant(value)) : none;
            const facts = [
                [words.plan, health.schedule ? plan(health.schedule) : words.noPlan],
                [words.lastSuccess, when(health.last_success_at, words.neverSynced)],
                [words.health, text.healths[health.status] ?? health.status],
                health.last_error && [words.healthWhy, original(health.last_error)],
                [
                    words.alerts,
                    h(
                        'span',
                        { 'data-figure': 'alerts_pending' },
                        format.number(health.alerts_pending),
                    ),
                ],
            ];
            const how =
                !health.schedule &&
                h('p', { class: 'muted' }, words.planHow, ' ', h('code', {}, PLAN));
            return [factList(facts), how];
        },
    });
}

/** Makes the list of runs, newest first, each with a link to what it did table by table. */
function runsList({ context, watch }) {
    const words = text.syncPage;
    const rows = (field, label) => ({
        name: field,
        type: 'number',
        label,
        link: (row) => row[field] > 0 && runLink(row.run_id),
    });
    return createList(document.getElementById('runs'), {
        context,
        view: 'sync_runs',
        past: false,
        caption: words.history,
        pageSize: PAGE_SIZE,
        beforeSync: true,
        key: 'run_id',
        keys: ['started_at', 'run_id'],
        fallback: { column: 'started_at', direction: 'desc' },
        columns: [
            {
                name: 'run_id',
                label: words.run,
                sortable: false,
                link: (row) => runLink(row.run_id),
            },
            {
                name: 'status',
                label: words.status,
                cell: (row) => runBadge(runOutcome(row, watch.state())),
            },
            { name: 'started_at', label: words.started, type: 'instant' },
            { name: 'duration', label: words.duration, type: 'duration', missing: words.notEnded },
            { name: 'mode', label: words.mode, type: 'word', words: text.syncModes },
            { name: 'trigger', label: words.trigger, type: 'word', words: text.syncTriggers },
            rows('rows_inserted', words.inserted),
            rows('rows_updated', words.updated),
            rows('rows_deleted', words.deleted),
            { name: 'message', label: words.message, wide: true, cell: ownWords },
        ],
        filters: RUN_FILTERS,
        choices: { status: null, mode: null, trigger: null },
        count: words.runs,
        empty: () => words.historyEmpty,
    });
}

/** Makes the list of errors, newest first, with what to do. */
function errorsList(context) {
    const words = text.syncPage;
    return createList(document.getElementById('errors'), {
        context,
        prefix: 'errors_',
        view: 'sync_errors',
        past: false,
        caption: words.errors,
        pageSize: PAGE_SIZE,
        beforeSync: true,
        key: 'error_id',
        keys: ['occurred_at', 'error_id'],
        fallback: { column: 'occurred_at', direction: 'desc' },
        columns: [
            { name: 'occurred_at', label: words.when, type: 'instant' },
            {
                name: 'run_id',
                label: words.run,
                sortable: false,
                link: (row) => runLink(row.run_id),
            },
            { name: 'table_name', label: words.where, cell: whereCell },
            { name: 'message', label: words.what, wide: true, cell: messageCell },
            { name: 'remedy', label: words.remedy, wide: true, sortable: false, cell: remedyCell },
        ],
        filters: ERROR_FILTERS,
        choices: { class: null },
        count: words.errorCount,
        empty: () => words.errorsEmpty,
        isGood: true,
    });
}

/** Shows the message of a run. */
const ownWords = (run) => (run.message ? runWords(run) : missing(text.syncPage.noMessage));

const whereCell = (row) =>
    [text.sync.phases[row.phase] ?? row.phase, row.table_name].filter(Boolean).join(': ') ||
    NOTHING;

const messageCell = (row) => [
    errorWords(row.sqlstate)[0],
    row.message && h('div', {}, original(row.message)),
    h(
        'span',
        { class: 'muted block' },
        [row.sqlstate, text.errorClasses[row.class] ?? row.class].filter(Boolean).join(', '),
    ),
    row.will_retry && h('span', { class: 'muted block' }, text.syncPage.retried),
];

const remedyCell = ({ sqlstate }) => errorWords(sqlstate)[1];

/**
 * Reloads the regions that list runs when a run starts or ends, not each time the status is read.
 * The first status needs no reload, unless a run is active, because the regions have just been
 * loaded.
 */
function reloadOnChange(watch, regions) {
    let seen = null;
    watch.listen(({ kind, runId }) => {
        if (kind === 'unknown') return;
        const now = `${kind} ${runId}`;
        if (seen === null ? kind !== 'idle' : seen !== now)
            regions.forEach((region) => region.reload());
        seen = now;
    });
}

startPage(
    ({ context, watch }) => {
        const id = parameters().get('run');
        if (!id) document.querySelector('main .run').remove();
        const run = id ? [createRunRegion(document.getElementById('run'), { id, context })] : [];
        const runs = runsList({ context, watch });
        const comparison = createComparison(document.getElementById('comparison'), {
            context,
            watch,
        });
        reloadOnChange(watch, [...run, comparison, runs]);
        return [
            createStatePanel(document.getElementById('state'), { context, watch }),
            ...run,
            scheduleRegion(context),
            comparison,
            runs,
            errorsList(context),
        ];
    },
    { past: false },
);
