// Shows a group's contact state and its latest follow-up.

import { h, name } from '../lib/dom.js';
import { badge } from '../list/cells.js';
import { text } from '../text/index.js';

/** Returns the latest follow-up in words: its outcome, its day, and who noted it. */
export function lastFollowUp(row, format) {
    const { last_outcome: outcome, last_follow_up_on: day, last_noted_by: who } = row;
    const { outcomes, lastFollowUp: sentence, followUps } = text.contact;
    const isUnchecked = row.last_is_verified === false;
    return h(
        'span',
        { class: 'block' },
        name(sentence(outcomes[outcome] ?? outcome, format.day(day), who)),
        isUnchecked && h('span', { class: 'muted' }, ` (${followUps.unverified})`),
    );
}

/** Shows the group's contact state, its latest follow-up, and when to contact it again. */
export function contactState(row, format) {
    const { contact_state: state, last_outcome: outcome, next_on: next } = row;
    const words = text.contact;
    return [
        badge(words.states[state] ?? state, `contact-${String(state).toLowerCase()}`),
        outcome && lastFollowUp(row, format),
        next && h('span', { class: 'block' }, words.nextOn(format.day(next))),
        row.follow_ups > 1 &&
            h(
                'span',
                { class: 'block muted' },
                words.often(row.follow_ups, format.number(row.follow_ups)),
            ),
    ];
}
