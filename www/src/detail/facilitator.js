// One facilitator: who they are and how to reach them, their groups with the status of each, and
// all follow-ups about these groups.

import { readRow, readRows } from '../lib/api.js';
import { h, name } from '../lib/dom.js';
import { facilitatorsLink, groupsLink, memberLink } from '../lib/links.js';
import { isPlainAddress } from '../lib/mail.js';
import { createRegion, emptyNote } from '../lib/region.js';
import { contactActions, copyButton, emailLink } from '../contact/contact.js';
import { createFollowUps } from '../contact/follow-ups.js';
import { readMembers } from '../contact/members.js';
import { createNotedLine } from '../contact/note.js';
import { badge, missing } from '../list/cells.js';
import { courseColumn, placedGroupColumn, statusColumn } from '../list/columns.js';
import { LED_FILTERS, STATUSES } from '../list/filters.js';
import { createList } from '../list/list.js';
import { lifeBar } from '../charts/life-bar.js';
import { text } from '../text/index.js';
import { factList } from './facts.js';

/** Makes the regions of one facilitator's page. */
export function oneFacilitator(id, context) {
    const said = createNotedLine(() => notes.reload());
    const notes = createFollowUps(document.getElementById('notes'), {
        context,
        of: ['facilitator_id', `eq.${id}`],
        named: true,
        changed: () => notes.reload(),
        none: text.facilitator.noNotes,
    });
    return [
        createRegion(document.getElementById('person'), {
            context,
            load: (_, signal) => loadPerson(id, signal),
            empty: ({ person }) => unlessKnown(person, id),
            render: showPerson,
        }),
        ledList(id, context, said),
        notes,
    ];
}

/** Reads the facilitator, and a few columns of each of their groups. */
async function loadPerson(id, signal) {
    const select =
        'group_id,group_name,course_name,status,last_meeting_date,max_episode_reached,' +
        'max_episodes,facilitator_contact';
    const query = { facilitator_id: `eq.${id}` };
    const [person, led] = await Promise.all([
        readRow('facilitators', query, { signal }),
        readRows(
            'group_status',
            { ...query, select, order: 'group_name.asc,group_id.asc' },
            { signal },
        ),
    ]);
    return { person, groups: led.rows };
}

/**
 * Returns the words for an id that no facilitator has, and hides the sections below. Returns false
 * for a known facilitator.
 */
function unlessKnown(person, id) {
    for (const section of document.querySelectorAll('main .one ~ .one')) section.hidden = !person;
    if (person) return false;
    const all = h('a', { href: facilitatorsLink() }, text.facilitator.all);
    return [emptyNote([text.facilitator.unknown, ' ', name(id)]), h('p', {}, all)];
}

/** Shows the facilitator's name as the heading and their facts, one line per fact. */
function showPerson({ person, groups }, shared) {
    const words = text.facilitator;
    const { format } = shared;
    const deleted = person.is_deleted && [' ', badge(text.words.deleted)];
    const title = document.getElementById('person-title');
    title.replaceChildren(...[name(person.facilitator_name), deleted].flat().filter(Boolean));
    const page = text.pages.facilitators.title;
    document.title = `${person.facilitator_name} · ${page} · ngeShare analytics`;
    const day = (value, why) =>
        value ? h('time', { datetime: value }, format.day(value)) : missing(why);
    const member = person.member_since && [
        day(person.member_since),
        ' ',
        h('a', { href: memberLink(person.facilitator_id) }, words.asMember),
    ];
    return [
        h('p', {}, h('a', { href: facilitatorsLink() }, words.all)),
        factList([
            [text.columns.facilitator_contact, contactFact(person, groups)],
            [text.columns.groups_led, ledFact(person, shared)],
            ...STATUSES.map((status) => statusFact(status, person, groups, shared)),
            [text.columns.is_active, person.is_active ? text.table.yes : text.table.no],
            [text.columns.facilitator_since, day(person.facilitator_since)],
            [text.columns.current_facilitator_since, day(person.current_facilitator_since)],
            [text.columns.member_since, member ?? missing(text.missing.member_since)],
        ]),
        aboutStalled(person, groups, shared),
    ];
}

/**
 * Returns the address to write to: the one in the rows of their groups, else their name if it is an
 * email address.
 */
function addressOf({ facilitator_name: who }, groups) {
    const address = groups.find((group) => group.facilitator_contact)?.facilitator_contact;
    return address ?? (isPlainAddress(who) ? who : null);
}

function contactFact(person, groups) {
    const address = addressOf(person, groups);
    if (!address) return missing(text.missing.facilitator_contact);
    return h('span', { class: 'contact' }, name(address), ' ', copyButton(address, 'person'));
}

const figureLink = (key, value, href, { format }) =>
    h('a', { href, 'data-focus': key }, h('span', { 'data-figure': key }, format.number(value)));

/** Shows how many groups they lead or led, as a link to these groups. */
const ledFact = ({ facilitator_id: id, groups_led: led }, shared) =>
    figureLink('groups_led', led, groupsLink({ facilitator: id }), shared);

/** Shows how many of their groups have this status, as a link to them. */
function statusFact(status, { facilitator_id: id }, groups, shared) {
    const count = groups.filter((group) => group.status === status).length;
    const label = text.facilitator.statuses[status];
    return [label, figureLink(status, count, groupsLink({ facilitator: id, status }), shared)];
}

/** Makes the link that writes one message about all of their stalled groups. */
function aboutStalled(person, groups, shared) {
    const stalled = groups.filter(({ status }) => status === 'STALLED');
    if (stalled.length === 0) return null;
    const count = shared.format.number(stalled.length);
    const words = text.facilitator.emailStalled(stalled.length, count);
    const link = emailLink(addressOf(person, groups), stalled, shared, { words, id: 'stalled' });
    return link && h('p', { class: 'all-buttons' }, link);
}

/** Makes the list of their groups, the latest first, each with a bar of its life so far. */
function ledList(id, context, said) {
    return createList(document.getElementById('led'), {
        context,
        prefix: 'led_',
        view: 'group_status',
        always: [['facilitator_id', `eq.${id}`]],
        caption: text.facilitator.groups,
        key: 'group_id',
        fallback: { column: 'started_on', direction: 'desc' },
        columns: [
            placedGroupColumn(),
            courseColumn(),
            statusColumn(),
            { name: 'progress_pct', type: 'percent' },
            { name: 'started_on', type: 'day' },
            {
                name: 'life',
                label: text.facilitator.life,
                sortable: false,
                minor: true,
                cell: (row, shared) => lifeBar(row, shared.more.first, shared),
            },
            { name: 'last_meeting_date', type: 'day' },
            { name: 'member_count', type: 'number', minor: true },
            {
                name: 'actions',
                sortable: false,
                kind: 'act',
                cell: (row, shared) =>
                    row.status !== 'GRADUATED' && contactActions(row, shared, said.show),
            },
        ],
        filters: LED_FILTERS,
        choices: { status: null },
        more: (_, rows, signal) => readMore(id, rows, signal),
        above: () => said.element,
        count: text.groupsPage.count,
        empty: () => text.facilitator.noGroups,
    });
}

/**
 * Reads the day on which the first of their groups started, which is the first day of the scale of
 * all bars, and the members to ask where no email address is known.
 */
async function readMore(id, rows, signal) {
    const query = { facilitator_id: `eq.${id}`, select: 'started_on', order: 'started_on.asc' };
    const [first, members] = await Promise.all([
        readRow('group_status', { ...query, limit: 1 }, { signal }),
        rows.then((data) => readMembers(data.rows, signal)),
    ]);
    return { first: first?.started_on ?? null, members };
}
