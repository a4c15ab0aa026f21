// The page's address (its URL). The query string says what the page shows (day, filters, order), so
// that reload, "back" and a pasted link show the same. Only this module listens to the browser's
// history; code that depends on a parameter subscribes to it here.

/** Returns the parameters of this page's address; none outside a browser. */
export function parameters() {
    return new URLSearchParams(globalThis.location?.search ?? '');
}

/**
 * Returns a path with parameters, in the order given. Parameters without a value (null, undefined,
 * '') are left out.
 */
export function addressOf(path, values) {
    const query = new URLSearchParams(
        Object.entries(values).filter(
            ([, value]) => value !== null && value !== undefined && value !== '',
        ),
    );
    return query.size ? `${path}?${query}` : path;
}

/** Returns the names of the parameters whose values differ between two query strings. */
function changedNames(before, after) {
    const [old, now] = [new URLSearchParams(before), new URLSearchParams(after)];
    return [...new Set([...old.keys(), ...now.keys()])].filter(
        (name) => old.get(name) !== now.get(name),
    );
}

/**
 * Makes the store of a window's address: change() writes parameters, watch() subscribes to them. A
 * subscriber is called once after each change of one of its parameters, whether change(), "back" or
 * "forward" made it. If a subscriber for the whole page (`isWhole`) is called, the others are not,
 * because it reloads them and nothing should be requested twice.
 */
export function createAddressStore({ location, history, addEventListener }) {
    const watchers = [];
    let known = location.search;

    function tell() {
        const changed = changedNames(known, location.search);
        known = location.search;
        const concerned = watchers.filter(({ names }) =>
            changed.some((name) => names.includes(name)),
        );
        const whole = concerned.filter(({ isWhole }) => isWhole);
        for (const { listener } of whole.length > 0 ? whole : concerned) listener();
    }

    /**
     * Writes parameters; null removes one. With `step`, the browser's "back" undoes the change;
     * with `quiet`, no subscriber is called.
     */
    function change(changes, { step = true, quiet = false } = {}) {
        const next = addressOf(location.pathname, {
            ...Object.fromEntries(new URLSearchParams(location.search)),
            ...changes,
        });
        if (next === location.pathname + location.search) return;
        if (step) history.pushState(null, '', next);
        else history.replaceState(history.state, '', next);
        if (quiet) known = location.search;
        else tell();
    }

    function watch(names, listener, { isWhole = false } = {}) {
        watchers.push({ names, listener, isWhole });
    }

    addEventListener('popstate', tell);
    return { change, watch };
}

const store = globalThis.history && createAddressStore(globalThis);

/** Changes parameters of this page's address, as the store's change() does. */
export const changeAddress = (changes, options) => store.change(changes, options);

/**
 * Calls `listener` after each change of one of the parameters `names`, as the store's watch()
 * does.
 */
export const watchAddress = (names, listener, options) => store.watch(names, listener, options);
