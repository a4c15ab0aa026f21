// Where the groups are: each province and city with its figures.

import { h } from '../lib/dom.js';
import { atRiskLink, groupsLink, rescueLink } from '../lib/links.js';
import { placeOf } from '../lib/place.js';
import { PLACE_FILTERS } from '../list/filters.js';
import { createList } from '../list/list.js';
import { LAZY_PLACES, placeChoices } from '../list/place-choices.js';
import { startPage } from '../shell/shell.js';
import { text } from '../text/index.js';

/** Returns a column with a number of groups of a place, as a link to these groups. */
const groupsColumn = (name, filters = {}) => ({
    name,
    type: 'number',
    label: text.places.columns[name],
    link: (row) => groupsLink({ ...placeOf(row), ...filters }),
});

/** Returns a column with another figure of a place. */
const figureColumn = (name, type, link) => ({ name, type, label: text.places.columns[name], link });

startPage(
    ({ context }) => [
        createList(document.getElementById('places'), {
            context,
            view: 'place',
            caption: text.places.caption,
            key: 'city',
            keys: ['province', 'city'],
            fallback: { column: 'groups_total', direction: 'desc' },
            columns: [
                { name: 'city', type: 'name', missing: text.places.noCity, showMissing: true },
                { name: 'province', type: 'name', missing: text.places.none, showMissing: true },
                groupsColumn('groups_total'),
                groupsColumn('active', { status: 'ACTIVE' }),
                groupsColumn('stalled', { status: 'STALLED' }),
                groupsColumn('not_started', { status: 'NOT_STARTED' }),
                groupsColumn('graduated', { status: 'GRADUATED' }),
                figureColumn('graduation_rate', 'percent'),
                figureColumn('to_rescue', 'number', (row) => rescueLink(placeOf(row))),
                figureColumn('at_risk', 'number', (row) => atRiskLink(placeOf(row))),
                figureColumn('facilitators', 'number'),
                figureColumn('members', 'number'),
            ],
            filters: PLACE_FILTERS,
            choices: placeChoices(),
            lazy: LAZY_PLACES,
            search: ['province', 'city'],
            searchLabel: text.places.search,
            count: text.places.count,
            below: () => h('p', { class: 'muted' }, text.places.rule),
            empty: () => text.places.empty,
        }),
    ],
    { placed: true },
);
