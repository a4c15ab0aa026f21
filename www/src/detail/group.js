// One group: its facts, why it has its status, its meetings, its people, and the groups before and
// after it.

import { readRow, readRows } from '../lib/api.js';
import { anomalyDetail } from '../list/anomaly.js';
import { badge, column, missing } from '../list/cells.js';
import { statusColumn } from '../list/columns.js';
import { addressOf, contactActions, facilitatorCell } from '../contact/contact.js';
import { createFollowUps } from '../contact/follow-ups.js';
import { contactState } from '../contact/latest.js';
import { createNotedLine } from '../contact/note.js';
import { h, name, nameTab } from '../lib/dom.js';
import { isPlainAddress } from '../lib/mail.js';
import { factList } from './facts.js';
import { ROSTER_FILTERS } from '../list/filters.js';
import { NOTHING } from '../lib/format.js';
import { fileLink } from '../list/file.js';
import { createList } from '../list/list.js';
import {
    atRiskLink,
    facilitatorLink,
    groupLink,
    groupsLink,
    memberLink,
    pageLink,
    qualityLink,
    rescueLink,
} from '../lib/links.js';
import { original } from '../lib/original.js';
import { placeOf, placeWords } from '../lib/place.js';
import { createRegion, emptyNote } from '../lib/region.js';
import { createTable } from '../list/table.js';
import { text } from '../text/index.js';
import { timeline } from '../charts/timeline.js';

/** Makes the regions of one group's page. */
export function oneGroup(id, context) {
    const words = text.groupsPage;
    const part = (element, spec) =>
        createRegion(document.getElementById(element), { context, ...spec });
    const mine = shareRead(() => readRow('group_status', { group_id: `eq.${id}` }));
    const kin = shareRead(() => readKin(id));
    const notes = createFollowUps(document.getElementById('notes'), {
        context,
        of: ['group_id', `eq.${id}`],
        changed: () => notes.reload(),
    });
    const said = createNotedLine(() => notes.reload());
    return [
        part('facts', {
            load: (_, signal) => loadFacts(id, mine, signal),
            empty: (data, shared) => unlessKnown(data, id, shared),
            render: (data, shared) => showFacts(data, shared, said),
        }),
        notes,
        part('why', {
            load: (_, signal) =>
                together({
                    group: mine(),
                    told: readTold(id, signal),
                    kin: kin(),
                    odd: readOdd(id, signal),
                }),
            empty: ({ told }) => told === null && emptyNote(words.unknownShort),
            render: showWhy,
        }),
        part('timeline', {
            load: (_, signal) => together({ group: mine(), meetings: readMeetings(id, signal) }),
            empty: ({ meetings }) => meetings.length === 0 && emptyNote(words.neverMet),
            render: showTimeline,
        }),
        rosterList(id, context),
        part('kin', { load: kin, render: showKin }),
    ];
}

/** Waits for several reads at once. Returns their results under the same names. */
async function together(reads) {
    const names = Object.keys(reads);
    const read = await Promise.all(Object.values(reads));
    return Object.fromEntries(names.map((key, i) => [key, read[i]]));
}

/** Makes a read that is done once for all calls at the same time; a later call reads again. */
function shareRead(read) {
    let pending = null;
    return () => {
        pending ??= read();
        queueMicrotask(() => (pending = null));
        return pending;
    };
}

/** The list of "To contact" that may have a group of this status. */
const LISTS = {
    STALLED: { view: 'rescue_list', words: () => text.contact.rescue, link: rescueLink },
    ACTIVE: { view: 'at_risk', words: () => text.contact.atRisk, link: atRiskLink },
};

/**
 * Reads the group's row, its row in a list of "To contact", the number of its MEMBER records, and
 * the member to ask if the facilitator has no email address, or a wrong one.
 */
async function loadFacts(id, mine, signal) {
    const [group, members] = await Promise.all([
        mine(),
        readRows(
            'member_roster',
            { group_id: `eq.${id}`, role: 'eq.MEMBER', select: 'role', limit: 1 },
            { signal, count: true },
        ),
    ]);
    const list = LISTS[group?.status];
    const listed = list && (await readRow(list.view, { group_id: `eq.${id}` }, { signal }));
    const asked =
        group &&
        !isPlainAddress(addressOf(listed ?? group)) &&
        (await readRow('regular_member', { group_id: `eq.${id}` }, { signal }));
    return { group, listed, members: members.total, regular: new Map(asked ? [[id, asked]] : []) };
}

