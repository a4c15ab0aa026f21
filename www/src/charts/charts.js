// Charts as SVG drawings whose bars are links: they can be reached by keyboard, have names for
// screen readers, and come with a table of the same numbers. Widths are percentages, so that a
// chart fits any width and its letters keep their size.

import { h, svg } from '../lib/dom.js';
import { createTable } from '../list/table.js';
import { text } from '../text/index.js';

const LONGEST_LABEL = 42;
const BAR_ROW = 46;
const BAR_TOP = 20;
const BAR_HEIGHT = 16;
const PLOT_HEIGHT = 150;
const PLOT_TOP = 22;
const AXIS_HEIGHT = 40;
const MOST_VALUES = 16;

let patterns = 0;

/**
 * Makes a chart with a caption: `finding`, a sentence that says what the chart shows. `table` adds
 * the numbers as a table: { columns, rows, rowKey } as createTable takes them, `shared` (the
 * formatters), and `caption` if the table's caption is not `finding`. `table` is left out where the
 * page has one table for several charts.
 */
export function figure({ finding, drawing, legend = null, table = null, kind }) {
    return h(
        'figure',
        { class: `chart chart-${kind}` },
        h('figcaption', {}, finding),
        legend,
        drawing,
        table &&
            h(
                'details',
                { class: 'numbers' },
                h('summary', {}, text.chart.asTable),
                tableOf(table.caption ?? finding, table),
            ),
    );
}

/** Makes the table of a chart's numbers. */
function tableOf(caption, { columns, rows, rowKey = null, shared }) {
    const { element, update } = createTable({ caption, columns, rowKey, titled: true });
    update(rows, { shared });
    return element;
}

/**
 * Makes the SVG element of a chart. Its role is "group", because "img" would hide the links in it.
 */
export function drawing(label, height, ...content) {
    return svg(
        'svg',
        {
            class: 'drawing',
            role: 'group',
            'aria-label': label,
            width: '100%',
            height: String(height),
        },
        ...content,
    );
}

/** Makes a part of a drawing: a link, or an image with a name if there is no `href`. */
export function part({ href, name, key, value }, ...content) {
    const attributes = { class: 'part', 'aria-label': name, 'data-key': key, 'data-value': value };
    const title = svg('title', {}, name);
    return href
        ? svg('a', { ...attributes, href }, title, ...content)
        : svg('g', { ...attributes, role: 'img' }, title, ...content);
}

/**
 * Makes a part with text at it. In the document the text is beside the link, not in it, and hidden
 * from screen readers, because the link's name already says it in a sentence. Clicks on the text
 * reach the link below it.
 */
function writtenPart(one, shapes, ...writing) {
    return svg(
        'g',
        { class: 'written-part' },
        part(one, ...shapes),
        svg('g', { class: 'writing', 'aria-hidden': 'true' }, ...writing),
    );
}

/** Returns a share, from 0 to 1, as a percentage of the drawing's width. */
export const percent = (share) => `${Math.round(share * 1e4) / 100}%`;

/** Cuts off a long label, because SVG does not wrap text. A table on the page has all of it. */
function short(label) {
    const letters = [...String(label)];
    return letters.length > LONGEST_LABEL
        ? `${letters.slice(0, LONGEST_LABEL - 1).join('')}…`
        : String(label);
}

/**
 * Makes a chart of horizontal bars, one below the other, scaled to `largest` or to the largest
 * value. `rows`: { key, label, value, shown, note, name, href, tone }. `shown` is the value as
 * text, `note` is written beside it, and `name` says all of this in words for screen readers.
 */
export function barChart({ finding, rows, table, largest = null }) {
    const top = largest ?? Math.max(0, ...rows.map(({ value }) => value));
    const bars = rows.map((row, i) => {
        const y = i * BAR_ROW;
        return writtenPart(
            row,
            [
                svg('rect', {
                    class: 'hit',
                    x: '0',
                    y: String(y),
                    width: '100%',
                    height: String(BAR_ROW - 4),
                }),
                svg('rect', {
                    class: 'track',
                    x: '0',
                    y: String(y + BAR_TOP),
                    width: '100%',
                    height: String(BAR_HEIGHT),
                    rx: '3',
                }),
                row.value > 0 &&
                    barRect({ from: 0, share: row.value / top, y: y + BAR_TOP, tone: row.tone }),
            ],
            svg('text', { class: 'label', x: '0', y: String(y + 14) }, short(row.label)),
            svg(
                'text',
                { class: 'value', x: '100%', y: String(y + 14), 'text-anchor': 'end' },
                svg('tspan', { class: 'figure' }, row.shown),
                row.note && svg('tspan', { class: 'note' }, ` ${row.note}`),
            ),
        );
    });
    return figure({
        finding,
        table,
        kind: 'bars',
        drawing: drawing(finding, rows.length * BAR_ROW, bars),
    });
}

/** Makes the rectangle of one bar or of one part of a bar. */
function barRect({ from, share, y, tone = 'plain' }) {
    return svg('rect', {
        class: `fill tone-${tone}`,
        x: percent(from),
        y: String(y),
        width: percent(share),
        height: String(BAR_HEIGHT),
        rx: '2',
    });
}

