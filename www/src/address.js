// The page's address. All of what is shown is in its query string, so that reload, back and a pasted link show the same.

/** The parameters of this page's address; none outside a browser. */
export function parameters() {
    return new URLSearchParams(globalThis.location?.search ?? '');
}

/** A path with parameters, in the order given; those without a value (null, undefined, '') are left out. */
export function addressOf(path, values) {
    const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== ''));
    return query.size ? `${path}?${query}` : path;
}

/** Changes parameters of this page's address: null takes one out. `step` makes it one that "back" returns from. */
export function changeAddress(changes, { step = true } = {}) {
    const next = addressOf(location.pathname, { ...Object.fromEntries(parameters()), ...changes });
    if (next === location.pathname + location.search) return;
    history[step ? 'pushState' : 'replaceState'](null, '', next);
}

/** Calls `listener` after each back and forward. */
export function onBackOrForward(listener) {
    addEventListener('popstate', () => listener());
}