/**
 * Returns the words for an id that no group has, and hides the sections below. Returns false for a
 * known group.
 */
function unlessKnown({ group }, id, { format, home }) {
    for (const section of document.querySelectorAll('main .one ~ .one')) section.hidden = !group;
    if (group) return false;
    const words = text.groupsPage;
    return h(
        'div',
        { class: 'empty', 'data-state': 'missing' },
        h('p', {}, h('strong', {}, words.unknown(format.day(home.as_of_day))), ' ', name(id)),
        h('p', {}, words.unknownWhy),
        h('p', {}, h('a', { href: groupsLink() }, words.all)),
    );
}

/** Shows the group's name as the heading and its facts, one line per fact. */
function showFacts({ group, listed, members, regular }, { format, rules }, said) {
    const words = text.groupsPage;
    document.getElementById('group-title').replaceChildren(name(group.group_name));
    nameTab(group.group_name);
    const day = (value, why) =>
        value ? h('time', { datetime: value }, format.day(value)) : missing(why);
    const figure = (key, value, href) => {
        const shown = h('span', { 'data-figure': key }, format.number(value));
        return href ? h('a', { href, 'data-focus': key }, shown) : shown;
    };
    const facts = [
        [text.columns.status, statusColumn().cell(group)],
        [
            text.columns.course_name,
            h('a', { href: groupsLink({ course: group.course_name }) }, name(group.course_name)),
        ],
        [
            text.columns.progress_pct,
            [
                format.percent(group.progress_pct),
                ' ',
                h('span', { class: 'muted' }, episodesOf(group, format)),
            ],
        ],
        [text.columns.started_on, day(group.started_on)],
        [
            text.columns.last_meeting_date,
            day(group.last_meeting_date, text.missing.last_meeting_date),
        ],
        [text.columns.days_inactive, figure('days_inactive', group.days_inactive)],
        [
            text.columns.total_meetings,
            figure(
                'total_meetings',
                group.total_meetings,
                group.total_meetings > 0 && '#timeline-title',
            ),
        ],
        [text.columns.graduated_on, day(group.graduated_on, text.missing.graduated_on)],
        group.days_to_graduate !== null && [
            text.columns.days_to_graduate,
            figure('days_to_graduate', group.days_to_graduate),
        ],
        [
            text.columns.member_count,
            [
                figure('member_count', group.member_count, membersLink(group, members)),
                ' ',
                bothRoles(group, members),
            ],
        ],
        [text.columns.facilitator_name, facilitatorCell(group)],
        [text.places.place, placeFact(group)],
    ];
    return [
        h('p', {}, h('a', { href: groupsLink() }, words.all)),
        h('p', { class: 'status-reason' }, words.reasons[reasonOf(group)](group, format, rules)),
        listed && toContact(group, listed, format),
        group.status !== 'GRADUATED' &&
            contactActions(
                { ...listed, ...group },
                { format, more: { members: regular } },
                said.show,
            ),
        said.element,
        factList(facts),
    ];
}

/** Shows which list of "To contact" the group is on, why, and its latest follow-up. */
function toContact(group, row, format) {
    const { words, link } = LISTS[group.status];
    const days = row.days_until_stalled;
    const chance = row.resume_28_days_pct;
    const told = [
        row.reason && (text.riskReasons[row.reason] ?? row.reason),
        days !== undefined && text.home.stalls(days, format.number(days)),
        `${text.columns.resume_28_days_pct}: ` +
            (chance === null ? text.contact.chanceUnknown : format.percent(chance)),
    ].filter(Boolean);
    return h(
        'p',
        { id: 'to-contact' },
        h('a', { href: link(), 'data-focus': 'to-contact' }, h('strong', {}, words().tab)),
        ` · ${told.join(' · ')} `,
        contactState(row, format),
    );
}

/** Shows the group's place, as a link to all groups of this place. */
const placeFact = (group) =>
    placeWords(group)
        ? h('a', { href: groupsLink(placeOf(group)) }, name(placeWords(group)))
        : missing(text.places.none);

const episodesOf = (group, format) =>
    text.groupsPage.episodes(
        format.number(group.max_episode_reached),
        format.number(group.max_episodes),
    );

/** Returns the key of the sentence that says why the group has its status. */
function reasonOf({ status, last_meeting_date: last }) {
    return status === 'GRADUATED' || last ? status : `${status}_NEVER_MET`;
}

