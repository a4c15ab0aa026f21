// The note on pages about all places, shown while the lists of groups are limited to one place.

import { addressOf, parameters } from '../lib/address.js';
import { h, name } from '../lib/dom.js';
import { currentPlace, PLACE, placeWords } from '../lib/place.js';
import { text } from '../text/index.js';

/** Returns this page's address without the place. */
function withoutPlace() {
    const kept = [...parameters()].filter(([key]) => !PLACE.includes(key));
    return addressOf(location.pathname, Object.fromEntries(kept));
}

/** Says below the title which place the lists are limited to, with a button back to all places. */
export function showPlaceNote() {
    const place = currentPlace();
    if (!place.province && !place.city) return;
    const all = h(
        'button',
        { type: 'button', class: 'small', onclick: () => location.assign(withoutPlace()) },
        text.places.all,
    );
    const shown = h('strong', {}, name(placeWords(place) || text.places.none));
    const note = h('p', { class: 'place-note' }, text.places.elsewhere, ' ', shown, ' ', all);
    document.querySelector('main .lead').after(note);
}
