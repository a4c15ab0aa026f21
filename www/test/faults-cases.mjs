// Tests for faults that were found by using the pages, one case each; P5 and the like are the
// faults' numbers.

import assert from 'node:assert/strict';
import { PATHS, settled } from './harness.mjs';
import { readFigures } from './home-cases.mjs';

/** Runs in the page before its own scripts: records how far its parts jump without user input. */
function watchShifts() {
    window.shifts = [];
    new PerformanceObserver((list) => {
        for (const { value, hadRecentInput, sources } of list.getEntries()) {
            if (hadRecentInput) continue;
            const what = sources.map(({ node }) => node?.id || node?.className || node?.nodeName);
            window.shifts.push({ value, what });
        }
    }).observe({ type: 'layout-shift', buffered: true });
}

async function nothingJumps({ open, sql }) {
    const [{ group_id: group }] = sql('SELECT min(group_id) AS group_id FROM v_group_status');
    const [{ user_id: member }] = sql('SELECT min(user_id) AS user_id FROM v_member_journey');
    const one = [`/groups.html?id=${group}`, `/members.html?id=${member}`];
    const jumping = [];
    for (const width of [1280, 360]) {
        for (const path of [...PATHS, ...one, '/groups.html?list=changes']) {
            const page = await open(path, {
                script: watchShifts,
                viewport: { width, height: 800 },
            });
            await page.waitForTimeout(300);
            const shifts = await page.evaluate(() => window.shifts);
            const sum = shifts.reduce((all, { value }) => all + value, 0);
            const why = shifts.map(({ value, what }) => `${value.toFixed(3)} ${what}`).join('; ');
            if (sum > 0.05) jumping.push(`${path} at ${width}: ${sum.toFixed(3)} (${why})`);
            await page.context().close();
        }
    }
    assert.deepEqual(jumping, []);
}

async function sameSentenceSameNumber({ open, sql }) {
    const [{ day }] = sql(
        'SELECT (ngeshare_as_of() AT TIME ZONE ' +
            "current_setting('ngeshare.timezone'))::date::text AS day",
    );
    const changes = async (path) =>
        (await open(path))
            .locator('[data-change]')
            .evaluateAll((all) => all.map((one) => one.textContent));
    assert.deepEqual(await changes('/'), await changes(`/?as_of=${day}`));
}

async function endedTimelineIsWide({ open, sql }) {
    const [{ group_id: group }] = sql(`SELECT group_id FROM v_group_status
        WHERE status = 'GRADUATED' AND total_meetings > 5
            ORDER BY last_meeting_date, group_id LIMIT 1`);
    const page = await open(`/groups.html?${new URLSearchParams({ id: group })}`);
    const drawing = await page.locator('#timeline .drawing').boundingBox();
    const last = await page.locator('#timeline .drawing .mark').last().boundingBox();
    const share = (last.x - drawing.x) / drawing.width;
    assert.ok(share > 0.5, `the meetings fill ${Math.round(100 * share)} % of the width`);
    const kinds = (selector) =>
        page
            .locator(selector)
            .evaluateAll((all) => [...new Set(all.map((one) => one.getAttribute('class')))].sort());
    assert.deepEqual(
        await kinds('#timeline .legend .mark'),
        await kinds('#timeline .drawing .mark'),
    );
}

async function factsHaveRoom({ open, sql }) {
    const [{ user_id: member }] = sql('SELECT min(user_id) AS user_id FROM v_member_journey');
    const page = await open(`/members.html?${new URLSearchParams({ id: member })}`);
    const padding = await page
        .locator('#members .facts')
        .evaluate((facts) => parseFloat(getComputedStyle(facts).paddingInlineStart));
    assert.ok(padding >= 8, `${padding} px of padding`);
    assert.doesNotMatch(await page.title(), /^Members/, 'the tab has the member’s name (P19)');
}