/** Links to the members in the roster; false if their number is 0 or differs from member_count. */
function membersLink(group, members) {
    const rows = pageLink('/groups.html', { id: group.group_id, people_role: 'MEMBER' });
    return members === group.member_count && members > 0 && `${rows}#roster-title`;
}

/**
 * Makes a note if some people are both a member and a facilitator of the group. They count as
 * facilitators only, so the roster has more members than member_count.
 */
function bothRoles(group, members) {
    const both = members - group.member_count;
    return both > 0 && h('span', { class: 'muted' }, text.groupsPage.bothRoles(both));
}

/** Reads the group's facts with their reasons; null if there is no such group. */
async function readTold(id, signal) {
    try {
        return (await readRows('rpc/explain_group', { group_id: id }, { signal })).rows;
    } catch (error) {
        if (error.kind === 'missing') return null;
        throw error;
    }
}

/** Reads the group's anomalies. */
async function readOdd(id, signal) {
    return (await readRows('anomalies', { group_id: `eq.${id}` }, { signal })).rows;
}

/** Facts that the table leaves out, because the facts above it show them already. */
const SAID_ABOVE = ['group_name', 'course_name'];

/** Makes the table of the group's facts with their reasons. */
function showWhy(known, shared) {
    const { group, told } = known;
    const { format } = shared;
    const words = text.groupsPage;
    const columns = [
        {
            name: 'fact',
            label: words.fact,
            sortable: false,
            cell: ({ fact }) => words.facts[fact] ?? text.columns[fact] ?? fact,
        },
        {
            name: 'value',
            label: words.value,
            sortable: false,
            cell: (row) => toldValue(row, group, format),
        },
        {
            name: 'because',
            label: words.because,
            sortable: false,
            wide: true,
            cell: (row) => reasonCell(row, known, shared),
        },
    ].map(column);
    const table = createTable({ caption: words.why, columns, titled: true });
    table.update(told.filter(({ fact }) => !SAID_ABOVE.includes(fact)));
    return table.element;
}

/**
 * Returns why a fact is so; for a fact that the page does not know, in the database's own words.
 */
function reasonCell({ fact, value, because }, { group, kin, odd }, { format, rules }) {
    const words = text.groupsPage;
    if (fact === 'anomaly') {
        const row = odd.find(({ kind }) => kind === value);
        return row ? name(anomalyDetail(row, format) ?? NOTHING) : original(because);
    }
    if (fact === 'status') return words.reasons[reasonOf(group)](group, format, rules);
    const link = { came_from: linkFrom, went_on_as: linkTo }[fact]?.(kin, value);
    if (link) return name(words.linked(linkWords(link, format)));
    const say = words.sentences[fact];
    return say ? say(groupWords(group, format, rules)) : original(because ?? NOTHING);
}

/**
 * Return the link from the earlier group `id`, and the link to the later group `id`, with that
 * group's course as `course`.
 */
const linkFrom = ({ before }, id) =>
    asKin(
        before.find((row) => row.group_a_id === id),
        'a',
    );
const linkTo = ({ after }, id) =>
    asKin(
        after.find((row) => row.group_b_id === id),
        'b',
    );
const asKin = (row, side) => row && { ...row, course: row[`course_${side}`] };

const linkWords = (row, format) => ({
    course: row.course,
    days: format.number(row.days_between),
    members: format.number(row.shared_member_count),
    percent: format.percent(row.overlap_pct),
});

/** Returns the values of the group that the sentences mention. */
const groupWords = (group, format, rules) => ({
    reached: format.number(group.max_episode_reached),
    whole: format.number(group.max_episodes),
    first: group.first_meeting_date && format.day(group.first_meeting_date),
    last: group.last_meeting_date && format.day(group.last_meeting_date),
    facilitator: group.facilitator_id,
    rescueFrom: rules.rescue_min_pct,
});

