// The context, which regions wait for before they show anything: the row of api.basis or api.home
// with the instant and the settings of the answers, and the formatters for the reporting zone.

import { readRow } from './api.js';
import { createFormat } from './format.js';
import { rulesOf } from './rules.js';
import { locale, text } from '../text/index.js';

/**
 * Makes the page's context. With `whole` it reads api.home, because Home shows its figures; else it
 * reads api.basis, which is always fast.
 */
export function createContext({ whole = false } = {}) {
    let pending = null;

    /** Reads the row and makes the formatters. */
    async function read() {
        const home = await readRow(whole ? 'home' : 'basis', {});
        return {
            home,
            format: createFormat(locale, home.zone, text.freshness.justNow),
            rules: rulesOf(home),
        };
    }

    function get() {
        pending ??= read().catch((error) => {
            pending = null;
            throw error;
        });
        return pending;
    }

    /** Forgets the context, so that the next get() reads it again. */
    function forget() {
        pending = null;
    }

    return { get, forget };
}
