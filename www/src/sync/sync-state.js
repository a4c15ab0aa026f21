// What the row of api.sync_status and the row of a run mean together. No network, no document, no
// timers: easy to test.

/** A worker that has given no sign of life for this long is taken for dead. */
export const SILENT_AFTER_MS = 30_000;
const FASTEST_MS = 1_000;
const SLOWEST_MS = 5_000;
const IDLE_MS = 30_000;

/**
 * The milliseconds since the worker's last sign of life, or since `since` when it has given none.
 */
export function silence(status, since, now) {
    const beat = status?.heartbeat_at ? Date.parse(status.heartbeat_at) : -Infinity;
    return now - Math.max(beat, since ?? -Infinity);
}

/**
 * Judges what goes on. `tracked` is { runId, since }: the run that is being followed and since
 * when, or null. Returns { kind: 'idle' | 'starting' | 'running' | 'interrupted' | 'ended', runId
 * }.
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
 * What became of a run, for its line in the history: its own word, which says so where no worker
 * has it any more; but one whose worker gives no sign of life has been interrupted.
 */
export function runOutcome(run, judged) {
    const silent = judged?.kind === 'interrupted' && judged.runId === run.run_id;
    return run.status === 'running' && silent ? 'crashed' : run.status;
}

/**
 * When to look again: every second at first, growing to five while a run works; seldom while none
 * does.
 */
export function nextDelay(kind, previous) {
    if (kind === 'idle' || kind === 'interrupted') return IDLE_MS;
    return previous >= IDLE_MS || !previous ? FASTEST_MS : Math.min(SLOWEST_MS, previous * 1.25);
}
