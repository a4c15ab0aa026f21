// Copying to the clipboard. Browsers offer the clipboard only to pages over HTTPS or from the same
// machine (localhost); for other pages an older way may still work.

/** Copies a text. Resolves to whether this succeeded. */
export async function copyToClipboard(value) {
    try {
        await navigator.clipboard.writeText(value);
        return true;
    } catch {
        return copyBySelection(value);
    }
}

/**
 * Copies in the older way: selects the text in an invisible field, and lets the browser copy the
 * selection.
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
