// Home's figures, each with its change and a link to the rows behind it.

import { readRow } from '../lib/api.js';
import { dayIn, firstOfMonth, monthOf } from '../lib/days.js';
import { h } from '../lib/dom.js';
import { atRiskLink, facilitatorsLink, groupsLink, rescueLink } from '../lib/links.js';
import { createRegion } from '../lib/region.js';
import { text } from '../text/index.js';

/** Links to the facilitators who are new in the last complete month. */
const newcomersLink = ({ last_month: day }) =>
    facilitatorsLink({ since_from: monthOf(day), since_to: monthOf(day) });

/** Links to the groups that graduated in the last complete month. */
const graduationsLink = ({ last_month: day }) =>
    groupsLink({ graduated_from: monthOf(day), graduated_to: monthOf(day) });

const ofAll =
    (name) =>
    ({ home, format }) =>
        format.percent(home[name]);

/**
 * Returns the number of facilitators who were members first, and the number of all facilitators.
 */
const alumniNote = ({ home, format }) => [
    format.number(home.alumni_facilitators),
    format.number(home.total_facilitators),
];

/**
 * The figures. `name` is the column of api.home; `link(home)` leads to the rows behind it; `type`
 * says how it is written; `note(shown)` gives the values for its note; `before(home, earlier)`
 * gives the value that it is compared with, by default the same figure a month earlier; `monthly`
 * marks a figure of the last complete month. There are ten figures, which fill rows of five and
 * rows of two.
 */
const FIGURES = [
    {
        name: 'groups_total',
        link: () => groupsLink(),
        note: ({ home, format }) => format.number(home.not_started),
    },
    {
        name: 'active',
        link: () => groupsLink({ status: 'ACTIVE' }),
        note: ofAll('active_pct'),
    },
    { name: 'at_risk', link: () => atRiskLink(), note: () => null },
    {
        name: 'stalled',
        link: () => groupsLink({ status: 'STALLED' }),
        note: ofAll('stalled_pct'),
    },
    { name: 'rescuable', link: () => rescueLink(), note: ({ rules }) => rules.rescue_min_pct },
    {
        name: 'graduated',
        link: () => groupsLink({ status: 'GRADUATED' }),
        note: ofAll('graduation_rate'),
    },
    {
        name: 'graduations_last_month',
        link: graduationsLink,
        before: (home) => home.graduations_month_before,
        monthly: true,
    },
    {
        name: 'active_facilitators',
        link: () => facilitatorsLink({ active: 'yes' }),
        note: ({ rules }) => rules.active_days,
    },
    {
        name: 'new_facilitators_last_month',
        link: newcomersLink,
        before: (home) => home.new_facilitators_month_before,
        monthly: true,
    },
    {
        name: 'alumni_pct',
        type: 'percent',
        link: () => facilitatorsLink({ alumni: 'yes' }),
        note: alumniNote,
    },
];

/**
 * Returns how a figure differs from the value it is compared with, in words; null if either is
 * missing.
 */
function changeWords(spec, { home, earlier, format }) {
    const { name, type = 'number', before = (_, row) => row[name], monthly = false } = spec;
    const [now, then] = [home[name], before(home, earlier)];
    if (now === null || then === null) return null;
    const difference = Math.round((now - then) * 10) / 10;
    const when = monthly
        ? text.home.inMonth(format.month(firstOfMonth(home.last_month, -1)))
        : text.home.onDay(format.day(dayIn(home.zone, earlier.as_of)));
    return text.home.compares[type](difference, format.number(Math.abs(difference)), when);
}

/** Makes one figure as a card that is one link: its name, the number, a note, and its change. */
function card(spec, shown) {
    const { name, link, type = 'number', note } = spec;
    const { home, format } = shown;
    const label = text.home.cards[name];
    const words = note && text.home.notes[name](note(shown));
    const change = changeWords(spec, shown);
    return h(
        'li',
        {},
        h(
            'a',
            { class: `card card-${name}`, href: link(home), 'data-focus': name },
            h(
                'span',
                { class: 'card-label' },
                typeof label === 'function' ? label(format.month(home.last_month)) : label,
            ),
            h('span', { class: 'card-value', 'data-figure': name }, format[type](home[name])),
            words && h('span', { class: 'card-note' }, words),
            change && h('span', { class: 'card-change', 'data-change': name }, change),
        ),
    );
}

/** Makes the region with the figures in `element`. */
export function createFigures(element, { context }) {
    return createRegion(element, {
        context,
        load: (_, signal) => readRow('home_before', {}, { signal }),
        render(earlier, shared) {
            const shown = { ...shared, earlier };
            const cards = FIGURES.map((spec) => card(spec, shown));
            return h('ul', { class: 'cards figures' }, cards);
        },
    });
}
