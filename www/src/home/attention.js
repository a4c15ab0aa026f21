// What needs attention: the two lists of groups to contact, each with its contact states and first
// groups, and the other findings as sentences. The counts are links to the groups that they count.

import { readRows } from '../lib/api.js';
import { h, name } from '../lib/dom.js';
import { atRiskLink, groupLink, groupsLink, qualityLink, rescueLink } from '../lib/links.js';
import { createRegion } from '../lib/region.js';
import { lastFollowUp } from '../contact/latest.js';
import { CONTACT_STATES } from '../list/filters.js';
import { text } from '../text/index.js';

/** How many groups of each list are shown. */
const FIRST_ROWS = 3;

/** Columns to read for the groups shown first: the facilitator, and the latest follow-up. */
const FACILITATOR = 'facilitator_name,facilitator_contact';
const LATEST = 'last_outcome,last_follow_up_on,last_noted_by,last_is_verified';

/**
 * The lists. `name` is the list's figure in api.home, `view` has its rows, and `link(filters)`
 * leads to them. Groups with the fewest days in the column `days` come first; `words` is the key of
 * the text about these days.
 */
const LISTS = [
    {
        name: 'rescuable',
        view: 'rescue_list',
        link: rescueLink,
        days: 'days_inactive',
        words: 'silent',
    },
    {
        name: 'at_risk',
        view: 'at_risk',
        link: atRiskLink,
        days: 'days_until_stalled',
        words: 'stalls',
    },
];

/** The other findings, each a figure of api.home. */
const FINDINGS = [
    {
        name: 'anomalies',
        tone: 'warn',
        link: () => `${qualityLink({ severity: 'warning' })}#anomalies-title`,
    },
    { name: 'not_started', link: () => groupsLink({ status: 'NOT_STARTED' }) },
    { name: 'awaiting', link: () => groupsLink({ awaiting: 'yes' }) },
    { name: 'continued', link: () => groupsLink({ continued: 'yes' }) },
];

/**
 * Reads the contact state of each group of a list that was contacted (they are few), and the first
 * groups to contact.
 */
async function readList({ view, days }, signal) {
    const contacted = { select: 'contact_state', contact_state: 'neq.NEW' };
    const first = {
        select: `group_id,group_name,course_name,progress_pct,${days},${FACILITATOR},${LATEST}`,
        contact_state: 'in.(NEW,DUE)',
        order: `${days}.asc,group_id.asc`,
        limit: String(FIRST_ROWS),
    };
    const [states, rows] = await Promise.all([
        readRows(view, contacted, { signal }),
        readRows(view, first, { signal }),
    ]);
    return { contacted: states.rows.map((row) => row.contact_state), rows: rows.rows };
}

/** Makes a sentence in the style of its tone, as a link if there are rows to lead to. */
function sentence({ key, tone, link, words, level = null }) {
    const said = link ? h('a', { href: link, 'data-focus': `finding-${key}` }, words) : words;
    const shown = level ? h(level, {}, said) : said;
    return h('div', { class: `finding ${tone}`, 'data-finding': key }, shown);
}

/** Returns what to say about a figure of api.home: how many there are, or that there are none. */
function wordsOf(key, tone, link, { home, format, rules }) {
    const n = home[key];
    if (n === 0) return { key, tone: 'good', words: text.home.fine[key](rules) };
    return { key, tone, link, words: text.home.findings[key](n, format.number(n), rules) };
}

/** Lists how many groups of a list are in each contact state, as links to these groups. */
function states(spec, { contacted }, { home, format }) {
    const count = (state) => contacted.filter((one) => one === state).length;
    const counts = { NEW: home[spec.name] - contacted.length };
    for (const state of CONTACT_STATES.slice(1)) counts[state] = count(state);
    const item = (state) =>
        h(
            'li',
            {},
            h(
                'a',
                { href: spec.link({ state }), 'data-focus': `${spec.name}-${state}` },
                `${text.contact.states[state]} `,
                h(
                    'strong',
                    { class: 'state-count', 'data-state-count': state },
                    format.number(counts[state]),
                ),
            ),
        );
    return h('ul', { class: 'state-links' }, CONTACT_STATES.map(item));
}

/**
 * Shows one of the first groups: its name, and below it its course, progress and days, its
 * facilitator, and its latest follow-up.
 */
function firstRow(spec, row, { format }) {
    const days = row[spec.days];
    return h(
        'li',
        {},
        h(
            'a',
            { href: groupLink(row.group_id), 'data-focus': `first-${row.group_id}` },
            name(row.group_name),
        ),
        h(
            'span',
            { class: 'block muted' },
            name(row.course_name),
            `, ${format.percent(row.progress_pct)} · `,
            text.home[spec.words](days, format.number(days)),
        ),
        h('span', { class: 'block muted' }, facilitatorWords(row)),
        row.last_outcome && lastFollowUp(row, format),
    );
}

/** Returns the facilitator's name, and says so if no address is known. */
function facilitatorWords({ facilitator_name: who, facilitator_contact: address }) {
    if (!who && !address) return text.missing.facilitator_name;
    return [who && name(who), !address && ` (${text.missing.facilitator_contact})`];
}

/** Makes one list: the sentence, the states, and the groups to contact next. */
function panel(spec, list, shown) {
    const heading = wordsOf(spec.name, 'warn', spec.link(), shown);
    const first = list.rows.map((row) => firstRow(spec, row, shown));
    const next =
        first.length > 0
            ? [
                  h('p', { class: 'muted next' }, text.home.next),
                  h('ol', { class: 'first-rows' }, first),
              ]
            : h('p', { class: 'muted next' }, text.home.nobodyNext);
    return h(
        'div',
        { class: 'panel', 'data-panel': spec.name },
        sentence({ ...heading, level: 'h3' }),
        shown.home[spec.name] > 0 && [states(spec, list, shown), next],
    );
}

/** Makes the sentences below the lists. A finding without `tone` is left out if its figure is 0. */
function findings(shown) {
    const told = FINDINGS.filter(({ name: key, tone }) => tone || shown.home[key] > 0);
    const item = ({ name: key, tone = 'info', link }) =>
        h('li', {}, sentence(wordsOf(key, tone, link(), shown)));
    return h('ul', { class: 'findings' }, told.map(item));
}

/** Makes the part "What needs attention" in `element`. */
export function createAttention(element, { context }) {
    return createRegion(element, {
        context,
        load: (_, signal) => Promise.all(LISTS.map((spec) => readList(spec, signal))),
        render: (lists, shared) => [
            h(
                'div',
                { class: 'panels' },
                LISTS.map((spec, i) => panel(spec, lists[i], shared)),
            ),
            findings(shared),
        ],
    });
}
