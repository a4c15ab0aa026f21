// The line under the header of every page: how old the data is, whether the last sync went well,
// what a running one does.

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
 * So old may become what was read: data grows stale while no sync comes, and nothing else would
 * tell.
 */
const REREAD_MS = 5 * 60_000;

/**
 * Makes the line in `element`, with the picker of the day beside it. reload() reads api.freshness
 * anew; between reads the age grows by itself.
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

    /** The last one asked for counts: an answer that comes after a newer question is dropped. */
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

    /** Puts line, reason and progress on screen, from what was read last. */
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

/** The line's state, its sentence, and the reason under it where the last run went wrong. */
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

/** Why the last run went wrong: in English the server's own words, which say most. */
const reasonOf = ({ last_error: error, sqlstate }) =>
    text.freshness.reason(language === 'en' ? error : errorWords(sqlstate)[0], sqlstate);

/**
 * Which of the five: current, stale, failed, interrupted, never. A run that works has put the last
 * one's end behind it.
 */
function stateOf(row, sync, working) {
    if (sync.kind === 'interrupted' || (!working && row.status === 'crashed')) return 'interrupted';
    if (!working && row.status === 'failed') return 'failed';
    if (row.last_success_at === null) return 'never';
    return row.is_stale ? 'stale' : 'current';
}
