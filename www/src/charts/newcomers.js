// New facilitators month by month. The current month is marked as unfinished and is never compared
// with whole months. The page's address says how many months are shown.

import { changeAddress, parameters, watchAddress } from '../lib/address.js';
import { readRows } from '../lib/api.js';
import { badge, column } from '../list/cells.js';
import { columnChart } from './charts.js';
import { monthOf } from '../lib/days.js';
import { h } from '../lib/dom.js';
import { facilitatorsLink } from '../lib/links.js';
import { fileLink } from '../list/file.js';
import { createRegion, emptyNote } from '../lib/region.js';
import { text } from '../text/index.js';

const MONTHS = 'months';
const CHOICES = ['12', '24', 'all'];
const ORDER = ['order', 'month.asc'];

/** Returns how many months the page's address asks for: one of CHOICES. */
function askedMonths() {
    const asked = parameters().get(MONTHS);
    return CHOICES.includes(asked) ? asked : CHOICES[0];
}

/**
 * Makes the region in `element`: a choice of the number of months, the chart with its table, and
 * the link to the file of the same months.
 */
export function createNewcomers(element, { context }) {
    const words = text.newcomers;
    const options = CHOICES.map((value) => h('option', { value }, words.spans[value]));
    const select = h('select', { id: 'months', onchange: () => choose(select.value) }, options);
    const tools = h(
        'div',
        { class: 'tools-row' },
        h('label', { class: 'field' }, h('span', {}, words.span), select),
    );

    function choose(months) {
        changeAddress({ [MONTHS]: months === CHOICES[0] ? null : months });
    }

    function render(rows, shared) {
        const asked = askedMonths();
        select.value = asked;
        const shown = asked === 'all' ? rows : rows.slice(-Number(asked));
        const query = [['month', `gte.${shown[0].month}`], ORDER];
        return [
            tools,
            chart(shown, shared),
            h('p', { class: 'muted' }, words.rule),
            h('div', { class: 'list-end' }, fileLink('facilitator_monthly', query)),
        ];
    }

    const region = createRegion(element, {
        context,
        load: async (shared, signal) =>
            (await readRows('facilitator_monthly', [ORDER], { signal })).rows,
        empty: (rows) => rows.length === 0 && emptyNote(text.facilitatorsPage.empty),
        render,
    });
    watchAddress([MONTHS], () => region.reload());
    return region;
}

/**
 * Link to the facilitators who first led a group in this month, and to all who did until its end.
 */
const newIn = (row) =>
    facilitatorsLink({ since_from: monthOf(row.month), since_to: monthOf(row.month) });
const upTo = (row) => facilitatorsLink({ since_to: monthOf(row.month) });

/** Returns the chart's caption: the last whole month compared with the one before it. */
function findingOf(rows, { format }) {
    const [before, last] = rows.filter((row) => row.is_complete).slice(-2);
    if (!last) return text.newcomers.noWholeMonth;
    const difference = last.new_facilitators - before.new_facilitators;
    return text.newcomers.finding({
        n: last.new_facilitators,
        count: format.number(last.new_facilitators),
        month: format.month(last.month),
        difference,
        shown: format.number(Math.abs(difference)),
        before: format.month(before.month),
    });
}

/**
 * Returns the column of a month. The year is written below each January, and below the first column
 * unless that is a December, where it would touch the January's.
 */
function columnOf(row, i, { format }) {
    const words = text.newcomers;
    const shown = format.number(row.new_facilitators);
    const year = row.month.slice(0, 4);
    const isFirst = row.month.slice(5, 7) === '01' || (i === 0 && row.month.slice(5, 7) !== '12');
    const name = `${format.month(row.month)}: ${words.new(row.new_facilitators, shown)}`;
    return {
        key: monthOf(row.month),
        label: format.shortMonth(row.month),
        below: row.is_complete ? isFirst && year : words.soFar,
        value: row.new_facilitators,
        shown,
        name: row.is_complete ? name : `${name}, ${words.soFar}`,
        href: newIn(row),
        isOpen: !row.is_complete,
    };
}

function chart(rows, shared) {
    const words = text.newcomers;
    return columnChart({
        finding: findingOf(rows, shared),
        columns: rows.map((row, i) => columnOf(row, i, shared)),
        table: {
            rows: rows.toReversed(),
            shared,
            rowKey: 'month',
            columns: [
                {
                    name: 'month',
                    type: 'month',
                    after: (row) => !row.is_complete && badge(words.soFar),
                },
                { name: 'new_facilitators', label: words.newOnes, type: 'number', link: newIn },
                { name: 'total_facilitators', label: words.allOnes, type: 'number', link: upTo },
            ].map((spec) => column({ ...spec, sortable: false })),
        },
    });
}
