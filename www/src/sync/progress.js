// The progress of a running sync, as a bar and in words, for the header and the Sync page.

import { serverNow } from '../lib/api.js';
import { h } from '../lib/dom.js';
import { secondsBetween } from '../lib/format.js';
import { silence } from './sync-state.js';
import { text } from '../text/index.js';

/** Makes the display. show(state, format) updates it in place, tick() only its details. */
export function createProgress() {
    const headline = h('span', { class: 'progress-headline' });
    const details = h('span', { class: 'progress-details muted' });
    const bar = h('progress', { max: '100', 'aria-label': text.sync.begins });
    const element = h('div', { class: 'progress' }, headline, bar, details);
    let shown = null;

    function show(state, format) {
        shown = { state, format };
        headline.textContent = headlineOf(state);
        bar.setAttribute('aria-label', headline.textContent);
        const percent = percentOf(state.status);
        if (percent === null) bar.removeAttribute('value');
        else bar.value = percent;
        tick();
    }

    function tick() {
        if (shown) details.textContent = detailsOf(shown.state, shown.format);
    }

    return { element, show, tick };
}

/** Returns the headline: "Run 12 is working. Reading from production: attendance". */
function headlineOf({ kind, runId, status }) {
    if (kind !== 'running') return text.sync.begins;
    const phase = text.sync.phases[status?.phase] ?? status?.phase ?? '';
    return text.sync.working(runId, text.sync.at(phase, status?.table_name)).trim();
}

/** Returns the rows, the time so far and the time to go, as far as they are known. */
function detailsOf({ kind, status, run }, format) {
    if (kind !== 'running') return '';
    const percent = percentOf(status);
    const rows = status.rows_expected
        ? text.sync.rows(format.number(status.rows_done), format.number(status.rows_expected))
        : null;
    const elapsed = secondsBetween(run?.started_at, serverNow());
    const remaining = remainingSeconds(status);
    const parts = [
        percent !== null && format.percent(percent),
        rows,
        elapsed !== null && text.sync.elapsed(format.duration(elapsed)),
        remaining !== null && text.sync.remaining(format.duration(remaining)),
    ];
    return parts.filter(Boolean).join(' · ');
}

/**
 * Returns the percentage done: the API's own, else from the number of rows; null if neither is
 * known, or if the percentage is 0.
 */
export function percentOf(status) {
    const counted = status?.rows_expected ? (100 * status.rows_done) / status.rows_expected : 0;
    const percent = status?.pct ?? counted;
    return percent > 0 ? Math.min(100, percent) : null;
}

/** Returns the seconds until the estimated end; null without an estimate. */
function remainingSeconds(status) {
    return status.eta ? secondsBetween(serverNow(), status.eta) : null;
}

/** Returns how long the worker has given no sign of life, in words; null if that isn't known. */
export function silentFor({ status }, format) {
    const milliseconds = silence(status, null, serverNow());
    return Number.isFinite(milliseconds) ? format.duration(milliseconds / 1000) : null;
}
