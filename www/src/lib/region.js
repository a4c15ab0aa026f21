// A part of the page with its own states: loading, shown, empty, first run, failed. A region that
// fails does not affect the others.

import { h, replaceKeepingFocus } from './dom.js';
import { original } from './original.js';
import { text } from '../text/index.js';

const SKELETON_AFTER_MS = 150;

/**
 * Makes a region of `element`.
 * `load(context, signal)` reads the data. It starts before the context is known, so `context` is a
 * promise.
 * `render(data, context)` returns what to show, if possible the same element each time.
 * `empty(data, context)` returns what to show if there are no rows, else something falsy.
 * `beforeSync` shows the region even before the first sync; other regions say that there was none.
 */
export function createRegion(
    element,
    { context, load, render, empty = () => false, beforeSync = false },
) {
    const notice = h('div', { class: 'region-notice' });
    const content = h('div', { class: 'region-content' });
    element.append(notice, content);
    element.classList.add('is-new');
    let controller = null;
    let shown = false;

    /**
     * Reads and shows the data. The old content stays on screen until the new content is ready, and
     * also if reading fails.
     */
    async function reload() {
        controller?.abort();
        controller = new AbortController();
        const { signal } = controller;
        const timer = setTimeout(showLoading, SKELETON_AFTER_MS);
        element.setAttribute('aria-busy', 'true');
        try {
            const asked = load(context.get(), signal);
            asked.catch(() => {}); // if the context can't be read, only that error is shown
            const shared = await context.get();
            const children =
                shared.home.synced || beforeSync ? contentOf(await asked, shared) : firstRun();
            if (signal.aborted) return;
            replaceKeepingFocus(content, children);
            replaceKeepingFocus(notice);
            shown = true;
        } catch (error) {
            if (!signal.aborted) showError(error);
        } finally {
            clearTimeout(timer);
            if (!signal.aborted) settle();
        }
    }

    function contentOf(data, shared) {
        return empty(data, shared) || render(data, shared);
    }

    /** Shows a placeholder the first time; later dims the old content. */
    function showLoading() {
        if (shown) element.classList.add('is-reloading');
        else content.replaceChildren(h('p', { class: 'skeleton' }, text.region.loading));
    }

    function settle() {
        element.classList.remove('is-new', 'is-reloading');
        element.removeAttribute('aria-busy');
    }

    function showError(error) {
        if (!shown) content.replaceChildren();
        replaceKeepingFocus(notice, errorBox(error, { retry: reload, kept: shown }));
    }

    return { reload };
}

/** Says that nothing was ever synced, instead of showing zeros. */
export function firstRun() {
    return h(
        'div',
        { class: 'first-run' },
        h('h2', {}, text.region.firstRun),
        h('p', {}, text.region.firstRunWhat),
        h('p', {}, text.region.firstRunElsewhere),
    );
}

/**
 * Shows an error in words: what it means, the server's own message, its code, a button to try
 * again.
 */
export function errorBox(error, { retry, kept = false } = {}) {
    reportBug(error);
    return h(
        'div',
        { class: 'error', role: 'alert' },
        h(
            'p',
            {},
            h('strong', {}, text.errors[error.kind] ?? text.errors.server),
            kept && ` ${text.region.kept}`,
        ),
        [error.message, error.details, error.hint]
            .filter(Boolean)
            .map((words) => h('div', {}, original(words))),
        error.code && h('p', { class: 'muted' }, text.region.code(error.code)),
        retry &&
            h(
                'button',
                { type: 'button', onclick: retry, 'data-focus': 'retry' },
                text.region.retry,
            ),
    );
}

/**
 * Shows an error in one line, for places without room for more: what was asked for, what went
 * wrong, a button to try again.
 */
export function errorLine(error, { what = null, retry = null } = {}) {
    reportBug(error);
    const code = error.code && `(${error.code})`;
    return h(
        'div',
        { class: 'error-line', role: 'alert' },
        what && h('strong', {}, `${what} `),
        [text.errors[error.kind] ?? text.errors.server, code].filter(Boolean).join(' '),
        error.message && [' ', original(error.message)],
        retry && [
            ' ',
            h(
                'button',
                { type: 'button', class: 'small', onclick: retry, 'data-focus': 'retry' },
                text.region.retry,
            ),
        ],
    );
}

/** Logs an error that is not from the API: it is a bug in the page, and the console shows where. */
function reportBug(error) {
    if (!error.kind) console.error(error);
}

/** Makes the words for a region without rows. */
export function emptyNote(words, good = false) {
    return h('p', { class: good ? 'empty good' : 'empty' }, words);
}
