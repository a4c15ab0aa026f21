// A chart of lines over time, one per series. Each point in time is a link with its numbers in
// words.

import { svg } from '../lib/dom.js';
import { drawing, figure, legendOf, part, percent } from './charts.js';

const TOP = 10;
const HEIGHT = 190;
const AXIS_HEIGHT = 26;

/**
 * Returns the top of the scale: the smallest round number (1, 1.5, 2, 3, ... times a power of ten)
 * that is not below the value.
 */
function roundUp(value) {
    const unit = 10 ** Math.floor(Math.log10(Math.max(1, value)));
    const steps = [1, 1.5, 2, 3, 4, 5, 6, 8, 10];
    return unit * steps.find((step) => step * unit >= value);
}

/**
 * Makes a chart of `points`, from left to right: { key, label, values, name, href }. `series`: {
 * name, tone, words }, where `name` is a key of `values`. `table` holds the same numbers.
 */
export function lineChart({ finding, points, series, format, table }) {
    const largest = Math.max(
        1,
        ...points.flatMap(({ values }) => series.map((one) => values[one.name])),
    );
    const top = roundUp(largest);
    const x = (i) => percent(points.length > 1 ? i / (points.length - 1) : 0.5);
    const y = (value) => String(Math.round((TOP + HEIGHT * (1 - value / top)) * 10) / 10);
    return figure({
        finding,
        table,
        kind: 'lines',
        legend: legendOf(series),
        drawing: drawing(
            finding,
            TOP + HEIGHT + AXIS_HEIGHT,
            [0, top / 2, top].map((value) => gridLine(value, y(value), format)),
            series.map((one) => line(one, points, x, y)),
            points.map((point, i) => hit(point, i, points.length, series, x, y)),
            dayLabels(points, x),
        ),
    });
}

/** Draws a horizontal line of the scale with its number. */
function gridLine(value, at, format) {
    const label = { class: 'below', x: '0', y: String(Number(at) - 4), 'aria-hidden': 'true' };
    return [
        svg('line', { class: 'axis', x1: '0', x2: '100%', y1: at, y2: at }),
        value > 0 && svg('text', label, format.number(value)),
    ];
}

/** Draws one series: a line from each point to the next. */
function line({ name, tone }, points, x, y) {
    const value = (i) => y(points[i].values[name]);
    const strokes = points.slice(1).map((_, i) =>
        svg('line', {
            class: `line line-${tone}`,
            x1: x(i),
            y1: value(i),
            x2: x(i + 1),
            y2: value(i + 1),
        }),
    );
    return svg('g', { 'data-series': name, 'aria-hidden': 'true' }, strokes);
}

/**
 * Makes the area in which the pointer finds a point: a strip as wide as a step, with a dot on each
 * line.
 */
function hit(point, i, count, series, x, y) {
    const band = 1 / Math.max(1, count - 1);
    const [from, to] = [Math.max(0, (i - 0.5) * band), Math.min(1, (i + 0.5) * band)];
    const strip = {
        class: 'hit',
        x: percent(from),
        width: percent(to - from),
        y: '0',
        height: String(TOP + HEIGHT),
    };
    const dots = series.map(({ name, tone }) =>
        svg('circle', { class: `dot tone-${tone}`, cx: x(i), cy: y(point.values[name]), r: '4' }),
    );
    return part(point, svg('rect', strip), dots);
}

/** Labels the first day, the middle one and the last one. */
function dayLabels(points, x) {
    const last = points.length - 1;
    const places = [
        [0, 'start'],
        [Math.round(last / 2), 'middle'],
        [last, 'end'],
    ];
    const shown = last > 1 ? places : last === 1 ? [places[0], places[2]] : [[0, 'middle']];
    return shown.map(([i, anchor]) =>
        svg(
            'text',
            {
                class: 'below',
                x: x(i),
                y: String(TOP + HEIGHT + 18),
                'text-anchor': anchor,
                'aria-hidden': 'true',
            },
            points[i].label,
        ),
    );
}
