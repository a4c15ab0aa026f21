// Builds and changes the document. Values reach it as text only, never as markup.

/**
 * Makes an element: attributes and on… handlers from `attributes` (null, undefined and false are
 * left out), then its children.
 */
export function h(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    setAttributes(element, attributes);
    element.append(...presentChildren(children));
    return element;
}

/** Leaves out missing children, so that callers can write `condition && h(…)`. */
function presentChildren(children) {
    return children
        .flat(Infinity)
        .filter((child) => child !== null && child !== undefined && child !== false);
}

/** Makes an element of a drawing, as h does of the page. */
export function svg(tag, attributes = {}, ...children) {
    const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
    setAttributes(element, attributes);
    element.append(...presentChildren(children));
    return element;
}

/** Sets attributes; a function under a name like onclick becomes a listener. */
function setAttributes(element, attributes) {
    for (const [name, value] of Object.entries(attributes)) {
        if (value === null || value === undefined || value === false) continue;
        if (typeof value === 'function') element.addEventListener(name.slice(2), value);
        else element.setAttribute(name, value === true ? '' : String(value));
    }
}

/**
 * Replaces what is in `container`. Nodes that are in it already stay where they are, with their
 * focus and scroll position; if the focus was in one that goes, the element with the same
 * data-focus gets it.
 */
export function replaceKeepingFocus(container, ...children) {
    const active = document.activeElement;
    const key = container.contains(active) ? active.dataset.focus : undefined;
    putChildren(container, presentChildren(children));
    if (key === undefined || container.contains(document.activeElement)) return;
    container.querySelector(`[data-focus="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

/**
 * Makes `children` the children of `container`, without taking out those that are there already.
 */
function putChildren(container, children) {
    for (const old of [...container.childNodes]) if (!children.includes(old)) old.remove();
    children.forEach((child, i) => {
        const there = container.childNodes[i] ?? null;
        if (there !== child)
            container.insertBefore(
                child instanceof Node ? child : document.createTextNode(child),
                there,
            );
    });
}

/** A name from the data: its own writing direction, whatever the page's is. */
export function name(value) {
    return h('bdi', { dir: 'auto' }, value);
}

/** Names the browser's tab after the one thing that the page is about. */
export function nameTab(what) {
    const title = `${what} · `;
    if (!document.title.startsWith(title)) document.title = title + document.title;
}

/** Says something once to a screen reader, without moving the focus. */
export function announce(message) {
    document.getElementById('announcer').textContent = message;
}
