// What changed in the last seven days: the number of groups per kind of change, as links to them.

import { readRows } from '../lib/api.js';
import { h } from '../lib/dom.js';
import { changesLink } from '../lib/links.js';
import { createRegion } from '../lib/region.js';
import { CHANGES } from '../list/filters.js';
import { text } from '../text/index.js';

const WEEK_MS = 168 * 3_600_000;

/** Makes one kind of change: its number and words, as a link if there are such groups. */
function kindOf(change, n, { format }) {
    const [count, words] = text.home.changes[change](n, format.number(n));
    const shown = [h('strong', { 'data-change-count': change }, count), ' ', h('span', {}, words)];
    const key = `change-${change}`;
    const box =
        n > 0
            ? h('a', { class: 'change', href: changesLink({ change }), 'data-focus': key }, shown)
            : h('span', { class: 'change none-changed' }, shown);
    return h('li', {}, box);
}

/** Makes the part "What changed" in `element`. */
export function createChanges(element, { context }) {
    return createRegion(element, {
        context,
        load: async (_, signal) =>
            (await readRows('status_changes', { select: 'change' }, { signal })).rows,
        render(rows, shared) {
            const count = (change) => rows.filter((row) => row.change === change).length;
            const since = new Date(Date.parse(shared.home.as_of) - WEEK_MS);
            return [
                h(
                    'ul',
                    { class: 'changes' },
                    CHANGES.map((change) => kindOf(change, count(change), shared)),
                ),
                h('p', { class: 'muted' }, text.home.changesRule(shared.format.instant(since))),
            ];
        },
    });
}
