// A group's meetings over time: which episode each reached, and the silences between them.

import { column } from '../list/cells.js';
import { drawing, figure, percent } from './charts.js';
import { dayAfter } from '../lib/days.js';
import { h, svg } from '../lib/dom.js';
import { text } from '../text/index.js';

const TOP = 24;
const HEIGHT = 150;
const BOTTOM = 26;
/** The margin at both ends, as a share of the width, so that no mark is cut off. */
const EDGE = 0.025;

/**
 * Makes the drawing and its table. `group` is the group's row of group_status, `meetings` are its
 * rows of group_meetings in the order of time.
 */
export function timeline({ group, meetings, shared }) {
    const days = new Set(meetings.map((row) => row.meeting_date)).size;
    const steps = meetings.filter((row) => row.is_milestone).length;
    const { format } = shared;
    const finding = text.timeline.finding({
        days: [days, format.number(days)],
        first: format.day(meetings[0].meeting_date),
        last: format.day(meetings.at(-1).meeting_date),
        steps: [steps, format.number(steps)],
        reached: format.number(group.max_episode_reached),
        whole: format.number(group.max_episodes),
    });
    return figure({
        finding,
        kind: 'timeline',
        legend: legend(new Set(meetings.map(kindOf))),
        drawing: draw({ group, meetings, last: lastDay(group, meetings, shared), format, finding }),
        table: {
            columns: COLUMNS().map(column),
            rows: meetings,
            rowKey: 'meeting_date',
            shared,
            caption: text.groupsPage.timeline,
        },
    });
}

/** Returns the columns of the table below the drawing. */
const COLUMNS = () =>
    [
        { name: 'meeting_date', type: 'day', label: text.timeline.day },
        {
            name: 'episode',
            type: 'number',
            label: text.timeline.episode,
            missing: text.timeline.noEpisode,
        },
        {
            name: 'episode_title',
            type: 'name',
            label: text.timeline.title,
            missing: text.timeline.noEpisode,
        },
        { name: 'attendances', type: 'number', label: text.timeline.attendances },
        { name: 'is_milestone', type: 'yesNo', label: text.timeline.milestone },
        { name: 'is_own', type: 'yesNo', label: text.timeline.own },
    ].map((spec) => ({ ...spec, sortable: false }));

/** Returns what a meeting was for the group; this decides the shape of its mark. */
function kindOf({ is_milestone: milestone, is_own: own }) {
    if (milestone) return 'milestone';
    return own ? 'own' : 'foreign';
}

/**
 * Draws a meeting's mark around a point: a disc, a ring or a square, so that not only the colour
 * tells them apart.
 */
function mark(kind, x, y, title) {
    const said = title && svg('title', {}, title);
    if (kind === 'foreign') {
        return svg(
            'rect',
            {
                class: 'mark foreign',
                x,
                y: String(y - 4),
                width: '8',
                height: '8',
                transform: 'translate(-4 0)',
            },
            said,
        );
    }
    return svg(
        'circle',
        { class: `mark ${kind}`, cx: x, cy: String(y), r: kind === 'milestone' ? '5.5' : '4' },
        said,
    );
}

/** Makes the legend of those marks that the drawing contains. */
function legend(kinds) {
    const entry = (kind) =>
        h(
            'li',
            {},
            svg(
                'svg',
                { class: 'swatch', width: '14', height: '14', 'aria-hidden': 'true' },
                mark(kind, '7', 7),
            ),
            text.timeline.marks[kind],
        );
    return h(
        'ul',
        { class: 'legend' },
        ['milestone', 'own', 'foreign'].filter((kind) => kinds.has(kind)).map(entry),
    );
}

/**
 * Returns the last day of the drawing: the day of the answers if the group is active; else the day
 * on which the group's last meeting stopped counting as activity, if that is earlier.
 */
function lastDay({ status }, meetings, { home, rules }) {
    if (status === 'ACTIVE') return home.as_of_day;
    const ended = dayAfter(meetings.at(-1).meeting_date, rules.active_days);
    return ended < home.as_of_day ? ended : home.as_of_day;
}

/**
 * Draws days from left to right and episodes upwards: a step for each meeting that reached a new
 * episode, a mark for each meeting, and a line at the course's last episode.
 */
function draw({ group, meetings, last, format, finding }) {
    const end = [last, meetings.at(-1).meeting_date].sort().at(-1);
    const x = scaleOf(meetings[0].meeting_date, end);
    const top = Math.max(group.max_episodes, ...meetings.map((row) => row.episode ?? 0), 1);
    const y = (episode) =>
        Math.round(TOP + HEIGHT * (1 - Math.min(Math.max(episode ?? 0, 0), top) / top));
    const goal = String(y(group.max_episodes));
    const base = String(TOP + HEIGHT);
    const label = (words, place, row, anchor = 'start') =>
        svg('text', { class: 'below', x: place, y: String(row), 'text-anchor': anchor }, words);
    const parts = [
        svg('line', { class: 'axis', x1: '0', x2: '100%', y1: base, y2: base }),
        svg('line', { class: 'goal', x1: '0', x2: '100%', y1: goal, y2: goal }),
        label(text.timeline.goal(format.number(group.max_episodes)), '0', Number(goal) - 7),
        stairs(meetings, x, y, percent(1 - EDGE)),
        meetings.map((row) =>
            mark(
                kindOf(row),
                x(row.meeting_date),
                y(row.is_own ? row.episode : 0),
                meetingWords(row, format),
            ),
        ),
        label(format.day(meetings[0].meeting_date), '0', TOP + HEIGHT + 18),
        label(format.day(end), '100%', TOP + HEIGHT + 18, 'end'),
    ];
    const picture = drawing(finding, TOP + HEIGHT + BOTTOM, ...parts.flat());
    picture.setAttribute('role', 'img');
    return picture;
}

/** Returns a function that gives a day's horizontal position between the first day and the last. */
function scaleOf(first, last) {
    const [from, to] = [first, last].map((day) => Date.parse(`${day}T00:00:00Z`));
    return (day) =>
        percent(
            EDGE +
                (1 - 2 * EDGE) *
                    (to > from ? (Date.parse(`${day}T00:00:00Z`) - from) / (to - from) : 0),
        );
}

/** Draws the furthest episode over time as stairs, up to the right edge `end`. */
function stairs(meetings, x, y, end) {
    const steps = meetings.filter((row) => row.is_milestone);
    return steps.flatMap((row, i) => {
        const [from, level] = [x(row.meeting_date), String(y(row.episode))];
        const before = String(i === 0 ? TOP + HEIGHT : y(steps[i - 1].episode));
        const until = i + 1 < steps.length ? x(steps[i + 1].meeting_date) : end;
        return [
            svg('line', { class: 'stair', x1: from, x2: from, y1: before, y2: level }),
            svg('line', { class: 'stair', x1: from, x2: until, y1: level, y2: level }),
        ];
    });
}

/** Returns one meeting in words, as the mark's tooltip. Users without a mouse have the table. */
function meetingWords(row, format) {
    const episode =
        row.episode === null
            ? text.timeline.noEpisode
            : text.timeline.episodeOf(format.number(row.episode), row.episode_title ?? '');
    return `${format.day(row.meeting_date)}: ${episode} (${text.timeline.marks[kindOf(row)]})`;
}
