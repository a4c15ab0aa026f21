// Tests accessibility: runs axe on every page, also on pages that have nothing to show and on pages
// that show an error.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { answerWith, FIRST_RUN, PATHS, settled } from './harness.mjs';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const DOWN = answerWith(
    { code: 'PGRST000', message: 'Database connection error', details: 'refused', hint: null },
    503,
);
const FORBIDDEN = answerWith(
    { code: '42501', message: 'permission denied for view sync_runs', details: null, hint: null },
    403,
);

/**
 * Runs axe in a page, through the debugger because the page's Content-Security-Policy forbids other
 * scripts. Returns what it complains about.
 */
async function violations(page) {
    await settled(page);
    const found = await page.evaluate(
        `${readFileSync(AXE, 'utf8')}; axe.run(document).then(({ violations, passes }) => ` +
            '({ violations, passes: passes.length }))',
    );
    assert.ok(found.passes > 10, 'axe looked at nothing');
    return found.violations.map(
        ({ id, nodes }) =>
            `${id}: ${nodes
                .map((node) => node.html)
                .slice(0, 3)
                .join(' ')}`,
    );
}

/** Makes the header's search show its results. */
async function lookForSomething(page) {
    await page.locator('#find').fill('an');
    await page.locator('#found > *').first().waitFor();
}

async function axeFindsNothingOnPages({ open, sql }) {
    const [{ group_id: group }] = sql(
        "SELECT group_id FROM v_group_status WHERE status = 'GRADUATED' ORDER BY group_id LIMIT 1",
    );
    const [{ user_id: member }] = sql(
        'SELECT user_id FROM v_member_journey ORDER BY courses_completed DESC, user_id LIMIT 1',
    );
    const [{ facilitator_id: leader }] = sql(
        'SELECT facilitator_id FROM api.facilitators ORDER BY groups_led DESC, 1 LIMIT 1',
    );
    const one = (page, id) => `/${page}.html?${new URLSearchParams({ id })}`;
    const paths = [
        ...PATHS,
        one('groups', group),
        one('members', member),
        one('facilitators', leader),
    ];
    for (const [colorScheme, width, locale] of [
        ['light', 1280, 'en-GB'],
        ['dark', 1280, 'id-ID'],
        ['light', 360, 'id-ID'],
        ['dark', 360, 'en-GB'],
    ]) {
        for (const path of paths) {
            const page = await open(path, {
                colorScheme,
                locale,
                viewport: { width, height: 800 },
            });
            if (path === paths[0]) await lookForSomething(page);
            assert.deepEqual(
                await violations(page),
                [],
                `${path}, ${colorScheme}, ${width} px, ${locale}`,
            );
            await page.context().close();
        }
    }
}

/**
 * Pages that can't show what they should: [path, the API's answers that cause this, what the page
 * shows instead].
 */
const STATES = [
    ['/', FIRST_RUN, /Nothing synced yet/],
    ['/', { home: DOWN, home_before: DOWN }, /isn’t ready/],
    ['/contact.html', { rescue_list: DOWN }, /PGRST000/],
    [
        '/contact.html',
        { rescue_list: answerWith([], 200, { 'Content-Range': '*/0' }) },
        /No group needs rescuing/,
    ],
    ['/groups.html?q=nobody+is+called+so', {}, /Nothing fits these filters/],
    ['/groups.html?id=none', {}, /there is no group with this id/],
    ['/groups.html?status=UNKNOWN', {}, /filters that mean nothing here/],
    ['/sync.html', { sync_runs: FORBIDDEN, sync_status: FORBIDDEN }, /You aren’t allowed/],
];

async function axeFindsNothingInStates({ open }) {
    for (const colorScheme of ['light', 'dark']) {
        for (const [path, routes, words] of STATES) {
            const page = await open(path, { colorScheme, routes, expected: /./ });
            assert.match(await page.locator('main').textContent(), words, path);
            assert.deepEqual(
                await violations(page),
                [],
                `${path}, ${Object.keys(routes)}, ${colorScheme}`,
            );
            await page.context().close();
        }
    }
}

export const axeCases = [
    [
        'axe finds nothing on any page: light and dark, 1280 and 360 px, English and Indonesian',
        axeFindsNothingOnPages,
    ],
    [
        'axe finds nothing where there is nothing to show, or something fails',
        axeFindsNothingInStates,
    ],
];
