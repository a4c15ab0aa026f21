// The day that answers are given as of: a parameter of the page's address. Links inside the page
// keep it, except those that name another day.

import { parameters } from './address.js';
import { EARLIEST_DAY, isDay } from './days.js';

/** The name of this parameter. */
export const AS_OF = 'as_of';

/**
 * Reads the day from the page's address: { day, unreadable }. A text that is not a day, or a day
 * before the earliest one, is returned as `unreadable`, and `day` is null.
 */
export function readAsOf(query = parameters()) {
    const value = query.get(AS_OF);
    if (value === null || value === '') return { day: null, unreadable: null };
    return isDay(value) && value >= EARLIEST_DAY
        ? { day: value, unreadable: null }
        : { day: null, unreadable: value };
}

/** Returns the day in this page's address; null means the day of the last sync. */
export function currentDay() {
    return readAsOf().day;
}
