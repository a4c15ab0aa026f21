// What every region needs before it can show anything: what answers go by (api.basis, of which
// api.home has most as well), and the formatters for its zone.

import { readRow } from './api.js';
import { createFormat } from './format.js';
import { rulesOf } from './rules.js';
import { locale, text } from '../text/index.js';

/**
 * Makes the page's context. Home reads api.home (`whole`), whose figures it shows; the other pages
 * api.basis, which is always fast.
 */
export function createContext({ whole = false } = {}) {
    let pending = null;

    /** Reads it once, however many regions ask; a failure isn't kept. */
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

    /** Forgets what was read: the next get() reads anew. */
    function forget() {
        pending = null;
    }

    return { get, forget };
}
