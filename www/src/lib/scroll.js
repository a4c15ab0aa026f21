// Where the page was scrolled to: kept in the history's entry, and gone back to once the rows are
// there again. The browser alone looks for the place while the page is still empty.

const REST_MS = 150;
const MOVES = ['wheel', 'touchmove', 'keydown', 'pointerdown'];

/** Keeps the place in the history's entry: whenever scrolling rests, and when the page is left. */
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
 * What goes, once everything is there, to the part of the page that the address's fragment names,
 * or to where the reader was before. Whoever has scrolled or typed by then stays where they are.
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