async function firstSightIsIndonesian({ open }) {
    const page = await open('/contact.html', { locale: 'id-ID', expected: /\/assets\// });
    const words = await page.locator('h1').textContent();
    await page.route(/\/assets\/.*\.js/, (route) => route.abort());
    await page.reload({ waitUntil: 'domcontentloaded' });
    assert.equal(await page.locator('h1').textContent(), words, 'before any script');
    assert.equal(await page.locator('html').getAttribute('lang'), 'id');
    await page.unroute(/\/assets\/.*\.js/);
    await page.reload();
    await settled(page);
    await page.locator('#language').selectOption('en');
    await page.waitForFunction(() => document.documentElement.lang === 'en');
    const answer = await page.request.get(new URL('/', page.url()).href);
    assert.match(await answer.text(), /<html lang="en">/, 'the server knows the choice');
}

async function themeReachesOtherTabs({ open, openBeside }) {
    const page = await open('/', { colorScheme: 'light' });
    const tab = await openBeside(page, '/funnel.html');
    await page.locator('#theme').selectOption('dark');
    await tab.waitForFunction(() => document.documentElement.dataset.theme === 'dark');
    assert.equal(await tab.locator('#theme').inputValue(), 'dark');
}

async function missingPageIsOurs({ open }) {
    for (const [locale, words] of [
        ['en-GB', 'This page doesn’t exist'],
        ['id-ID', 'Halaman ini tidak ada'],
    ]) {
        const page = await open('/', { locale, expected: /nothing-here/ });
        const answer = await page.goto(`${new URL(page.url()).origin}/nothing-here.html`);
        assert.equal(answer.status(), 404);
        assert.equal(await page.locator('h1').textContent(), words);
    }
}

async function strangeOrderIsSaid({ open }) {
    const page = await open('/groups.html?order=secret.asc&page=-3');
    assert.match(await page.locator('.notice').first().textContent(), /order=secret\.asc, page=-3/);
    await page.locator('.clear').click();
    await page.waitForFunction(() => location.search === '');
    await page.locator('.tools .notice').waitFor({ state: 'detached' });
}

async function syncIsCancelledAnywhere({ open, hold, sql }) {
    const release = await hold(20);
    const page = await open('/funnel.html');
    await page.locator('#sync-now').click();
    await page.locator('#freshness:not([data-run=""])').waitFor();
    const run = await page.locator('#freshness').getAttribute('data-run');
    await page.locator('#sync-cancel-here').click();
    await page.locator('#freshness[data-run=""]').waitFor({ timeout: 60_000 });
    await release();
    assert.equal(sql(`SELECT status FROM sync_run WHERE run_id = ${run}`)[0].status, 'cancelled');
    assert.ok(await page.locator('#sync-cancel-here').isHidden());
}

/**
 * Checks that a page needs two steps to show its figures. All requests within one second are held
 * and then released together, so a request that depends on an earlier answer falls into a later
 * step.
 */
async function twoStepsToTheFigures({ open }) {
    const page = await open('/sync.html');
    const asked = { assets: [], api: [] };
    const waiting = [];
    await page.route(/\/(assets|api)\//, (route) => {
        const { pathname } = new URL(route.request().url());
        asked[pathname.startsWith('/api/') ? 'api' : 'assets'].push(pathname);
        waiting.push(route);
    });
    const next = async () => {
        await page.waitForTimeout(1_000);
        await Promise.all(waiting.splice(0).map((route) => route.continue()));
    };
    page.goto(new URL('/', page.url()).href).catch(() => {});
    await next();
    const files = asked.assets.length;
    await next();
    assert.equal(asked.assets.length, files, `no file is asked for after another: ${asked.assets}`);
    assert.ok(
        ['/api/home', '/api/home_before'].every((path) => asked.api.includes(path)),
        `${asked.api}`,
    );
    await page.locator('.card-value').first().waitFor({ timeout: 5_000 });
    const shown = await readFigures(page);
    assert.ok(Object.values(shown).every(Number.isFinite), 'the figures are there');
    await page.unroute(/\/(assets|api)\//);
}

async function groupIsReadOnce({ open, go, sql }) {
    const [{ group_id: group }] = sql('SELECT min(group_id) AS group_id FROM v_group_status');
    const page = await open('/sync.html');
    const asked = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await go(page, `/groups.html?${new URLSearchParams({ id: group })}`);
    assert.equal(asked.filter((path) => path === '/api/group_status').length, 1);
}

export const faultsCases = [
    ['P5: no page jumps while it loads, at 1280 and 360', nothingJumps],
    ['P10: the same sentence has the same number', sameSentenceSameNumber],
    ['P11: an ended group’s timeline is filled by its meetings', endedTimelineIsWide],
    ['P12: a member’s facts have room, and the tab their name', factsHaveRoom],
    ['P16: the first sight of a page is in its language', firstSightIsIndonesian],
    ['P19: a theme reaches other tabs', themeReachesOtherTabs],
    ['P19: an address that is none has a page of ours', missingPageIsOurs],
    ['P19: an order and a page that mean nothing are said', strangeOrderIsSaid],
    ['P20: a sync is cancelled from any page', syncIsCancelledAnywhere],
    ['P21: Home’s figures are there after two steps', twoStepsToTheFigures],
    ['P21: a group is read once', groupIsReadOnce],
];
