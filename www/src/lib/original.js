// Messages of the database and the API, which are in English. A page in another language says what
// they mean in its own words, and keeps the original for the administrators.

import { h, name } from './dom.js';
import { language, text } from '../text/index.js';

/** Shows such a message: as it is on an English page, else hidden until the reader opens it. */
export function original(words) {
    const said = h('span', { lang: 'en' }, name(words));
    if (language === 'en') return said;
    return h('details', { class: 'original' }, h('summary', {}, text.region.original), said);
}
