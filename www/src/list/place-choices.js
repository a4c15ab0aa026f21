// The choices of a place above a list of groups: all provinces, and the cities of the chosen one.

import { readRows } from '../lib/api.js';
import { NO_PLACE, PLACE } from '../lib/place.js';

/** Returns the choices of a place, for `choices` of createList(); `lazy` takes LAZY_PLACES. */
export function placeChoices() {
    let pending = null;

    /** Reads all places that have groups, once. */
    function places(signal) {
        const query = { select: 'province,city', order: 'province.asc,city.asc' };
        pending ??= readRows('place', query, { signal }).catch((error) => {
            pending = null;
            throw error;
        });
        return pending;
    }

    return {
        province: async (signal) => namesOf((await places(signal)).rows, 'province'),
        city: async (signal) => {
            const { rows } = await places(signal);
            return ({ active }) => namesOf(inProvince(rows, active), 'city');
        },
    };
}

export const LAZY_PLACES = PLACE;

/** Returns the places of the chosen province; all places if none is chosen. */
function inProvince(rows, active) {
    const chosen = active.find(({ name }) => name === 'province')?.value;
    return chosen ? rows.filter(({ province }) => (province ?? NO_PLACE) === chosen) : rows;
}

/**
 * Returns each name once. NO_PLACE, for groups without a place, is last if there are such groups.
 */
function namesOf(rows, column) {
    const names = new Set(rows.map((row) => row[column] ?? NO_PLACE));
    const known = [...names].filter((name) => name !== NO_PLACE).sort((a, b) => a.localeCompare(b));
    return names.has(NO_PLACE) ? [...known, NO_PLACE] : known;
}
