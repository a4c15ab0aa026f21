// Reads the rows of a list for the page's address, and the values that its choices offer.

import { changeAddress, parameters } from '../lib/address.js';
import { readRows } from '../lib/api.js';
import { countQueryOf, pageQueryOf, prefixed, readListState } from './list-state.js';

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

    /**
     * Reads one page of rows and counts all rows. A slow view is not counted if the first page has
     * all of them.
     */
    async function readAndCount(now, signal) {
        const read = readRows(spec.view, pageQueryOf(now, spec), { signal });
        const count = () => countRows(spec.view, countQueryOf(now, spec), signal);
        if (!spec.isSlow) return Promise.all([read, count()]);
        const page = await read;
        const isAll = now.page === 1 && page.rows.length < spec.pageSize;
        return [page, isAll ? page.rows.length : await count()];
    }

    async function readPage(signal) {
        const now = state();
        const [{ rows }, total] = await readAndCount(now, signal);
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
