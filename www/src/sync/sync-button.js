// The buttons "Sync now" and "Cancel". Each sends its request, or says in words why it can't.

import { callFunction } from '../lib/api.js';
import { announce, h } from '../lib/dom.js';
import { errorLine } from '../lib/region.js';
import { text } from '../text/index.js';

/**
 * Enables or disables a button. Screen readers read the element with the id `reason` after a
 * disabled button.
 */
function allow(button, allowed, reason) {
    if (allowed)
        ['aria-disabled', 'aria-describedby'].forEach((attribute) =>
            button.removeAttribute(attribute),
        );
    else {
        button.setAttribute('aria-disabled', 'true');
        button.setAttribute('aria-describedby', reason);
    }
}

/**
 * Makes the button that starts a sync in `mode`, which is incremental for the button in the header.
 * If a sync is running already, the page shows that run instead.
 * If the reader may not sync, the button is disabled, with the reason. It can still get the focus,
 * so that screen readers read the reason.
 */
export function createSyncButton({
    watch,
    problems,
    mode = 'incremental',
    id = 'sync-now',
    label = text.sync.start,
}) {
    const button = h('button', { type: 'button', class: 'primary', id, onclick: start }, label);
    const reason = h(
        'p',
        { class: 'sync-reason', id: `${id}-reason`, hidden: true },
        text.sync.viewer,
    );
    const element = h('div', { class: 'sync-start' }, button, reason);

    watch.listen(({ status }) => {
        const allowed = status?.may_sync !== false;
        reason.hidden = allowed;
        allow(button, allowed, reason.id);
    });

    async function start() {
        if (button.hasAttribute('aria-disabled')) return;
        button.disabled = true;
        problems.replaceChildren();
        try {
            const { run_id: runId } = await callFunction('sync_start', { mode });
            announce(text.sync.started(runId));
            await watch.follow(String(runId));
        } catch (error) {
            await explain(error);
        } finally {
            button.disabled = false;
            // The button lost the focus when it was disabled. It gets it back, unless the focus is
            // elsewhere by now.
            if (document.activeElement === document.body) button.focus({ preventScroll: true });
        }
    }

    /**
     * Shows an error. "Already running" is not an error: the page shows the running sync instead.
     */
    async function explain(error) {
        if (error.kind === 'running') {
            await watch.look();
            announce(text.sync.already(watch.state().runId));
            return;
        }
        problems.replaceChildren(errorLine(error, { what: text.sync.notStarted }));
    }

    return { element };
}

/** Makes the button that cancels the running sync. */
export function createCancelButton({ watch, problems, id = 'sync-cancel' }) {
    const button = h(
        'button',
        { type: 'button', id, 'data-focus': id, onclick: cancel },
        text.sync.cancel,
    );

    // If the reader may not cancel, the reason is shown at "Sync now".
    watch.listen(({ status }) => allow(button, status?.may_sync !== false, 'sync-now-reason'));

    async function cancel() {
        if (button.hasAttribute('aria-disabled')) return;
        button.disabled = true;
        button.textContent = text.sync.cancelling;
        try {
            await callFunction('sync_cancel');
            await watch.look();
        } catch (error) {
            problems.replaceChildren(errorLine(error, { what: text.sync.notCancelled }));
            reset();
        }
    }

    function reset() {
        button.disabled = false;
        button.textContent = text.sync.cancel;
    }

    return { button, reset };
}
