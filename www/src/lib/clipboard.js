// The clipboard. Browsers give it to pages over HTTPS and on this machine only; elsewhere an older
// way may still work.

/** Copies a text; resolves to whether it could. */
export async function copyToClipboard(value) {
    try {
        await navigator.clipboard.writeText(value);
        return true;
    } catch {
        return copyBySelection(value);
    }
}

/**
 * The older way: selects the text in a field that nobody sees, and has the browser copy what is
 * selected.
 */
function copyBySelection(value) {
    const field = document.createElement('textarea');
    const active = document.activeElement;
    field.value = value;
    field.className = 'visually-hidden';
    field.setAttribute('aria-hidden', 'true');
    document.body.append(field);
    field.select();
    const done = document.execCommand('copy');
    field.remove();
    active?.focus({ preventScroll: true });
    return done;
}
