// The page "To contact": the rescue list and the groups at risk, what was done about each group,
// and whether it helped.

import { parameters, watchAddress } from '../lib/address.js';
import { AS_OF } from '../lib/as-of.js';
import { h } from '../lib/dom.js';
import { pageLink } from '../lib/links.js';
import { createContactList } from '../contact/list.js';
import { createEffect } from '../contact/effect.js';
import { TABS } from '../contact/tabs.js';
import { startPage } from '../shell/shell.js';

/** The parameters that both tabs have; a change of the tab keeps them. */
const SHARED = ['course', 'province', 'city', 'facilitator', 'chance', 'state', 'by', 'q'];

/** Returns the tab that the page's address names; the rescue list for anything else. */
function askedTab() {
    const asked = parameters().get('tab');
    return Object.hasOwn(TABS, asked) ? asked : 'rescue';
}

/** Shows the tabs as links, because each tab has an address of its own. */
function showTabs(current) {
    const kept = Object.fromEntries(SHARED.map((name) => [name, parameters().get(name)]));
    const item = ([tab, { words }]) => {
        const href = pageLink('/contact.html', { tab: tab === 'rescue' ? null : tab, ...kept });
        return h(
            'li',
            {},
            h('a', { href, 'aria-current': tab === current && 'page' }, words().tab),
        );
    };
    document.getElementById('tabs').replaceChildren(...Object.entries(TABS).map(item));
}

startPage(
    ({ context }) => {
        const tab = askedTab();
        showTabs(tab);
        watchAddress(SHARED, () => showTabs(tab));
        watchAddress([AS_OF], () => showTabs(tab), { isWhole: true });
        return [
            createContactList(document.getElementById('contact'), { context, tab }),
            createEffect(document.getElementById('effect'), { context }),
        ];
    },
    { placed: true },
);
