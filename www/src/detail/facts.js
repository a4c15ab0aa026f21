// The facts about one thing, such as a group or a run, one line per fact.

import { h } from '../lib/dom.js';

/** Makes a list of facts, each [label, value]; null and false are left out. */
export function factList(facts) {
    const lines = facts
        .filter(Boolean)
        .map(([label, value]) => h('div', {}, h('dt', {}, label), h('dd', {}, value)));
    return h('dl', { class: 'facts' }, lines);
}
