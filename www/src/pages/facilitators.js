// The facilitators: how many there are, how their number grows, who leads groups since when, and who was a member first.

import { parameters } from '../address.js';
import { readRow } from '../api.js';
import { badge } from '../cells.js';
import { h } from '../dom.js';
import { FACILITATOR_FILTERS } from '../filters.js';
import { share } from '../format.js';
import { facilitatorsLink, groupsLink, memberLink } from '../links.js';
import { createList } from '../list.js';
import { createNewcomers } from '../newcomers.js';
import { createRegion } from '../region.js';
import { startPage } from '../shell.js';
import { text } from '../text/index.js';

/** The figures of api.facilitator_growth: `of` is what each is a part of, `filters` names the rows behind it. */
const FIGURES = [
    { name: 'total_facilitators', filters: {} },
    { name: 'active_facilitators', of: 'total_facilitators', filters: { active: 'yes' } },
    { name: 'alumni_facilitators', of: 'total_facilitators', filters: { alumni: 'yes' } },
];

/** One figure as a card that leads to its rows: the number, its share, and what it counts. */
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
            of && percent !== null && h('span', { class: 'card-note' }, words.ofAll(format.percent(percent), format.number(row[of]))),
            h('span', { class: 'card-note' }, words.counted[name](rules)),
        ),
    );
}

/** The figures; the list says when there is nobody. */
function growth(row, shared) {
    return h(
        'ul',
        { class: 'cards wide-cards' },
        FIGURES.map((figure) => card(figure, row, shared)),
    );
}

/** Who comes for certain rows, by a link that names them, finds them first. */
function putListFirst() {
    if (!Object.keys(FACILITATOR_FILTERS).some((name) => parameters().has(name))) return;
    document.querySelector('#main section').before(document.getElementById('list'));
}

putListFirst();
startPage(({ context }) => [
    createRegion(document.getElementById('growth'), {
        context,
        load: (shared, signal) => readRow('facilitator_growth', {}, { signal }),
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
                link: (row) => groupsLink({ facilitator: row.facilitator_id }),
                after: (row) => row.is_deleted && badge(text.words.deleted),
            },
            { name: 'facilitator_since', type: 'day' },
            { name: 'current_facilitator_since', type: 'day' },
            { name: 'is_active', type: 'yesNo' },
            { name: 'groups_led', type: 'number', link: (row) => groupsLink({ facilitator: row.facilitator_id }) },
            { name: 'is_alumni', type: 'yesNo' },
            { name: 'member_since', type: 'day', link: (row) => memberLink(row.facilitator_id) },
        ],
        filters: FACILITATOR_FILTERS,
        choices: { active: null, alumni: null },
        names: { id: 'facilitator_name' },
        search: ['facilitator_name'],
        searchLabel: text.list.searchNames,
        count: text.facilitatorsPage.count,
        empty: () => text.facilitatorsPage.empty,
    }),
]);
