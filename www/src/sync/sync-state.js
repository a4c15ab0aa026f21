// Judges the sync from the rows of api.sync_status and of a run. This module uses no network,
// document or timers, so that tests can run it without a browser.

/** A worker that has given no sign of life for this long is considered dead. */
export const SILENT_AFTER_MS = 30_000;
const FASTEST_MS = 1_000;
const SLOWEST_MS = 5_000;
const IDLE_MS = 30_000;

/**
 * Returns the milliseconds since the worker's last sign of life, or since `since` if that is later.
 */
export function silence(status, since, now) {
    const beat = status?.heartbeat_at ? Date.parse(status.heartbeat_at) : -Infinity;
    return now - Math.max(beat, since ?? -Infinity);
}

/**
 * Judges what is going on. `tracked` is { runId, since }: the run that is followed, and since when;
 * or null. Returns { kind: 'idle' | 'starting' | 'running' | 'interrupted' | 'ended', runId }.
 */
export function judge({ status, run, tracked, now }) {
    if (status.running) {
        const dead = silence(status, tracked?.since, now) > SILENT_AFTER_MS;
        return { kind: dead ? 'interrupted' : 'running', runId: status.run_id };
    }
    if (!tracked) return { kind: 'idle', runId: null };
    const { runId } = tracked;
    if (run && run.status !== 'running') return { kind: 'ended', runId };
    if (silence(status, tracked.since, now) > SILENT_AFTER_MS)
        return { kind: 'interrupted', runId };
    return { kind: run ? 'running' : 'starting', runId };
}

/**
 * Returns the status of a run as the page shows it: the API's, which is 'crashed' if no worker has
 * the run any more; but 'crashed' also if the run's worker gives no sign of life.
 */
export function runOutcome(run, judged) {
    const silent = judged?.kind === 'interrupted' && judged.runId === run.run_id;
    return run.status === 'running' && silent ? 'crashed' : run.status;
}

/**
 * Returns when to read the status again, in milliseconds: after one second at first, growing to
 * five, while a run works; after 30 seconds while none does.
 */
export function nextDelay(kind, previous) {
    if (kind === 'idle' || kind === 'interrupted') return IDLE_MS;
    return previous >= IDLE_MS || !previous ? FASTEST_MS : Math.min(SLOWEST_MS, previous * 1.25);
}
