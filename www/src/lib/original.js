// The server's own messages, which are in English. A page in another language has words of its own
// for them, and keeps the original for the administrators.

import { h, name } from './dom.js';
import { language, text } from '../text/index.js';

/** Shows the server's message: as it is on an English page, else hidden until it is opened. */
export function original(words) {
    const said = h('span', { lang: 'en' }, name(words));
    if (language === 'en') return said;
    return h('details', { class: 'original' }, h('summary', {}, text.region.original), said);
}
