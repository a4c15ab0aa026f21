// The place whose groups are looked at: a province and a city in the address. The navigation and
// the links to one group or person take it along; a number has the place of its own groups alone.

import { parameters } from './address.js';

/** The parameters' names. */
export const PLACE = ['province', 'city'];

/** A blank is no place's name, so it stands for the groups without one. */
export const NO_PLACE = ' ';

/** The place that an address names; null where it names none. */
export function currentPlace(query = parameters()) {
    return Object.fromEntries(PLACE.map((name) => [name, query.get(name)]));
}

/** The place of a row, as parameters that lead to the groups of exactly this place. */
export function placeOf({ province, city }) {
    return { province: province ?? NO_PLACE, city: city ?? NO_PLACE };
}

/** City and province in words; empty where neither is known. */
export function placeWords({ city, province }) {
    return [city, province].filter((part) => part && part !== NO_PLACE).join(', ');
}
