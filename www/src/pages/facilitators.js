// The facilitators: how many there are, how their number grows, since when each leads groups, and
// who was a member first. With an id in the page's address, this one facilitator.

import { parameters } from '../lib/address.js';
import { readRow } from '../lib/api.js';
import { currentDay } from '../lib/as-of.js';
import { badge } from '../list/cells.js';
import { h } from '../lib/dom.js';
import { FACILITATOR_FILTERS } from '../list/filters.js';
import { share } from '../lib/format.js';
import { facilitatorLink, facilitatorsLink, groupsLink, memberLink } from '../lib/links.js';
import { oneFacilitator } from '../detail/facilitator.js';
import { createList } from '../list/list.js';
import { createNewcomers } from '../charts/newcomers.js';
import { createRegion } from '../lib/region.js';
import { startPage } from '../shell/shell.js';
import { text } from '../text/index.js';

/**
 * The figures of api.facilitator_growth. `of` names the figure that this one is a share of,
 * `filters` select the rows behind it.
 */
const FIGURES = [
    { name: 'total_facilitators', filters: {} },
    { name: 'active_facilitators', of: 'total_facilitators', filters: { active: 'yes' } },
    { name: 'alumni_facilitators', of: 'total_facilitators', filters: { alumni: 'yes' } },
];

/**
 * Reads the figures: from api.home, which each refresh computes once, unless the reader looks back
 * to an earlier day.
 */
function readGrowth(signal) {
    if (currentDay()) return readRow('facilitator_growth', {}, { signal });
    const select = FIGURES.map(({ name }) => name).join(',');
    return readRow('home', { select }, { signal });
}

/** Makes one figure as a card that leads to its rows: the number, its share, and what it counts. */
function card({ name, of, filters }, row, { format, rules }) {
    const words = text.facilitatorsPage;
    const percent = of && share(row[name], row[of]);
    return h(
        'li',
        {},
        h(
            'a',
            { class: 'card', href: facilitatorsLink(filters), 'data-focus': name },
            h('span', { class: 'card-label' }, words.figures[name]),
            h('span', { class: 'card-value', 'data-figure': name }, format.number(row[name])),
            of &&
                percent !== null &&
                h(
                    'span',
                    { class: 'card-note' },
                    words.ofAll(format.percent(percent), format.number(row[of])),
                ),
            h('span', { class: 'card-note' }, words.counted[name](rules)),
        ),
    );
}

/** Makes the figures. If there are no facilitators, the list below says so. */
function growth(row, shared) {
    return h(
        'ul',
        { class: 'cards wide-cards' },
        FIGURES.map((figure) => card(figure, row, shared)),
    );
}

/** Moves the list to the top if the address has filters, because the reader came for these rows. */
function putListFirst() {
    if (!Object.keys(FACILITATOR_FILTERS).some((name) => parameters().has(name))) return;
    document.querySelector('#main section').before(document.getElementById('list'));
}

/** Keeps either the sections about one facilitator or those about all, and removes the others. */
function keepParts(one) {
    for (const section of document.querySelectorAll(one ? 'main .all' : 'main .one'))
        section.remove();
}

/** Makes the regions about all facilitators. */
const allFacilitators = (context) => [
    createRegion(document.getElementById('growth'), {
        context,
        load: (_, signal) => readGrowth(signal),
        render: growth,
    }),
    createNewcomers(document.getElementById('newcomers'), { context }),
    createList(document.getElementById('facilitators'), {
        context,
        view: 'facilitators',
        caption: text.facilitatorsPage.caption,
        key: 'facilitator_id',
        fallback: { column: 'facilitator_since', direction: 'desc' },
        columns: [
            {
                name: 'facilitator_name',
                type: 'name',
                link: (row) => facilitatorLink(row.facilitator_id),
                after: (row) => row.is_deleted && badge(text.words.deleted),
            },
            { name: 'facilitator_since', type: 'day' },
            { name: 'current_facilitator_since', type: 'day' },
            { name: 'is_active', type: 'yesNo' },
            {
                name: 'groups_led',
                type: 'number',
                link: (row) => groupsLink({ facilitator: row.facilitator_id }),
            },
            { name: 'is_alumni', type: 'yesNo' },
            { name: 'member_since', type: 'day', link: (row) => memberLink(row.facilitator_id) },
        ],
        filters: FACILITATOR_FILTERS,
        choices: { active: null, alumni: null },
        search: ['facilitator_name'],
        searchLabel: text.list.searchNames,
        count: text.facilitatorsPage.count,
        empty: () => text.facilitatorsPage.empty,
    }),
];

startPage(({ context }) => {
    const id = parameters().get('id');
    keepParts(id);
    if (id) return oneFacilitator(id, context);
    putListFirst();
    return allFacilitators(context);
});
