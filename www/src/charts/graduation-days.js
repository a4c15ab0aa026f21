// The days that groups take to graduate: the medians of all courses, and one histogram per course.

import { readRows, readShared } from '../lib/api.js';
import { column } from '../list/cells.js';
import { fileLink } from '../list/file.js';
import { barChart, columnChart } from './charts.js';
import { h } from '../lib/dom.js';
import { groupsLink } from '../lib/links.js';
import { createRegion, emptyNote } from '../lib/region.js';
import { text } from '../text/index.js';

const SPANS = [['order', 'sequence_order.asc,from_days.asc']];
const COURSES = [['order', 'sequence_order.asc']];

const graduatesOf = (row) => groupsLink({ course: row.course_name, status: 'GRADUATED' });
const isEmpty = (rows) => rows.length === 0 && emptyNote(text.timePage.empty);

/** Makes the courses' medians as bars, with the numbers of groups that they count and leave out. */
export function createMedians(element, { context }) {
    return createRegion(element, {
        context,
        load: loadMedians,
        empty: ({ rows }) => isEmpty(rows),
        render: ({ rows, left }, shared) => [
            barChart({
                finding: findingOf(rows, shared),
                rows: rows.map((row) => medianBar(row, shared)),
            }),
            counted(rows, left, shared),
            h('p', { class: 'muted' }, text.timePage.rule),
        ],
    });
}

/**
 * Reads the courses, and the number of groups that no median counts because they have not
 * graduated. Groups of courses without any graduate are among them.
 */
async function loadMedians(shared, signal) {
    const notGraduated = { days_to_graduate: 'is.null', select: 'group_id', limit: '1' };
    const [courses, groups] = await Promise.all([
        readShared('time_to_graduate', COURSES),
        readRows('group_status', notGraduated, { signal, count: true }),
    ]);
    return { rows: courses.rows, left: groups.total };
}

/** Returns a sentence that names the quickest and the slowest course. */
function findingOf(rows, { format }) {
    const sorted = rows.toSorted((a, b) => a.median_days - b.median_days);
    const [quick, slow] = [sorted[0], sorted.at(-1)];
    if (quick === slow)
        return text.timePage.findingOne(quick.course_name, format.number(quick.median_days));
    return text.timePage.finding(
        quick.course_name,
        format.number(quick.median_days),
        slow.course_name,
        format.number(slow.median_days),
    );
}

function medianBar(row, { format }) {
    const words = text.timePage;
    const shown = words.days(row.median_days, format.number(row.median_days));
    return {
        key: row.course_name,
        label: row.course_name,
        value: row.median_days,
        shown,
        name: `${row.course_name}: ${shown}, ${words.ninety(format.number(row.p90_days))}`,
        href: graduatesOf(row),
        tone: 'graduated',
    };
}

/**
 * Makes the number of groups that the medians count and the number that they leave out, as links.
 */
function counted(rows, left, { format }) {
    const figure = (name, count, filters) =>
        h(
            'div',
            {},
            h('dt', {}, text.timePage[name]),
            h(
                'dd',
                {},
                h(
                    'a',
                    { href: groupsLink(filters), 'data-figure': name, 'data-focus': name },
                    format.number(count),
                ),
            ),
        );
    const graduated = rows.reduce((total, row) => total + row.groups, 0);
    return h(
        'dl',
        { class: 'now' },
        figure('counted', graduated, { finished: 'yes' }),
        figure('leftOut', left, { finished: 'no' }),
    );
}

/** Makes a histogram for each course, and the link to the file of all of them. */
export function createSpreads(element, { context }) {
    return createRegion(element, {
        context,
        load: loadSpreads,
        empty: isEmpty,
        render: (courses, shared) => [
            h(
                'div',
                { class: 'courses' },
                courses.map((course) =>
                    h(
                        'div',
                        { class: 'course', 'data-course': course.course_name },
                        spread(course, shared),
                    ),
                ),
            ),
            h('div', { class: 'list-end' }, fileLink('graduation_days', SPANS)),
        ],
    });
}

/** Reads the courses in their order, each with the spans of days of its histogram. */
async function loadSpreads(shared, signal) {
    const [courses, spans] = await Promise.all([
        readShared('time_to_graduate', COURSES),
        readRows('graduation_days', SPANS, { signal }),
    ]);
    return courses.rows.map((course) => ({
        ...course,
        spans: spans.rows.filter((span) => span.course_name === course.course_name),
    }));
}

/** Links to the groups of a span of days. The last span has no end. */
const groupsOf = (span) =>
    groupsLink({ course: span.course_name, days_from: span.from_days, days_to: span.to_days });

/** Returns a span of days in words. */
function spanWords({ from_days: from, to_days: to }, { number }) {
    return to === null
        ? text.timePage.openSpan(number(from))
        : text.timePage.span(number(from), number(to));
}

/**
 * Makes one course's histogram, one column per span. The last span has all groups that took longer.
 */
function spread({ course_name: course, groups, median_days: median, spans }, shared) {
    const { format } = shared;
    const words = text.timePage;
    return columnChart({
        finding: words.spread(course, groups, format.number(groups), format.number(median)),
        columns: spans.map((span) => ({
            key: String(span.from_days),
            label:
                span.to_days === null
                    ? words.from(format.number(span.from_days))
                    : format.number(span.from_days),
            value: span.groups,
            shown: format.number(span.groups),
            name:
                `${spanWords(span, format)}: ` +
                `${text.groupsPage.count(span.groups, format.number(span.groups))}`,
            href: groupsOf(span),
            tone: span.to_days === null ? 'stalled' : 'plain',
        })),
        table: {
            rows: spans,
            shared,
            rowKey: 'from_days',
            columns: [
                { name: 'from_days', label: words.spanOf, cell: (span) => spanWords(span, format) },
                { name: 'groups', type: 'number', link: groupsOf },
            ].map((spec) => column({ ...spec, sortable: false })),
        },
    });
}
