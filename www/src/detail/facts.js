// What is known of one thing, a name and a value a line.

import { h } from '../lib/dom.js';

/** A list of facts: [label, value]; missing ones are left out. */
export function factList(facts) {
    const lines = facts
        .filter(Boolean)
        .map(([label, value]) => h('div', {}, h('dt', {}, label), h('dd', {}, value)));
    return h('dl', { class: 'facts' }, lines);
}