/**
 * Makes a chart of horizontal bars that consist of parts, each part a link. `rows`: { key, label,
 * note, total, parts: [{ key, name, value, href, tone }] }. With `whole`, every bar has the full
 * width and shows shares of its own total; otherwise the bars are as long as their totals.
 * `legend`: [{ tone, words }].
 */
export function stackedBars({ finding, rows, legend, table, whole = false }) {
    const largest = Math.max(0, ...rows.map(({ total }) => total));
    const bars = rows.map((row, i) => {
        const y = i * BAR_ROW;
        const scale = whole ? row.total : largest;
        let from = 0;
        const parts = row.parts.map((one) => {
            const share = scale ? one.value / scale : 0;
            const start = from;
            from += share;
            return (
                one.value > 0 &&
                part(one, barRect({ from: start, share, y: y + BAR_TOP, tone: one.tone }))
            );
        });
        return svg(
            'g',
            {},
            svg('text', { class: 'label', x: '0', y: String(y + 14) }, short(row.label)),
            row.note &&
                svg(
                    'text',
                    { class: 'value', x: '100%', y: String(y + 14), 'text-anchor': 'end' },
                    row.note,
                ),
            parts,
        );
    });
    return figure({
        finding,
        table,
        kind: 'stacked',
        legend: legendOf(legend),
        drawing: drawing(finding, rows.length * BAR_ROW, bars),
    });
}

/** Makes the legend, which says what the colours mean. */
export function legendOf(entries) {
    const swatch = (tone) =>
        svg(
            'svg',
            { class: 'swatch', width: '12', height: '12', 'aria-hidden': 'true' },
            svg('rect', { class: `tone-${tone}`, width: '12', height: '12', rx: '2' }),
        );
    return h(
        'ul',
        { class: 'legend' },
        entries.map(({ tone, words }) => h('li', {}, swatch(tone), words)),
    );
}

/**
 * Makes a chart of vertical columns, such as months or the bins of a histogram. `columns`: { key,
 * label, below, value, shown, name, href, tone, isOpen }. A column with `isOpen` (a month that is
 * not over yet) is hatched.
 */
export function columnChart({ finding, columns, table, kind = 'columns' }) {
    const top = Math.max(1, ...columns.map(({ value }) => value));
    const hatch = `hatch-${++patterns}`;
    const band = 1 / Math.max(1, columns.length);
    const everyValue = columns.length <= MOST_VALUES;
    const everyLabel = Math.ceil(columns.length / MOST_VALUES);
    const drawn = columns.map((one, i) => {
        const height = Math.max(one.value > 0 ? 2 : 0, Math.round((PLOT_HEIGHT * one.value) / top));
        const y = PLOT_TOP + PLOT_HEIGHT - height;
        const middle = percent((i + 0.5) * band);
        const place = {
            x: percent((i + 0.14) * band),
            width: percent(0.72 * band),
            y: String(y),
            height: String(height),
            rx: '2',
        };
        const caption = (words, row) =>
            words &&
            svg(
                'text',
                {
                    class: 'below',
                    x: middle,
                    y: String(PLOT_TOP + PLOT_HEIGHT + 16 * row),
                    'text-anchor': 'middle',
                },
                words,
            );
        return writtenPart(
            one,
            [
                svg('rect', {
                    class: 'hit',
                    x: percent(i * band),
                    width: percent(band),
                    y: '0',
                    height: String(PLOT_TOP + PLOT_HEIGHT + AXIS_HEIGHT),
                }),
                height > 0 &&
                    svg('rect', {
                        class: `fill tone-${one.tone ?? 'plain'}${one.isOpen ? ' open' : ''}`,
                        ...place,
                    }),
                height > 0 &&
                    one.isOpen &&
                    svg('rect', { class: 'hatch', fill: `url(#${hatch})`, ...place }),
            ],
            (everyValue || one.value === top) &&
                svg(
                    'text',
                    { class: 'above', x: middle, y: String(y - 6), 'text-anchor': 'middle' },
                    one.shown,
                ),
            (columns.length - 1 - i) % everyLabel === 0 && caption(one.label, 1),
            caption(one.below, 2),
        );
    });
    const base = String(PLOT_TOP + PLOT_HEIGHT + 0.5);
    return figure({
        finding,
        table,
        kind,
        drawing: drawing(
            finding,
            PLOT_TOP + PLOT_HEIGHT + AXIS_HEIGHT,
            hatchPattern(hatch),
            svg('line', { class: 'axis', x1: '0', x2: '100%', y1: base, y2: base }),
            drawn,
        ),
    });
}

/** Makes the pattern of slanted lines that covers the columns with `isOpen`. */
function hatchPattern(id) {
    return svg(
        'defs',
        {},
        svg(
            'pattern',
            {
                id,
                width: '6',
                height: '6',
                patternUnits: 'userSpaceOnUse',
                patternTransform: 'rotate(45)',
            },
            svg('line', { class: 'hatch-line', x1: '0', y1: '0', x2: '0', y2: '6' }),
        ),
    );
}
