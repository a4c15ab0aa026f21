// Tests the field for the day to look back to: typing a day, stepping to one, going back.

import assert from 'node:assert/strict';
import { settled } from './harness.mjs';

/**
 * The keys that type the day: month, day, year. This order depends on the system, not on the page's
 * language.
 */
const KEYS = '03152026';
const DAY = '2026-03-15';
const dayOf = (page) => page.evaluate(() => document.getElementById('as-of').value);
const addressDay = (page) => new URL(page.url()).searchParams.get('as_of');

async function typedDayStays({ open, sql }) {
    const [{ n }] = sql(
        'SELECT count(*) AS n FROM api.group_status',
        `(('${DAY}'::date + 1)::timestamp AT TIME ZONE ` +
            `current_setting('ngeshare.timezone') - interval '1 microsecond')::text`,
    );
    for (const locale of ['en-US', 'id-ID']) {
        for (const delay of [60, 250, 400]) {
            const page = await open('/groups.html', { locale });
            const entries = await page.evaluate(() => history.length);
            const field = await page.locator('#as-of').boundingBox();
            await page.mouse.click(field.x + 14, field.y + field.height / 2);
            await page.keyboard.type(KEYS, { delay });
            await page.waitForURL(`**as_of=${DAY}`, { timeout: 10_000 });
            await settled(page);
            assert.equal(await dayOf(page), DAY, `${locale}, ${delay} ms a key`);
            assert.equal(await page.evaluate(() => history.length), entries + 1, 'one entry');
            assert.match(
                await page.locator('[data-figure="total"]').first().textContent(),
                new RegExp(`^${n.toLocaleString(locale)} `),
            );
            await page.context().close();
        }
    }
}

async function enterAndLeavingGoAtOnce({ open }) {
    for (const key of ['Enter', 'Tab']) {
        const page = await open('/groups.html');
        await page.locator('#as-of').focus();
        await page.keyboard.type(KEYS, { delay: 20 });
        await page.keyboard.press(key);
        if (key === 'Tab') await page.locator('#list-search').focus();
        await page.waitForURL(`**as_of=${DAY}`, { timeout: 700 });
    }
}

async function arrowsAreOneStep({ open }) {
    const page = await open('/groups.html');
    const entries = await page.evaluate(() => history.length);
    const asked = [];
    page.on(
        'request',
        (request) =>
            /\/api\/group_status.*limit=50/.test(request.url()) && asked.push(request.url()),
    );
    await page.locator('#as-of').focus();
    for (let i = 0; i < 10; i++) await page.keyboard.press('ArrowDown', { delay: 40 });
    await page.waitForURL('**as_of=**');
    await settled(page);
    await page.waitForTimeout(1_500);
    assert.equal(await page.evaluate(() => history.length), entries + 1, 'ten presses, one entry');
    assert.equal(asked.length, 1, 'and one reload');
}

async function backShowsTheDay({ open }) {
    const page = await open('/groups.html');
    const latest = await dayOf(page);
    await page.locator('#as-of').fill(DAY);
    await page.waitForURL(`**as_of=${DAY}`);
    await settled(page);
    assert.equal(
        await page.evaluate(() => document.activeElement.id),
        'as-of',
        'the field has the focus still',
    );
    await page.goBack();
    await page.waitForURL((url) => !url.searchParams.has('as_of'));
    await settled(page);
    assert.equal(await dayOf(page), latest);
    await page.goForward();
    await page.waitForURL(`**as_of=${DAY}`);
    await settled(page);
    assert.equal(await dayOf(page), DAY);
}

async function backAsksOnce({ open }) {
    for (const [path, views] of [
        ['/facilitators.html', ['facilitators', 'facilitator_monthly']],
        ['/funnel.html', ['drop_off', 'pipeline']],
        ['/contact.html', ['follow_up_effect']],
    ]) {
        const page = await open(path);
        await page.locator('#as-of').fill(DAY);
        await page.waitForURL(`**as_of=${DAY}`);
        await settled(page);
        const asked = [];
        page.on(
            'request',
            (request) =>
                // The request that counts a list's rows reads one row; it is left out.
                request.url().endsWith('limit=1') ||
                asked.push(new URL(request.url()).pathname.replace('/api/', '')),
        );
        await page.goBack();
        await page.waitForURL((url) => !url.searchParams.has('as_of'));
        await page.waitForTimeout(300);
        await settled(page);
        for (const view of views)
            assert.equal(
                asked.filter((one) => one === view).length,
                1,
                `${path} asks ${view} once`,
            );
        await page.context().close();
    }
}

async function unreachableDayIsSaid({ open }) {
    const page = await open('/groups.html?as_of=2030-01-01');
    const note = await page.locator('.as-of-note').textContent();
    assert.match(note, /still to come.*1 Jan 2030$/);
    assert.doesNotMatch(note, /You see everything as it was/);
    const other = await open('/groups.html');
    await other.locator('#as-of').focus();
    await other.keyboard.type('01012031', { delay: 20 });
    await other.locator('#list-search').focus();
    await other.waitForTimeout(1_500);
    assert.match(await other.locator('.as-of-problem').textContent(), /up to the last sync/);
    assert.equal(addressDay(other), null);
}

export const pickerCases = [
    ['as of: a typed day stays itself, at any speed (P1)', typedDayStays],
    ['as of: Enter and leaving the field go at once (P1)', enterAndLeavingGoAtOnce],
    ['as of: ten arrows are one step (P4)', arrowsAreOneStep],
    ['as of: after Back the field shows its day (P3)', backShowsTheDay],
    ['as of: Back asks every list once (P14)', backAsksOnce],
    ['as of: a day to come, and one that can’t be (P13)', unreachableDayIsSaid],
];
