// What a server says in its own words, which are English. A page in another language says the same
// in its words, and keeps the server's for those who look after it.

import { h, name } from './dom.js';
import { language, text } from '../text/index.js';

/** The server's words: in English as they are, else behind a word that opens them. */
export function original(words) {
    const said = h('span', { lang: 'en' }, name(words));
    if (language === 'en') return said;
    return h('details', { class: 'original' }, h('summary', {}, text.region.original), said);
}
