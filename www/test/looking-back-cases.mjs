// Tests looking back to an earlier day: the day is in the page's address, the figures are those at
// the end of that day, and links keep the day.

import assert from 'node:assert/strict';
import { readNumber, settled } from './harness.mjs';
import { FIGURES, readFigures } from './home-cases.mjs';

export const DAY = '2026-08-15';
export const END_OF_DAY =
    `(('${DAY}'::date + 1)::timestamp AT TIME ZONE current_setting('ngeshare.timezone') - ` +
    `interval '1 microsecond')::text`;

async function figuresAreOfTheDay({ open, sql }) {
    const page = await open(`/?as_of=${DAY}`);
    assert.deepEqual(await readFigures(page), sql(FIGURES, END_OF_DAY)[0]);
    assert.match(
        await page.locator('.as-of-note').textContent(),
        /You see everything as it was on 15 Aug 2026/,
    );
}

async function pickerChangesTheDay({ open, sql }) {
    const page = await open('/');
    const [now, then] = [sql(FIGURES)[0], sql(FIGURES, END_OF_DAY)[0]];
    assert.notEqual(now.active, then.active, 'a day with other figures');
    const shows = (count) =>
        page.waitForFunction(
            (value) =>
                Number(
                    document
                        .querySelector('[data-figure="active"]')
                        .textContent.replaceAll(',', ''),
                ) === value,
            count,
        );
    await page.locator('#as-of').fill(DAY);
    await shows(then.active);
    assert.equal(new URL(page.url()).searchParams.get('as_of'), DAY);
    await page.goBack();
    await shows(now.active);
    await page.goForward();
    await shows(then.active);
    await page.locator('#as-of-today').click();
    await shows(now.active);
    assert.equal(new URL(page.url()).search, '');
}

async function linksTakeTheDayAlong({ open, sql }) {
    const page = await open(`/?as_of=${DAY}`);
    const links = await page
        .locator('nav a, .card, .finding a, .brand')
        .evaluateAll((all) => all.map((link) => link.href));
    for (const href of links) assert.equal(new URL(href).searchParams.get('as_of'), DAY, href);
    const [{ stalled }] = sql(FIGURES, END_OF_DAY);
    await page.locator('.card-stalled').click();
    await settled(page);
    assert.equal(
        readNumber((await page.locator('[data-figure="total"]').textContent()).split(' ')[0]),
        stalled,
    );
    assert.match(
        await page.locator('.file').getAttribute('href'),
        new RegExp(`^/export/as-of/${DAY}/group_status\\.csv\\?`),
    );
}

async function unreadableDayIsSaid({ open, sql }) {
    const page = await open('/?as_of=2026-02-30');
    assert.match(await page.locator('.as-of-problem').textContent(), /2026-02-30.*is no day/);
    assert.deepEqual(await readFigures(page), sql(FIGURES)[0], 'and ignored');
}

export const lookingBackCases = [
    ['as of a day: the figures are those of its end', figuresAreOfTheDay],
    ['as of a day: the picker, back, forward and back to today', pickerChangesTheDay],
    ['as of a day: every link and file takes it along', linksTakeTheDayAlong],
    ['as of a day: what is no day is said', unreadableDayIsSaid],
];
