// The line under the header of every page: how old the data is, whether the last sync succeeded,
// and what a running sync is doing.

import { readRow, serverNow } from '../lib/api.js';
import { currentDay } from '../lib/as-of.js';
import { latestDay } from './as-of-picker.js';
import { h, replaceKeepingFocus } from '../lib/dom.js';
import { createProgress } from '../sync/progress.js';
import { errorLine } from '../lib/region.js';
import { createCancelButton, createSyncButton } from '../sync/sync-button.js';
import { errorWords } from '../sync/error-words.js';
import { language, text } from '../text/index.js';

const TICK_MS = 1_000;
/**
 * How old the last answer of api.freshness may get. While no sync runs, nothing else would tell
 * that the data has become stale.
 */
const REREAD_MS = 5 * 60_000;

/**
 * Makes the line in `element`, with the picker of the day beside it. reload() reads api.freshness
 * again; between two reads the shown age grows by itself.
 */
export function createFreshness(element, { context, watch, picker }) {
    const line = h('p', { class: 'freshness-text' }, text.freshness.loading);
    const reason = h('p', { class: 'freshness-reason' });
    const problems = h('div', { class: 'freshness-problems' });
    const progress = createProgress();
    const button = createSyncButton({ watch, problems });
    const cancel = createCancelButton({ watch, problems, id: 'sync-cancel-here' });
    const run = h('div', { class: 'freshness-run', hidden: true }, progress.element, cancel.button);
    const words = h('div', { class: 'freshness-words' }, line, picker.notes, reason, run, problems);
    element.append(
        h('div', { class: 'wrap freshness-row' }, words, picker.element, button.element),
    );
    let shown = null;
    let reads = 0;
    let askedAt = 0;
    let sync = watch.state();

    /** Reads and shows the freshness. An answer that arrives after a newer request is dropped. */
    async function reload() {
        const mine = ++reads;
        askedAt = Date.now();
        try {
            const [shared, row] = await Promise.all([context.get(), readRow('freshness')]);
            if (mine !== reads) return;
            shown = { ...shared, row, readAt: serverNow() };
            replaceKeepingFocus(problems);
        } catch (error) {
            if (mine !== reads) return;
            if (!shown) line.textContent = text.freshness.unknown;
            replaceKeepingFocus(problems, errorLine(error, { retry: reload }));
        }
        show();
    }

    /** Shows the line, the reason and the progress, from what was read last. */
    function show() {
        const working = ['running', 'starting'].includes(sync.kind);
        run.hidden = !working || !shown;
        if (!working) cancel.reset();
        element.dataset.run = working ? (sync.runId ?? '') : '';
        if (!shown) return;
        const words = freshnessWords(shown, sync);
        picker.show({
            format: shown.format,
            latest: latestDay(shown.home.zone, shown.row.last_success_at),
        });
        element.dataset.state = words.state;
        if (line.textContent !== words.line) line.textContent = words.line;
        reason.textContent = words.reason ?? '';
        reason.hidden = !words.reason;
        if (working) progress.show(sync, shown.format);
    }

    watch.listen((state) => {
        sync = state;
        show();
    });
    setInterval(
        () => document.hidden || (Date.now() - askedAt > REREAD_MS ? reload() : show()),
        TICK_MS,
    );
    return { reload };
}

/** Returns the line's state, its sentence, and the reason below it if the last run went wrong. */
function freshnessWords({ home, row, format, readAt }, sync) {
    const working = ['running', 'starting'].includes(sync.kind);
    const state = stateOf(row, sync, working);
    const reason =
        ['failed', 'interrupted'].includes(state) && row.last_error ? reasonOf(row) : null;
    if (!home.synced)
        return {
            state,
            reason,
            line:
                {
                    failed: text.freshness.failedFirst,
                    interrupted: text.freshness.interruptedFirst,
                }[state] ?? text.freshness.never,
        };
    const known = currentDay() ? row.last_success_at : home.as_of;
    const seconds =
        row.age_seconds === null ? null : row.age_seconds + (serverNow() - readAt) / 1000;
    return {
        state,
        reason,
        line: text.freshness[state === 'never' ? 'current' : state](
            format.instant(known),
            format.ago(seconds),
        ),
    };
}

/**
 * Returns why the last run went wrong: in English the run's own message, which says most; else the
 * page's words for its SQLSTATE.
 */
const reasonOf = ({ last_error: error, sqlstate }) =>
    text.freshness.reason(language === 'en' ? error : errorWords(sqlstate)[0], sqlstate);

/**
 * Returns the state: current, stale, failed, interrupted or never. How the last run ended does not
 * count while a new run works.
 */
function stateOf(row, sync, working) {
    if (sync.kind === 'interrupted' || (!working && row.status === 'crashed')) return 'interrupted';
    if (!working && row.status === 'failed') return 'failed';
    if (row.last_success_at === null) return 'never';
    return row.is_stale ? 'stale' : 'current';
}
