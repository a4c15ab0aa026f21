// Accessibility: axe on every page, and on what pages show when there is nothing to show, or
// something fails.

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

/** axe looks at a page through the debugger, past its policy of content. */
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

/** The header's search shows what it found. */
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
 * What pages show that can't show what they should: [path, the answers that bring it about, what is
 * there then].
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
