// The scroll position: it is stored in the history entry, and restored once the rows are loaded
// again. The browser restores it too early, while the page is still empty.

const REST_MS = 150;
const MOVES = ['wheel', 'touchmove', 'keydown', 'pointerdown'];

/**
 * Stores the position in the history entry whenever scrolling pauses, and when the page is left.
 */
export function keepPlace() {
    let timer = null;
    const keep = () => {
        clearTimeout(timer);
        if (Math.round(scrollY) !== (history.state?.scroll ?? 0))
            history.replaceState({ ...history.state, scroll: Math.round(scrollY) }, '');
    };
    addEventListener('scroll', () => {
        clearTimeout(timer);
        timer = setTimeout(keep, REST_MS);
    });
    addEventListener('pagehide', keep);
}

/**
 * Returns a function that is called once everything is loaded. It scrolls to the stored position,
 * else to the part of the page that the address's fragment names. If the reader has scrolled or
 * typed by then, it does nothing.
 */
export function placeToGoTo() {
    const fragment = location.hash.slice(1);
    const kept = history.state?.scroll;
    let moved = false;
    const note = () => (moved = true);
    for (const move of MOVES) addEventListener(move, note, { passive: true });
    return () => {
        for (const move of MOVES) removeEventListener(move, note);
        if (moved) return;
        if (kept) scrollTo({ top: kept, behavior: 'instant' });
        else showPart(fragment && document.getElementById(fragment));
    };
}

function showPart(part) {
    if (!part?.isConnected) return;
    part.scrollIntoView();
    part.focus({ preventScroll: true });
}
