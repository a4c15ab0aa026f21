// The quality of the forecast, one drawing per course. Forecast chances are put into bins of ten
// percent. Each bin is a point: its forecast chance against the share of groups that did meet. On
// the diagonal both are equal.

import { readRows } from '../lib/api.js';
import { h, svg } from '../lib/dom.js';
import { createRegion, emptyNote } from '../lib/region.js';
import { column } from '../list/cells.js';
import { fileLink } from '../list/file.js';
import { text } from '../text/index.js';
import { drawing, figure, part, percent } from './charts.js';

const TOP = 12;
const HEIGHT = 180;
const AXIS_HEIGHT = 48;
/**
 * The margin at the left and at the right, as a share of the width, so that no point is cut off.
 */
const EDGE = 0.06;
const [SMALLEST, LARGEST] = [4, 13];

/** Return the coordinates of a percentage in the drawing. */
const x = (value) => percent(EDGE + (1 - 2 * EDGE) * (value / 100));
const y = (value) => String(Math.round((TOP + HEIGHT * (1 - value / 100)) * 10) / 10);

/**
 * Returns the courses in the order of the rows, each with its bins and with its row for the whole
 * course.
 */
function byCourse(rows) {
    const names = [...new Set(rows.map((row) => row.course_name))];
    return names.map((course) => {
        const own = rows.filter((row) => row.course_name === course);
        return {
            course,
            whole: own.find((row) => row.bin === null),
            bins: own.filter((row) => row.bin !== null),
        };
    });
}

/** Returns a bin in words: "10 to 20%". */
function binWords({ bin }, { number }) {
    return text.qualityPage.forecast.bin(number(10 * bin), number(10 * (bin + 1)));
}

/** Returns the sentence that sums up a course's forecasts. */
function findingOf({ course, whole }, { format }) {
    const words = text.qualityPage.forecast;
    if (whole.observed_pct === null)
        return words.tooFew(course, whole.forecasts, format.number(whole.forecasts));
    return words.finding({
        course,
        forecast: format.percent(whole.forecast_pct),
        observed: format.percent(whole.observed_pct),
        isUseful: whole.brier < whole.brier_base,
    });
}

/** Draws a bin as a point. The more forecasts the bin has, the larger the point. */
function point(row, most, { format }) {
    const words = text.qualityPage.forecast;
    const radius = SMALLEST + (LARGEST - SMALLEST) * Math.sqrt(row.forecasts / most);
    const said = words.point({
        bin: binWords(row, format),
        observed: format.percent(row.observed_pct),
        n: row.forecasts,
        count: format.number(row.forecasts),
    });
    const circle = svg('circle', {
        class: 'fill tone-active',
        cx: x(row.forecast_pct),
        cy: y(row.observed_pct),
        r: String(Math.round(radius * 10) / 10),
    });
    return part({ name: said, key: String(row.bin), value: String(row.forecasts) }, circle);
}

/** Draws both axes with their labels, and the diagonal on which perfect forecasts lie. */
function frame({ format }) {
    const words = text.qualityPage.forecast;
    const label = (said, across, down, anchor) =>
        svg(
            'text',
            {
                class: 'below',
                x: across,
                y: String(down),
                'text-anchor': anchor,
                'aria-hidden': 'true',
            },
            said,
        );
    const base = TOP + HEIGHT;
    return [
        svg('line', { class: 'axis', x1: x(0), x2: x(100), y1: y(0), y2: y(0) }),
        svg('line', { class: 'axis', x1: x(0), x2: x(0), y1: y(0), y2: y(100) }),
        svg('line', { class: 'goal', x1: x(0), x2: x(100), y1: y(0), y2: y(100) }),
        label(format.percent(0), x(0), base + 26, 'middle'),
        label(format.percent(100), '100%', base + 26, 'end'),
        label(words.across, '50%', base + 42, 'middle'),
        label(words.upwards, x(1), TOP, 'start'),
    ];
}

/** Makes one course's drawing with its table. */
function chartOf(one, shared) {
    const words = text.qualityPage.forecast;
    const finding = findingOf(one, shared);
    const drawn = one.bins.filter((row) => row.observed_pct !== null);
    const most = Math.max(1, ...drawn.map((row) => row.forecasts));
    return figure({
        finding,
        kind: 'calibration',
        drawing: drawing(
            finding,
            TOP + HEIGHT + AXIS_HEIGHT,
            frame(shared),
            drawn.map((row) => point(row, most, shared)),
        ),
        table: {
            rows: one.bins,
            shared,
            rowKey: 'bin',
            columns: [
                {
                    name: 'bin',
                    label: words.across,
                    cell: (row, { format }) => binWords(row, format),
                },
                { name: 'observed_pct', type: 'percent', label: words.upwards, missing: words.few },
                { name: 'forecasts', type: 'number', label: words.forecasts },
                { name: 'groups', type: 'number' },
            ].map((spec) => column({ ...spec, sortable: false })),
        },
    });
}

/**
 * Makes the drawings in `element` once they are about to scroll into view, because the API takes
 * seconds to answer where there are very many groups.
 */
export function createCalibration(element, { context }) {
    let region = null;
    const make = () =>
        createRegion(element, {
            context,
            load: async (_, signal) => (await readRows('forecast_quality', {}, { signal })).rows,
            empty: (rows) => rows.length === 0 && emptyNote(text.qualityPage.forecast.none),
            render: (rows, shared) => [
                h(
                    'div',
                    { class: 'courses' },
                    byCourse(rows).map((one) =>
                        h(
                            'div',
                            { class: 'course', 'data-course': one.course },
                            chartOf(one, shared),
                        ),
                    ),
                ),
                h('p', { class: 'muted' }, text.qualityPage.forecast.rule),
                h('div', { class: 'list-end' }, fileLink('forecast_quality', [])),
            ],
        });
    const seen = new IntersectionObserver(
        (entries) => {
            if (!entries.some((entry) => entry.isIntersecting)) return;
            seen.disconnect();
            region = make();
            region.reload();
        },
        { rootMargin: '200px' },
    );
    seen.observe(element);
    return { reload: () => region?.reload() };
}
