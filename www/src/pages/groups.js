// The list of all groups, to search and to filter; numbers of groups on other pages link to it.
// With list=changes in the page's address, the groups that changed; with an id, this one group.

import { parameters } from '../lib/address.js';
import {
    courseColumn,
    facilitatorColumn,
    groupColumn,
    placedGroupColumn,
    statusColumn,
} from '../list/columns.js';
import { h } from '../lib/dom.js';
import { CHANGE_FILTERS, GROUP_FILTERS } from '../list/filters.js';
import { groupsLink } from '../lib/links.js';
import { oneGroup } from '../detail/group.js';
import { courseNames, createList } from '../list/list.js';
import { LAZY_PLACES, placeChoices } from '../list/place-choices.js';
import { startPage } from '../shell/shell.js';
import { text } from '../text/index.js';

/** Shows the furthest episode that the group reached, below its progress. */
const furthest = ({ max_episode_reached: episode }, { format }) =>
    episode > 0 &&
    h('span', { class: 'block muted' }, text.dropOff.episode(format.number(episode)));

/** Makes the list of all groups. */
function allGroups(context) {
    return createList(document.getElementById('groups'), {
        context,
        view: 'group_status',
        caption: text.groupsPage.caption,
        key: 'group_id',
        reads: [
            'facilitator_id',
            'facilitator_is_deleted',
            'max_episode_reached',
            'city',
            'province',
        ],
        fallback: { column: 'group_name', direction: 'asc' },
        columns: [
            placedGroupColumn(),
            courseColumn(),
            statusColumn(),
            { name: 'progress_pct', type: 'percent', after: furthest },
            { name: 'started_on', type: 'day', minor: true },
            { name: 'last_meeting_date', type: 'day' },
            { name: 'days_inactive', type: 'number' },
            { name: 'total_meetings', type: 'number', minor: true },
            { name: 'graduated_on', type: 'day', minor: true },
            { name: 'member_count', type: 'number', minor: true },
            { ...facilitatorColumn(), kind: 'who' },
        ],
        filters: GROUP_FILTERS,
        choices: { course: courseNames, status: null, ...placeChoices() },
        lazy: LAZY_PLACES,
        names: { facilitator: 'facilitator_name' },
        search: ['group_name', 'facilitator_name'],
        searchLabel: text.list.searchGroups,
        count: text.groupsPage.count,
        empty: () => text.groupsPage.empty,
    });
}

/** Returns a column with a status as a word. A group that is new had none seven days ago. */
const statusWord = (field) => ({
    name: field,
    type: 'word',
    words: text.groupStatuses,
    missing: text.missing.status_before,
    showMissing: true,
});

/** Makes the list of the groups whose status changed in the last seven days. */
function changedGroups(context) {
    const words = text.changesPage;
    return createList(document.getElementById('groups'), {
        context,
        view: 'status_changes',
        caption: words.caption,
        key: 'group_id',
        fallback: { column: 'changed_on', direction: 'desc' },
        columns: [
            groupColumn(),
            courseColumn(),
            { name: 'change', type: 'word', words: text.changeKinds },
            { name: 'changed_on', type: 'day' },
            statusWord('status_before'),
            statusWord('status_after'),
            { ...facilitatorColumn(), kind: 'who' },
        ],
        filters: CHANGE_FILTERS,
        choices: { change: null, course: courseNames },
        names: { facilitator: 'facilitator_name' },
        search: ['group_name', 'facilitator_name'],
        searchLabel: text.list.searchGroups,
        count: text.groupsPage.count,
        note: () => [
            h('p', {}, h('a', { href: groupsLink() }, text.groupsPage.all)),
            h('p', { class: 'muted' }, words.rule),
        ],
        empty: () => words.empty,
    });
}

/** Keeps either the sections about one group or the list of all groups, and removes the other. */
function keepParts(one) {
    for (const section of document.querySelectorAll(one ? '#groups' : 'main .one'))
        section.remove();
}

const id = parameters().get('id');
const isChanges = parameters().get('list') === 'changes';
startPage(
    ({ context }) => {
        keepParts(id);
        if (id) return oneGroup(id, context);
        return [isChanges ? changedGroups(context) : allGroups(context)];
    },
    { placed: !id && !isChanges },
);
