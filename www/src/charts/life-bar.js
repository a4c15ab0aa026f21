// A group's life as a bar in a table's cell: from its start to its graduation, or to its last
// meeting, on a scale that all rows share.

import { svg } from '../lib/dom.js';
import { text } from '../text/index.js';

const DAY_MS = 86_400_000;
const HEIGHT = 12;
/** The width of the shortest bar, in percent. */
const SHORTEST = 1.5;
const TONES = {
    ACTIVE: 'active',
    STALLED: 'stalled',
    GRADUATED: 'graduated',
    NOT_STARTED: 'waiting',
};

const number = (day) => Date.parse(`${day}T00:00:00Z`) / DAY_MS;

/** Returns where a bar begins and how wide it is, in percent of the time from `first` to `last`. */
export function spanOf(
    { started_on: start, graduated_on: end, last_meeting_date: met },
    first,
    last,
) {
    const whole = Math.max(number(last) - number(first), 1);
    const share = (day) =>
        Math.min(Math.max((100 * (number(day) - number(first))) / whole, 0), 100);
    const [from, to] = [share(start), share(end ?? met ?? start)];
    const width = Math.max(to - from, SHORTEST);
    return { from: Math.min(from, 100 - width), width };
}

/** Draws the bar of a row of group_status; `first` is the first day of the scale. */
export function lifeBar(row, first, { format, home }) {
    const { from, width } = spanOf(row, first, home.as_of_day);
    const end = row.graduated_on ?? row.last_meeting_date;
    const words = text.facilitator.lifeOf(format.day(row.started_on), end && format.day(end));
    const bar = { height: String(HEIGHT), rx: '3' };
    return svg(
        'svg',
        {
            class: 'drawing life',
            width: '100%',
            height: String(HEIGHT),
            role: 'img',
            'aria-label': words,
        },
        svg('title', {}, words),
        svg('rect', { class: 'track', width: '100%', ...bar }),
        svg('rect', {
            class: `fill tone-${TONES[row.status]}`,
            x: `${from}%`,
            width: `${width}%`,
            ...bar,
        }),
    );
}
