// The place (province and city) to which the lists of groups are limited, from the page's address.
// The navigation and the links to one group or person keep it. A link on a number does not: it
// leads to the groups that the number counts.

import { parameters } from './address.js';

/** The names of the parameters. */
export const PLACE = ['province', 'city'];

/** The parameter's value for groups without a place: a blank, which is no place's name. */
export const NO_PLACE = ' ';

/**
 * Returns the place in an address: { province, city }, each null if the address does not name it.
 */
export function currentPlace(query = parameters()) {
    return Object.fromEntries(PLACE.map((name) => [name, query.get(name)]));
}

/** Returns the parameters that select the groups of exactly this row's place. */
export function placeOf({ province, city }) {
    return { province: province ?? NO_PLACE, city: city ?? NO_PLACE };
}

/** Returns city and province in words; empty if neither is known. */
export function placeWords({ city, province }) {
    return [city, province].filter((part) => part && part !== NO_PLACE).join(', ');
}
