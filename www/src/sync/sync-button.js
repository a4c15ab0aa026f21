// "Sync now" and "Cancel": ask for it, and say in words when it can't be had.

import { callFunction } from '../lib/api.js';
import { announce, h } from '../lib/dom.js';
import { errorLine } from '../lib/region.js';
import { text } from '../text/index.js';

/** Lets a button be used or not; where not, it is read aloud with the reason, an element's id. */
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
 * Makes the button that starts a sync, of a mode of its own where it isn't the header's. When one
 * works already it follows that one: a second click shows the same run.
 * Who may not sync sees it disabled, with the reason; it stays in reach of the keyboard, so that
 * the reason is heard.
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
            // Disabled, it lost the focus; who has gone elsewhere meanwhile keeps it.
            if (document.activeElement === document.body) button.focus({ preventScroll: true });
        }
    }

    /** "Already working" is no error: it shows the run that works. */
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

/** Makes the button that cancels the run that works. */
export function createCancelButton({ watch, problems, id = 'sync-cancel' }) {
    const button = h(
        'button',
        { type: 'button', id, 'data-focus': id, onclick: cancel },
        text.sync.cancel,
    );

    // The reason stands at "Sync now".
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
