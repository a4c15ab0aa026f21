// Home: the figures, and the findings as sentences that lead to the rows behind them.

import { h } from '../dom.js';
import { createRegion } from '../region.js';
import { startPage } from '../shell.js';
import { text } from '../text/index.js';

const CARDS = [
    { name: 'groups_total', link: '/funnel.html', note: ({ home, format }) => format.number(home.not_started) },
    { name: 'active', link: '/funnel.html', note: ({ home, format }) => format.percent(home.active_pct) },
    { name: 'stalled', link: '/funnel.html', note: ({ home, format }) => format.percent(home.stalled_pct) },
    { name: 'graduated', link: '/funnel.html', note: ({ home, format }) => format.percent(home.graduation_rate) },
    { name: 'rescuable', link: '/rescue.html', note: ({ rules }) => rules.rescue_min_pct },
    { name: 'continued', link: '/funnel.html', note: ({ home, format }) => format.percent(home.continuation_rate) },
];

/** One figure: its name, the number, what to compare it with. The whole card is the link. */
function card({ name, link, note }, context) {
    const { home, format } = context;
    return h(
        'li',
        {},
        h(
            'a',
            { class: `card card-${name}`, href: link, 'data-focus': name },
            h('span', { class: 'card-label' }, text.home.cards[name]),
            h('span', { class: 'card-value', 'data-figure': name }, format.number(home[name])),
            h('span', { class: 'card-note' }, text.home.notes[name](note(context))),
        ),
    );
}

/** The cards, in one list. */
function cards(context) {
    return h(
        'ul',
        { class: 'cards' },
        CARDS.map((one) => card(one, context)),
    );
}

/** What there is to say, the most urgent first: { words, link, tone }. */
function findingsOf({ home, format, rules }) {
    const say = (words, count) => words(count, format.number(count), rules);
    return [
        home.rescuable > 0
            ? { tone: 'warn', words: say(text.home.rescuable, home.rescuable), link: '/rescue.html' }
            : { tone: 'good', words: text.home.rescuableNone },
        home.stalled > 0
            ? { tone: 'warn', words: say(text.home.stalled, home.stalled), link: '/funnel.html' }
            : { tone: 'good', words: text.home.stalledNone },
        home.not_started > 0 && { tone: 'info', words: say(text.home.notStarted, home.not_started), link: '/funnel.html' },
        home.graduated > 0 && { tone: 'info', words: say(text.home.graduated, home.graduated), link: '/funnel.html' },
    ].filter(Boolean);
}

/** The findings as a list; each that has rows behind it is a link to them. */
function findings(list) {
    const item = ({ tone, words, link }, i) =>
        h('li', { class: `finding ${tone}` }, link ? h('a', { href: link, 'data-focus': `finding-${i}` }, words) : words);
    return h('ul', { class: 'findings' }, list.map(item));
}

/** The whole page from the one row. */
function render(home, context) {
    return [
        h('section', { 'aria-label': text.home.figures }, cards(context)),
        h(
            'section',
            { 'aria-labelledby': 'findings-title' },
            h('h2', { id: 'findings-title' }, text.home.findings),
            findings(findingsOf(context)),
        ),
    ];
}

startPage(({ context }) => [createRegion(document.getElementById('overview'), { context, load: async ({ home }) => home, render })], {
    whole: true,
});
