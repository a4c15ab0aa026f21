// The list of one tab of "To contact": its rows, the contact states with their counts, the filters,
// and the members to ask.

import { readRows } from '../lib/api.js';
import { h } from '../lib/dom.js';
import { CHANCES } from '../list/filters.js';
import { courseNames, createList } from '../list/list.js';
import { LAZY_PLACES, placeChoices } from '../list/place-choices.js';
import { text } from '../text/index.js';
import { BY, facilitatorHeading, facilitatorsFirst, groupsAcrossPages } from './grouping.js';
import { readMembers } from './members.js';
import { createNotedLine } from './note.js';
import { allButtons, countStates, stateButtons } from './states.js';
import { TABS } from './tabs.js';

/**
 * How many groups are read at most to offer their facilitators as a choice. The search finds the
 * facilitators of all groups.
 */
const MOST_CHOICES = 5_000;

/** Makes the list of one tab in `element`. */
export function createContactList(element, { context, tab }) {
    const { view, words, fallback, filters, columns } = TABS[tab];
    const said = createNotedLine(() => region.reload());
    const query = { filters, search: ['group_name', 'facilitator_name'], key: 'group_id' };
    const region = createList(element, {
        ...query,
        context,
        view,
        fallback,
        caption: words().caption,
        columns: columns((saved) => said.show(saved)),
        choices: {
            course: courseNames,
            ...placeChoices(),
            facilitator: (signal) => facilitatorsOf(view, signal),
            chance: () => CHANCES.map((value) => [value, text.contact.chances(value)]),
            ...(filters.reason && { reason: null }),
        },
        lazy: [...LAZY_PLACES, 'facilitator'],
        ownFilters: ['state'],
        listens: [BY],
        leading: facilitatorsFirst,
        sections: facilitatorHeading,
        names: { facilitator: 'facilitator_name' },
        searchLabel: text.list.searchGroups,
        count: words().count,
        below: ({ rules }) => [
            h('p', { class: 'muted' }, words().rule(rules)),
            h('p', { class: 'muted' }, text.contact.chanceWhat),
        ],
        more: (state, rows, signal) => readMore(view, state, query, rows, signal),
        above: (state, more, shared) => [
            stateButtons(state, more.counts, shared),
            allButtons(view, state, query),
            said.element,
        ],
        empty: ({ rules }) =>
            typeof words().empty === 'function' ? words().empty(rules) : words().empty,
        isGood: true,
    });
    return region;
}

/**
 * Reads what the list shows beside its rows: the counts per contact state, the groups of those
 * facilitators who may have groups on other pages too, and the members to ask where no email
 * address is known.
 */
async function readMore(view, state, query, rows, signal) {
    const grouped = { ...query, leading: facilitatorsFirst };
    const [counts, across, members] = await Promise.all([
        countStates(view, state, query, rows, signal),
        groupsAcrossPages(view, state, grouped, rows, signal),
        rows.then((data) => readMembers(data.rows, signal)),
    ]);
    return { counts, across, members };
}

/**
 * Returns the facilitators of a list's groups as pairs of id and name, sorted by name, for a
 * choice.
 */
async function facilitatorsOf(view, signal) {
    const query = { select: 'facilitator_id,facilitator_name', limit: String(MOST_CHOICES) };
    const { rows } = await readRows(view, query, { signal });
    const led = rows.filter(({ facilitator_id: id }) => id);
    const names = new Map(led.map((row) => [row.facilitator_id, row.facilitator_name]));
    return [...names].sort((a, b) => a[1].localeCompare(b[1]));
}
