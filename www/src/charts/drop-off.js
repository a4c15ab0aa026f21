// Where groups stop: the episodes of a course, each with the number of groups that stalled at it.
// The page's address says which course is shown.

import { changeAddress, parameters, watchAddress } from '../lib/address.js';
import { readRows } from '../lib/api.js';
import { column } from '../list/cells.js';
import { fileLink } from '../list/file.js';
import { columnChart } from './charts.js';
import { h } from '../lib/dom.js';
import { groupsLink } from '../lib/links.js';
import { createRegion, emptyNote } from '../lib/region.js';
import { text } from '../text/index.js';

const COURSE = 'course';

/**
 * Makes the region in `element`: a choice of the course, the chart with its table, and the link to
 * the file.
 */
export function createDropOff(element, { context }) {
    const select = h('select', { id: 'drop-off-course', onchange: () => choose(select.value) });
    const label = h('label', { class: 'field' }, h('span', {}, text.columns.course_name), select);
    const tools = h('div', { class: 'tools-row' }, label);

    function choose(course) {
        changeAddress({ [COURSE]: course });
    }

    /**
     * Fills the choice of courses. Returns the course to show: the one in the page's address, or
     * the first one if the address names none or an unknown one.
     */
    function chosen(rows) {
        const courses = [...new Set(rows.map((row) => row.course_name))];
        const asked = parameters().get(COURSE);
        const course = courses.includes(asked) ? asked : courses[0];
        select.replaceChildren(
            ...courses.map((value) => h('option', { value, selected: value === course }, value)),
        );
        return course;
    }

    function render(rows, shared) {
        const course = chosen(rows);
        const own = rows.filter((row) => row.course_name === course);
        const query = [
            ['course_name', `eq.${course}`],
            ['order', 'episode.asc'],
        ];
        return [
            tools,
            chart(course, own, shared),
            h('div', { class: 'list-end' }, fileLink('drop_off', query)),
        ];
    }

    const region = createRegion(element, {
        context,
        load: async (shared, signal) =>
            (await readRows('drop_off', [['order', 'sequence_order.asc,episode.asc']], { signal }))
                .rows,
        empty: (rows) => rows.length === 0 && emptyNote(text.funnel.empty),
        render,
    });
    watchAddress([COURSE], () => region.reload());
    return region;
}

/** Link to the groups that stalled at an episode, and to the groups that reached it. */
const stalledAt = (row) =>
    groupsLink({ course: row.course_name, status: 'STALLED', episode: row.episode });
const reached = (row) => groupsLink({ course: row.course_name, reached: row.episode });

/**
 * Returns the number of a row's stalled groups, this number as text, and its share of all stalled
 * groups.
 */
function stalledWords({ groups_stalled: count, stalled_pct: percent }, format) {
    return [count, format.number(count), format.percent(percent)];
}

/**
 * Draws one course's episodes as columns. The episode at which most groups stalled has another
 * colour, and the caption names it.
 */
function chart(course, rows, shared) {
    const { format } = shared;
    const words = text.dropOff;
    const peak = rows.find((row) => row.is_peak);
    const episode = (row) =>
        row.episode === 0 ? words.beforeFirst : words.episode(format.number(row.episode));
    return columnChart({
        finding: peak
            ? words.finding(course, episode(peak), ...stalledWords(peak, format))
            : words.none(course),
        columns: rows.map((row) => ({
            key: String(row.episode),
            label: format.number(row.episode),
            value: row.groups_stalled,
            shown: format.number(row.groups_stalled),
            name:
                `${episode(row)}: ` +
                `${words.stalled(row.groups_stalled, format.number(row.groups_stalled))}`,
            href: stalledAt(row),
            tone: row.is_peak ? 'stalled' : 'plain',
        })),
        table: {
            rows,
            shared,
            rowKey: 'episode',
            columns: [
                { name: 'episode', label: words.furthest, type: 'number' },
                {
                    name: 'groups_reached',
                    label: words.groupsReached,
                    type: 'number',
                    link: reached,
                },
                {
                    name: 'groups_stalled',
                    label: words.groupsStalled,
                    type: 'number',
                    link: stalledAt,
                },
                {
                    name: 'stalled_pct',
                    label: words.ofStalled,
                    type: 'percent',
                    missing: words.noneStalled,
                },
            ].map((spec) => column({ ...spec, sortable: false })),
        },
    });
}
