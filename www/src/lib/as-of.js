// The day that the answers are given as of: a parameter of the address, which every link inside the
// page takes along.

import { parameters } from './address.js';
import { EARLIEST_DAY, isDay } from './days.js';

/** The parameter's name. */
export const AS_OF = 'as_of';

/**
 * What the address asks for: { day, unreadable }; a text that is no day, or one before the
 * earliest, is `unreadable` and asks for nothing.
 */
export function readAsOf(query = parameters()) {
    const value = query.get(AS_OF);
    if (value === null || value === '') return { day: null, unreadable: null };
    return isDay(value) && value >= EARLIEST_DAY
        ? { day: value, unreadable: null }
        : { day: null, unreadable: value };
}

/** The day of this page's address; null for the last sync's. */
export function currentDay() {
    return readAsOf().day;
}
