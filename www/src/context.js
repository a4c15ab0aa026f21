// What every region needs before it can show anything: the row of api.home, and the formatters for its zone.

import { readRow } from './api.js';
import { createFormat } from './format.js';
import { rulesOf } from './rules.js';
import { locale, text } from './text/index.js';

const SHARED_COLUMNS = 'zone,as_of,as_of_day,synced';

/** Makes the page's context. Home asks for the whole row (`whole`), the other pages for four columns of it. */
export function createContext({ whole = false } = {}) {
    let pending = null;

    /** Reads api.home once, however many regions ask; a failure isn't kept. */
    async function read() {
        const home = await readRow('home', whole ? {} : { select: SHARED_COLUMNS });
        return { home, format: createFormat(locale, home.zone, text.freshness.justNow), rules: rulesOf(home) };
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
