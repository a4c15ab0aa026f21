// Follows the sync. Each page has one watcher; every part of the page that shows something of the
// sync listens to it.

import { readRow, serverNow } from '../lib/api.js';
import { judge, nextDelay } from './sync-state.js';

/** Returns a text that changes if a run started and ended between two reads of the status. */
function markOf({ run_id: runId, phase, last_success_at: lastSuccess }) {
    return JSON.stringify([runId, phase, lastSuccess]);
}

/**
 * Makes the watcher. It reads the status while the page is visible, and pauses while it is hidden.
 * Listeners get { kind, runId, status, run, error }. `onEnd(run)` is called once for each run that
 * ends while it is watched. It is also called if something may have changed unnoticed: a run
 * started and ended between two reads (`run` is null then), or the API answers again after an
 * error.
 */
export function createSyncWatch({ onEnd }) {
    const listeners = [];
    const tabs = new BroadcastChannel('ngeshare-sync');
    let state = { kind: 'unknown', runId: null, status: null, run: null, error: null };
    let tracked = null;
    let timer = null;
    let delay = 0;
    let looking = null;

    const tell = () => listeners.forEach((listener) => listener(state));

    /**
     * Reads the status once, tells the listeners, and plans the next read. Calls meanwhile wait for
     * the same read.
     */
    function look() {
        looking ??= lookOnce().finally(() => {
            looking = null;
            plan();
        });
        return looking;
    }

    async function lookOnce() {
        try {
            const status = await readRow('sync_status');
            if (status.running && status.run_id !== tracked?.runId)
                tracked = { runId: status.run_id, since: null };
            const run = tracked ? await readRun(status) : null;
            settle(status, run, judge({ status, run, tracked, now: serverNow() }));
        } catch (error) {
            state = { ...state, error };
            tell();
        }
    }

    /**
     * Returns the row of the run that is followed. While the run works, the row is read only once
     * (its start is needed); it is read again when no worker has the run any more.
     */
    function readRun(status) {
        if (status.running && state.run?.run_id === tracked.runId) return state.run;
        return tracked.runId === null
            ? null
            : readRow('sync_runs', { run_id: `eq.${tracked.runId}` });
    }

    /** Sets the state from what was read, and reports the end of a run once. */
    function settle(status, run, { kind, runId }) {
        const earlier = state;
        const ended =
            kind === 'ended' ||
            (kind === 'interrupted' &&
                earlier.kind !== 'interrupted' &&
                earlier.kind !== 'unknown');
        const missed =
            kind === 'idle' && earlier.kind === 'idle' && markOf(status) !== markOf(earlier.status);
        state = { kind: kind === 'ended' ? 'idle' : kind, runId, status, run, error: null };
        if (kind === 'ended' || (kind === 'interrupted' && !status.running)) tracked = null;
        if (kind !== 'idle') delay = earlier.kind === kind ? delay : 0;
        tell();
        if (ended || missed || earlier.error)
            onEnd(kind === 'interrupted' ? { ...run, run_id: runId, status: 'crashed' } : run);
    }

    function plan() {
        clearTimeout(timer);
        if (document.hidden) return;
        delay = nextDelay(state.kind === 'unknown' ? 'idle' : state.kind, delay);
        timer = setTimeout(look, state.error ? Math.max(delay, 5_000) : delay);
    }

    /**
     * Begins to follow a run that was just requested, in this tab or in another one. The state is
     * 'starting' until the API shows the run.
     */
    function follow(runId, { told = false } = {}) {
        tracked = { runId, since: serverNow() };
        state = { ...state, kind: 'starting', runId, run: null };
        delay = 0;
        if (!told) tabs.postMessage({ runId });
        tell();
        return look();
    }

    tabs.addEventListener('message', ({ data }) => follow(data.runId, { told: true }));
    document.addEventListener('visibilitychange', () => {
        clearTimeout(timer);
        if (!document.hidden) look();
    });

    return {
        start: look,
        look,
        follow,
        state: () => state,
        listen(listener) {
            listeners.push(listener);
            listener(state);
        },
    };
}
