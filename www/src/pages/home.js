// Home: the figures with their change, and the findings as sentences; each leads to the rows behind it.

import { readRow } from '../api.js';
import { dayIn, firstOfMonth, monthOf } from '../days.js';
import { h } from '../dom.js';
import { atRiskLink, facilitatorsLink, groupsLink, qualityLink, rescueLink } from '../links.js';
import { createRegion } from '../region.js';
import { startPage } from '../shell.js';
import { text } from '../text/index.js';

/**
 * The figures: `name` in api.home; `link(home)` the rows behind it; `type` how it is written; `before(home, before)` what it is compared
 * with, by itself the figure of the same name a month earlier; `monthly` where it is that of the last complete month.
 */
const GROUP_CARDS = [
    { name: 'groups_total', link: () => groupsLink(), note: ({ home, format }) => format.number(home.not_started) },
    { name: 'active', link: () => groupsLink({ status: 'ACTIVE' }), note: ({ home, format }) => format.percent(home.active_pct) },
    { name: 'at_risk', link: () => atRiskLink(), note: () => null },
    { name: 'stalled', link: () => groupsLink({ status: 'STALLED' }), note: ({ home, format }) => format.percent(home.stalled_pct) },
    { name: 'rescuable', link: () => rescueLink(), note: ({ rules }) => rules.rescue_min_pct },
    { name: 'graduated', link: () => groupsLink({ status: 'GRADUATED' }), note: ({ home, format }) => format.percent(home.graduation_rate) },
    {
        name: 'graduations_last_month',
        link: (home) => groupsLink({ graduated_from: monthOf(home.last_month), graduated_to: monthOf(home.last_month) }),
        before: (home) => home.graduations_month_before,
        monthly: true,
    },
];
const FACILITATOR_CARDS = [
    { name: 'active_facilitators', link: () => facilitatorsLink({ active: 'yes' }), note: ({ rules }) => rules.active_days },
    {
        name: 'new_facilitators_last_month',
        link: (home) => facilitatorsLink({ since_from: monthOf(home.last_month), since_to: monthOf(home.last_month) }),
        before: (home) => home.new_facilitators_month_before,
        monthly: true,
    },
    { name: 'alumni_pct', type: 'percent', link: () => facilitatorsLink({ alumni: 'yes' }), note: alumniNote },
];

/** How many of how many were members first. */
function alumniNote({ home, format }) {
    return [format.number(home.alumni_facilitators), format.number(home.total_facilitators)];
}

/** How a figure differs from what it is compared with, in words; null where there is nothing to compare. */
function changeWords({ name, type = 'number', before = (home, earlier) => earlier[name], monthly = false }, { home, earlier, format }) {
    const [now, then] = [home[name], before(home, earlier)];
    if (now === null || then === null) return null;
    const difference = Math.round((now - then) * 10) / 10;
    const when = monthly
        ? text.home.inMonth(format.month(firstOfMonth(home.last_month, -1)))
        : text.home.onDay(format.day(dayIn(home.zone, earlier.as_of)));
    return text.home.changes[type](difference, format.number(Math.abs(difference)), when);
}

/** One figure: its name, the number, what it means, and how it changed. The whole card is the link. */
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
            h('span', { class: 'card-label' }, typeof label === 'function' ? label(format.month(home.last_month)) : label),
            h('span', { class: 'card-value', 'data-figure': name }, format[type](home[name])),
            words && h('span', { class: 'card-note' }, words),
            change && h('span', { class: 'card-change', 'data-change': name }, change),
        ),
    );
}

/** A heading and its cards. */
function cards(id, title, specs, shown) {
    return h(
        'section',
        { 'aria-labelledby': id },
        h('h2', { id }, title),
        h(
            'ul',
            { class: 'cards' },
            specs.map((spec) => card(spec, shown)),
        ),
    );
}

/** What there is to say, the most urgent first: { name, tone, words, link }. */
function findingsOf({ home, format, rules }) {
    const say = (name, tone, link, n = home[name]) => ({ name, tone, link, words: text.home.findings[name](n, format.number(n), rules) });
    const good = (name) => ({ name, tone: 'good', words: text.home.fine[name](rules) });
    return [
        home.rescuable > 0 ? say('rescuable', 'warn', rescueLink()) : good('rescuable'),
        home.at_risk > 0 ? say('at_risk', 'warn', atRiskLink()) : good('at_risk'),
        home.anomalies > 0 ? say('anomalies', 'warn', qualityLink({ severity: 'warning' })) : good('anomalies'),
        home.not_started > 0 && say('not_started', 'info', groupsLink({ status: 'NOT_STARTED' })),
        home.awaiting > 0 && say('awaiting', 'info', groupsLink({ awaiting: 'yes' })),
        home.continued > 0 && say('continued', 'info', groupsLink({ continued: 'yes' })),
    ].filter(Boolean);
}

/** The findings as a list; each that has rows behind it is a link to them. */
function findings(list) {
    const item = ({ name, tone, words, link }) =>
        h(
            'li',
            { class: `finding ${tone}`, 'data-finding': name },
            link ? h('a', { href: link, 'data-focus': `finding-${name}` }, words) : words,
        );
    return h('ul', { class: 'findings' }, list.map(item));
}

/** The whole page from the row of now and the row of a month earlier. */
function render(earlier, context) {
    const shown = { ...context, earlier };
    return [
        cards('groups-title', text.home.groups, GROUP_CARDS, shown),
        cards('facilitators-title', text.home.facilitators, FACILITATOR_CARDS, shown),
        h(
            'section',
            { 'aria-labelledby': 'findings-title' },
            h('h2', { id: 'findings-title' }, text.home.attention),
            findings(findingsOf(shown)),
        ),
    ];
}

startPage(
    ({ context }) => [
        createRegion(document.getElementById('overview'), {
            context,
            load: (_, signal) => readRow('home_before', {}, { signal }),
            render,
        }),
    ],
    { whole: true },
);
