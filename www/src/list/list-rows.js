// Reads the rows of a list for the page's address, and the values that its choices offer.

import { changeAddress, parameters } from '../lib/address.js';
import { readRows } from '../lib/api.js';
import { countQueryOf, pageQueryOf, prefixed, readListState } from './list-state.js';

// A slow view with at most so many rows is read whole, instead of page by page.
const MOST_ROWS = 1_000;

/** Reads the names of the courses in their order, for a choice. */
export async function courseNames(signal) {
    const query = { select: 'course_name', order: 'sequence_order.asc' };
    const { rows } = await readRows('courses', query, { signal });
    return rows.map((row) => row.course_name);
}

/**
 * Counts the rows that match, in a request of its own. If the rows and their number came together,
 * the answer would be a 206, which nginx does not compress.
 */
export async function countRows(view, query, signal) {
    return (await readRows(view, query, { signal, count: true })).total;
}

/**
 * Makes the reader of a list's rows. load(signal) returns { rows, total, more, offered }. It reads
 * the page of rows that the address names, or the first page if there is no such page (any more).
 */
export function createRows(spec) {
    const offered = new Map();
    const state = () => readListState(parameters(), spec);

    /** Reads one page of rows and counts all rows. */
    function readAndCount(now, signal) {
        return Promise.all([
            readRows(spec.view, pageQueryOf(now, spec), { signal }),
            countRows(spec.view, countQueryOf(now, spec), signal),
        ]);
    }

    /**
     * The same for a slow view: reads all rows in one request, and cuts the page out of them here.
     * If there are more than MOST_ROWS, the rows are counted by a request of their own, and pages
     * beyond MOST_ROWS are read alone.
     */
    async function readWhole(now, signal) {
        const whole = pageQueryOf({ ...now, page: 1 }, { ...spec, pageSize: MOST_ROWS });
        const { rows } = await readRows(spec.view, whole, { signal });
        const first = (now.page - 1) * spec.pageSize;
        const isPart = rows.length === MOST_ROWS;
        if (isPart && first >= MOST_ROWS) return readAndCount(now, signal);
        const total = isPart
            ? await countRows(spec.view, countQueryOf(now, spec), signal)
            : rows.length;
        return [{ rows: rows.slice(first, first + spec.pageSize) }, total];
    }

    async function readPage(signal) {
        const now = state();
        const read = spec.isSlow ? readWhole : readAndCount;
        const [{ rows }, total] = await read(now, signal);
        if (rows.length > 0 || total === 0 || now.page === 1) return { rows, total };
        changeAddress(prefixed(spec, {}), { step: false, quiet: true });
        return readPage(signal);
    }

    /** Reads the values that a choice offers, once. */
    async function offer(name, signal) {
        if (offered.has(name)) return;
        offered.set(name, spec.filters[name].values ?? (await spec.choices[name](signal)));
    }

    async function load(signal) {
        const rows = readPage(signal);
        const more = spec.more?.(state(), rows, signal);
        const eager = Object.keys(spec.choices).filter((name) => !spec.lazy.includes(name));
        const offers = eager.map((name) => offer(name, signal));
        const [data, also] = await Promise.all([rows, more, ...offers]);
        return { ...data, more: also, offered };
    }

    /**
     * Reads the values of the choices in `spec.lazy`. Values that can't be read are read again next
     * time.
     */
    async function offerRest() {
        await Promise.allSettled(spec.lazy.map((name) => offer(name)));
        return offered;
    }

    return { load, offerRest };
}
