// Builds and changes the document. Values are inserted as text only, never as markup.

/**
 * Makes an element with attributes, event handlers (functions, named like onclick) and children.
 * Attributes that are null, undefined or false are left out.
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

/** Makes an SVG element, as h() makes an HTML element. */
export function svg(tag, attributes = {}, ...children) {
    const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
    setAttributes(element, attributes);
    element.append(...presentChildren(children));
    return element;
}

/** Sets attributes. A function under a name like onclick becomes an event listener. */
function setAttributes(element, attributes) {
    for (const [name, value] of Object.entries(attributes)) {
        if (value === null || value === undefined || value === false) continue;
        if (typeof value === 'function') element.addEventListener(name.slice(2), value);
        else element.setAttribute(name, value === true ? '' : String(value));
    }
}

/**
 * Replaces the children of `container`. A node that is a child already stays in place, with its
 * focus and scroll position. If the focus was in a node that is removed, the new element with the
 * same data-focus gets it.
 */
export function replaceKeepingFocus(container, ...children) {
    const active = document.activeElement;
    const key = container.contains(active) ? active.dataset.focus : undefined;
    putChildren(container, presentChildren(children));
    if (key === undefined || container.contains(document.activeElement)) return;
    container.querySelector(`[data-focus="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

/** Makes `children` the children of `container`, without removing those that are there already. */
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

/**
 * Wraps a name from the data, so that it keeps its own writing direction whatever the page's is.
 */
export function name(value) {
    return h('bdi', { dir: 'auto' }, value);
}

/** Puts the name of the one thing that the page is about before the title of the browser's tab. */
export function nameTab(what) {
    const title = `${what} · `;
    if (!document.title.startsWith(title)) document.title = title + document.title;
}

/** Lets screen readers say a message once, without moving the focus. */
export function announce(message) {
    document.getElementById('announcer').textContent = message;
}