/** Returns the value of a fact in words, as a link if there is more about it. */
function toldValue({ fact, value }, group, format) {
    if (value === null)
        return missing(text.missing[fact === 'facilitator_id' ? 'facilitator_name' : fact]);
    if (fact === 'status') return text.groupStatuses[value] ?? value;
    if (fact === 'is_rescuable') return value === 'yes' ? text.table.yes : text.table.no;
    if (fact === 'started_on') return h('time', { datetime: value }, format.day(value));
    if (fact === 'progress_pct') return format.percent(Number(value));
    if (['total_meetings', 'member_count'].includes(fact)) return format.number(Number(value));
    if (fact === 'facilitator_id')
        return h('a', { href: facilitatorLink(value) }, name(group?.facilitator_name ?? value));
    if (['went_on_as', 'came_from'].includes(fact))
        return h('a', { href: groupLink(value) }, name(value));
    if (fact === 'anomaly')
        return h(
            'a',
            { href: qualityLink({ kind: value, group: group?.group_id }) },
            text.anomalyKinds[value] ?? value,
        );
    return name(value);
}

/** Reads the group's meetings in the order of time. */
async function readMeetings(id, signal) {
    const order = 'meeting_date.asc,episode.asc.nullslast,episode_id.asc';
    return (await readRows('group_meetings', { group_id: `eq.${id}`, order }, { signal })).rows;
}

/** Shows the meetings as a drawing with its table, and links to their file. */
function showTimeline({ group, meetings }, shared) {
    const query = [
        ['group_id', `eq.${group.group_id}`],
        ['order', 'meeting_date.asc,episode.asc.nullslast,episode_id.asc'],
    ];
    return [
        timeline({ group, meetings, shared }),
        h('div', { class: 'list-end' }, fileLink('group_meetings', query)),
    ];
}

/** Links to the page of a facilitator, or to the page of a member. */
const personLink = ({ role, user_id: id }) =>
    role === 'FACILITATOR' ? facilitatorLink(id) : memberLink(id);

/** Makes the list of the group's people. */
function rosterList(id, context) {
    const words = text.groupsPage;
    return createList(document.getElementById('roster'), {
        context,
        prefix: 'people_',
        view: 'member_roster',
        always: [['group_id', `eq.${id}`]],
        caption: words.roster,
        keys: ['role', 'user_name', 'user_id'],
        fallback: { column: 'joined_at', direction: 'asc' },
        columns: [
            {
                name: 'user_name',
                type: 'name',
                link: (row) => row.user_id && personLink(row),
                after: (row) => row.is_deleted && badge(text.words.deleted),
            },
            { name: 'role', label: words.role, type: 'word', words: text.roles },
            { name: 'joined_at', label: words.joined, type: 'instant' },
            { name: 'is_active', label: words.comes, type: 'yesNo', missing: words.comesUnknown },
        ],
        filters: ROSTER_FILTERS,
        choices: { role: null },
        count: words.people,
        empty: () => words.nobody,
    });
}

/** Reads the links to the groups that the group came from and to those that it went on as. */
async function readKin(id) {
    const order = 'days_between.asc,group_a_id.asc,group_b_id.asc';
    const [before, after] = await Promise.all([
        readRows('pipeline', { group_b_id: `eq.${id}`, order }),
        readRows('pipeline', { group_a_id: `eq.${id}`, order }),
    ]);
    return { before: before.rows, after: after.rows };
}

/** Shows both directions of the links, each as a table, or as a sentence if there are none. */
function showKin({ before, after }, shared) {
    const words = text.groupsPage;
    return [
        kinTable({
            id: 'came-from',
            title: words.cameFrom,
            none: words.cameFromNone,
            side: 'a',
            rows: before,
            shared,
        }),
        kinTable({
            id: 'went-on',
            title: words.wentOn,
            none: words.wentOnNone,
            side: 'b',
            rows: after,
            shared,
        }),
    ];
}

/** Makes the table of one direction: the earlier groups (side a) or the later groups (side b). */
function kinTable({ id, title, none, side, rows, shared }) {
    const words = text.funnel;
    const columns = [
        {
            name: `group_${side}_name`,
            type: 'name',
            label: text.columns.group_name,
            link: (row) => groupLink(row[`group_${side}_id`]),
        },
        { name: `course_${side}`, type: 'name', label: text.columns.course_name },
        { name: 'days_between', type: 'number', label: words.daysBetween },
        { name: 'shared_member_count', type: 'number', label: words.sharedMembers },
        { name: 'overlap_pct', type: 'percent', label: words.overlap },
    ].map((spec) => column({ ...spec, sortable: false }));
    const table = createTable({
        caption: title,
        columns,
        rowKey: `group_${side}_id`,
        titled: true,
    });
    table.update(rows, { shared });
    return h(
        'div',
        { id, class: 'part-of' },
        h('h3', {}, title),
        rows.length > 0 ? table.element : emptyNote(none),
    );
}
