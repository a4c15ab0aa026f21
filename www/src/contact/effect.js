// "Did it help?": compares how many contacted groups met again with how often groups met again
// after similar silences without a follow-up. The page says that this is not a proof.

import { readRows } from '../lib/api.js';
import { h, name } from '../lib/dom.js';
import { createRegion } from '../lib/region.js';
import { column } from '../list/cells.js';
import { fileLink } from '../list/file.js';
import { createTable } from '../list/table.js';
import { text } from '../text/index.js';

const VIEW = 'follow_up_effect';

/** Makes the region with the comparison in `element`. */
export function createEffect(element, { context }) {
    return createRegion(element, {
        context,
        load: async (_, signal) => (await readRows(VIEW, {}, { signal })).rows,
        render: showEffect,
    });
}

function showEffect(rows, shared) {
    const words = text.contact.effect;
    const table = createTable({
        caption: words.caption,
        columns: columnsOf(words),
        rowKey: 'course_name',
        titled: true,
        asCards: true,
    });
    table.update(rows, { shared });
    const all = rows.find((row) => row.course_name === null);
    return [
        h('p', { class: 'muted' }, words.rule),
        !all?.contacted && h('p', { class: 'empty' }, words.none),
        table.element,
        h('div', { class: 'list-end' }, fileLink(VIEW, [])),
    ];
}

/** Returns the 95 % interval of the share of groups that met again. */
const intervalOf = ({ met_again_low: low, met_again_high: high }, { format }) => {
    const range = text.contact.effect.interval(format.percent(low), format.percent(high));
    return low !== null && h('span', { class: 'muted' }, `(${range})`);
};

/**
 * Returns the columns. Shares that would rest on too few silences are missing, and their cells say
 * so.
 */
function columnsOf(words) {
    const share = { type: 'percent', missing: words.tooFew, showMissing: true };
    return [
        {
            name: 'course_name',
            cell: ({ course_name: course }) =>
                course === null ? h('strong', {}, words.all) : name(course),
        },
        { name: 'contacted', label: words.contacted, type: 'number' },
        { name: 'met_again', label: words.metAgain, type: 'number' },
        { name: 'met_again_pct', label: words.share, after: intervalOf, ...share },
        { name: 'expected_pct', label: words.expected, ...share },
    ].map((spec) => column({ ...spec, sortable: false }));
}
