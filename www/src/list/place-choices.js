// The choices of a place above a list of groups: the provinces, and the cities of the one chosen.

import { readRows } from '../lib/api.js';
import { NO_PLACE, PLACE } from '../lib/place.js';

/** The choices of a place: what createList wants as `choices`, and as `lazy`. */
export function placeChoices() {
    let pending = null;

    /** All places with groups, read once. */
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

/** The places of the province that is chosen; all where none is. */
function inProvince(rows, active) {
    const chosen = active.find(({ name }) => name === 'province')?.value;
    return chosen ? rows.filter(({ province }) => (province ?? NO_PLACE) === chosen) : rows;
}

/** Each name once, and last the groups that have none, where there are any. */
function namesOf(rows, column) {
    const names = new Set(rows.map((row) => row[column] ?? NO_PLACE));
    const known = [...names].filter((name) => name !== NO_PLACE).sort((a, b) => a.localeCompare(b));
    return names.has(NO_PLACE) ? [...known, NO_PLACE] : known;
}
