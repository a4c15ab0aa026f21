// One member's way through the curriculum: how far they came in each course, and all groups that
// they were in.

import { readRow, readRows } from '../lib/api.js';
import { badge, column, missing } from '../list/cells.js';
import { courseColumn, facilitatorColumn, groupColumn, statusColumn } from '../list/columns.js';
import { dayIn } from '../lib/days.js';
import { h, name, nameTab } from '../lib/dom.js';
import { factList } from './facts.js';
import { facilitatorLink, pageLink } from '../lib/links.js';
import { courseNames } from '../list/list.js';
import { createRegion, emptyNote } from '../lib/region.js';
import { createTable } from '../list/table.js';
import { text } from '../text/index.js';

/**
 * How far a member can come in a course, the furthest first, with the colour of the badge.
 * `holds(row)` tells whether the row, one of the member's groups of the course, shows that the
 * member came this far.
 */
const PLACES = [
    { key: 'completed', tone: 'group-graduated', holds: (row) => row.is_completed },
    { key: 'underWay', tone: 'group-active', holds: (row) => row.status === 'ACTIVE' },
    { key: 'stalled', tone: 'group-stalled', holds: (row) => row.status === 'STALLED' },
    { key: 'notStarted', tone: null, holds: (row) => row.status === 'NOT_STARTED' },
    { key: 'joinedLate', tone: null, holds: (row) => row.status === 'GRADUATED' },
];

const isMember = (row) => row.role.includes('MEMBER');
const leads = (row) => row.role.includes('FACILITATOR');

/** Makes the region with one user's way through the curriculum in `element`. */
export function createJourney(element, { context, id }) {
    return createRegion(element, {
        context,
        load: (_, signal) => loadJourney(id, signal),
        render: (journey, shared) => [
            h('p', {}, h('a', { href: pageLink('/members.html') }, text.journey.all)),
            journey.groups ? shown(journey, shared) : emptyNote(text.journey.unknown(id)),
        ],
    });
}

/** Shows a known user: their name, how far they came, and their groups. */
function shown(journey, shared) {
    const some = journey.groups.length > 0;
    return [
        heading(journey),
        facts(journey, shared),
        some ? [courses(journey, shared), groups(journey, shared)] : emptyNote(text.journey.empty),
    ];
}

/**
 * Reads the user's groups in the order of joining, their row of api.members, and the names of all
 * courses. `groups` is null for an unknown user.
 */
async function loadJourney(id, signal) {
    const [groups, member, curriculum] = await Promise.all([
        readGroups(id, signal),
        readRow('members', { user_id: `eq.${id}` }, { signal }),
        courseNames(signal),
    ]);
    return { id, groups, member, person: member ?? (await readLeader(id, signal)), curriculum };
}

/** Reads the user's groups; null if the API says that there is no such user on this day. */
async function readGroups(id, signal) {
    try {
        const { rows } = await readRows(
            'rpc/member_journey',
            { user_id: id, order: 'joined_at.asc,group_id.asc' },
            { signal },
        );
        return rows;
    } catch (error) {
        if (error.code === 'NG404') return null;
        throw error;
    }
}

/** Reads the name of a user who is not in api.members: as a facilitator's name, else the id. */
async function readLeader(id, signal) {
    const leader = await readRow('facilitators', { facilitator_id: `eq.${id}` }, { signal });
    return { user_name: leader?.facilitator_name ?? id, is_deleted: leader?.is_deleted ?? false };
}

function heading({ person }) {
    nameTab(person.user_name);
    return h(
        'h2',
        { class: 'person' },
        name(person.user_name),
        person.is_deleted && [' ', badge(text.words.deleted)],
    );
}

/** Shows how far the user came: numbers of groups and courses, and the current course. */
function facts({ id, member, groups }, { format }) {
    const words = text.journey;
    const figure = (field, value) => h('span', { 'data-figure': field }, format.number(value));
    const led = groups.filter(leads).length;
    const course = member?.current_course;
    return factList([
        member && [text.columns.groups_joined, figure('groups_joined', member.groups_joined)],
        member && [
            text.columns.courses_completed,
            figure('courses_completed', member.courses_completed),
        ],
        member && [
            text.columns.current_course,
            course === null ? text.missing.current_course : name(course),
        ],
        led > 0 && [
            words.leads,
            [figure('led', led), ' ', h('a', { href: facilitatorLink(id) }, words.asFacilitator)],
        ],
    ]);
}

/** Lists the courses in their order, each with how far the user came in it. */
function courses({ groups, curriculum }, { format }) {
    const item = (course) => {
        const own = groups.filter((row) => row.course_name === course);
        const leading = own.some(leads) && [' ', badge(text.journey.leading)];
        return h(
            'li',
            { 'data-course': course },
            name(course),
            ' ',
            placeOf(own.filter(isMember), format),
            leading,
        );
    };
    return h('ol', { class: 'steps', 'aria-label': text.journey.courses }, curriculum.map(item));
}

/**
 * Returns a badge that says how far the user came in a course, from their groups of this course.
 */
function placeOf(rows, format) {
    const words = text.journey.places;
    for (const { key, tone, holds } of PLACES) {
        const row = rows.find(holds);
        if (row)
            return badge(
                words[key]({
                    day: format.day(row.graduated_on),
                    percent: format.percent(row.progress_pct),
                }),
                tone,
            );
    }
    return h('span', { class: 'muted' }, words.none);
}

/** Shows the day of joining, in the reporting zone. */
function joinedCell({ joined_at: joined }, { format }) {
    return joined === null
        ? missing(text.journey.joinedAtNoTime)
        : h('time', { datetime: joined }, format.day(dayIn(format.zone, joined)));
}

/** Makes the table of the user's groups, in the order of joining. */
function groups({ groups: rows }, shared) {
    const words = text.journey;
    const columns = [
        groupColumn(),
        courseColumn(),
        { name: 'role', label: words.role, type: 'word', words: words.roles },
        { name: 'joined_at', label: words.joined, cell: joinedCell },
        statusColumn(),
        { name: 'progress_pct', type: 'percent' },
        { name: 'graduated_on', type: 'day' },
        { name: 'is_completed', label: words.completed, type: 'yesNo' },
        facilitatorColumn(),
    ].map((spec) => column({ ...spec, sortable: false }));
    const table = createTable({ caption: words.caption, columns, rowKey: 'group_id' });
    table.update(rows, { shared });
    return [table.element, h('p', { class: 'muted' }, words.rule)];
}
