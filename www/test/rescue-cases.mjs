// The rescue list and the groups at risk: rows, orders, pages and contacts against SQL.

import assert from 'node:assert/strict';
import { answerWith, readNumber, readTable, settled } from './harness.mjs';

const PAGE_SIZE = 50;
const RESCUE = `SELECT group_name, course_name, facilitator_id, facilitator_name, facilitator_contact, last_meeting_date, days_inactive, progress_pct,
  episodes_remaining, facilitator_is_deleted FROM v_rescue_list`;

/** A rescue row from SQL as the page writes it. */
function rescueCells(row) {
    const day =
        row.last_meeting_date &&
        new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(row.last_meeting_date));
    const facilitator =
        row.facilitator_id === null ? '—no facilitator' : row.facilitator_name + (row.facilitator_is_deleted ? ' account deleted' : '');
    const contact = row.facilitator_contact ? `${row.facilitator_contact} Copy` : '—no address is known';
    return [row.group_name, row.course_name, facilitator, contact, day ?? '—never met', row.days_inactive, row.progress_pct, row.episodes_remaining];
}

async function readRescue(page) {
    return (await readTable(page, '#rescue')).map((cells) => cells.map((cell, i) => (i >= 5 ? readNumber(cell) : cell)));
}

async function rescueEqualsSql({ open, sql }) {
    const page = await open('/rescue.html');
    const expected = sql(`${RESCUE} ORDER BY days_inactive, group_id LIMIT ${PAGE_SIZE}`);
    assert.deepEqual(await readRescue(page), expected.map(rescueCells));
    assert.equal(await page.locator('[aria-sort]').getAttribute('aria-sort'), 'ascending');
}

async function rescueNamesTheRuleInForce({ open }) {
    const basis = { zone: 'Asia/Jakarta', as_of: '2026-01-01T00:00:00Z', as_of_day: '2026-01-01', synced: true, active_days: 17, rescue_min_pct: 43 };
    const page = await open('/rescue.html', { routes: { basis: answerWith([basis]) } });
    assert.match(await page.locator('#rescue').textContent(), /more than 17 days.*at least 43%/);
}

async function rescueSortsInSql({ open, sql }) {
    const page = await open('/rescue.html');
    const names = [
        'group_name',
        'course_name',
        'facilitator_name',
        'facilitator_contact',
        'last_meeting_date',
        'days_inactive',
        'progress_pct',
        'episodes_remaining',
    ];
    for (const [i, column] of names.entries()) {
        for (const direction of ['asc', 'desc']) {
            await page.locator('#rescue thead button').nth(i).click();
            await page.waitForFunction(
                ([column, direction]) => document.querySelectorAll('#rescue th')[column].getAttribute('aria-sort') === direction,
                [i, direction === 'asc' ? 'ascending' : 'descending'],
            );
            await settled(page);
            const expected = sql(`${RESCUE} ORDER BY ${column} ${direction} NULLS LAST, group_id LIMIT ${PAGE_SIZE}`);
            assert.deepEqual(await readRescue(page), expected.map(rescueCells), `${column} ${direction}`);
        }
    }
}

async function rescueAddressHoldsTheOrder({ open }) {
    const page = await open('/rescue.html');
    await page.getByRole('button', { name: 'Progress' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL('**/rescue.html?order=progress_pct.asc');
    await page.waitForFunction(() => document.querySelector('[aria-sort]').textContent.includes('Progress'));
    await settled(page);
    assert.match(await page.evaluate(() => document.activeElement.textContent), /Progress/, 'the focus stays');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/rescue.html?order=progress_pct.desc');
    await page.reload();
    await settled(page);
    assert.equal(await page.locator('th', { hasText: 'Progress' }).getAttribute('aria-sort'), 'descending');
    await page.goBack();
    await page.waitForFunction(() => document.querySelector('[aria-sort]').getAttribute('aria-sort') === 'ascending');
}

async function rescueHasPages({ open, sql }) {
    const expected = sql(`${RESCUE} ORDER BY days_inactive, group_id`);
    const seen = [];
    const page = await open('/rescue.html', { expected: /offset=\d{6}/ });
    for (;;) {
        seen.push(...(await readRescue(page)));
        const next = page.getByRole('button', { name: 'Next' });
        if ((await next.count()) === 0 || (await next.getAttribute('aria-disabled'))) break;
        const first = await page.locator('tbody tr').first().getAttribute('data-key');
        await next.click();
        await page.waitForFunction((key) => document.querySelector('tbody tr').dataset.key !== key, first);
        await settled(page);
    }
    assert.deepEqual(seen, expected.map(rescueCells));
    await page.goto(page.url().replace(/\?.*/, '?page=99999'));
    await settled(page);
    assert.equal(new URL(page.url()).search, '', 'a page beyond the end leads to the first');
}


async function rescueCountsAndSearches({ open, go, sql }) {
    const page = await open('/rescue.html');
    const [{ groups, course }] = sql(`SELECT count(*) AS groups, course_name AS course FROM v_rescue_list
      GROUP BY course_name ORDER BY groups DESC LIMIT 1`);
    await page.locator('#list-course').selectOption(course);
    await page.waitForFunction((n) => document.querySelector('[data-figure="total"]').textContent.startsWith(`${n} `), groups);
    assert.equal(new URL(page.url()).searchParams.get('course'), course);
    const [{ group_name: name }] = sql(`SELECT group_name FROM v_rescue_list WHERE course_name = '${course}' ORDER BY group_id LIMIT 1`);
    await page.locator('body').press('/');
    await page.keyboard.type(name.toUpperCase());
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => new URLSearchParams(location.search).has('q'));
    await settled(page);
    const found = sql(`SELECT group_name FROM v_rescue_list WHERE course_name = '${course}'
      AND strpos(lower(group_name || coalesce(' ' || facilitator_name, '')), lower(trim($n$${name}$n$))) > 0`);
    assert.equal(await page.locator('#rescue tbody tr').count(), found.length);
    await go(page, '/rescue.html?q=nothing%20is%20called%20so');
    assert.match(await page.locator('#rescue .empty').textContent(), /Nothing fits these filters/);
    await page.locator('#rescue .clear').click();
    await page.locator('#rescue tbody tr').first().waitFor();
    assert.equal(new URL(page.url()).search, '');
}

async function contactIsWrittenToAndCopied({ open, sql }) {
    const page = await open('/rescue.html', { permissions: ['clipboard-read', 'clipboard-write'] });
    const [{ facilitator_contact: contact }] = sql(`SELECT facilitator_contact FROM v_rescue_list WHERE facilitator_contact ~ '^[a-z.0-9]+@[a-z.]+$'
      ORDER BY days_inactive, group_id LIMIT 1`);
    const cell = page.locator('.contact', { hasText: contact }).first();
    assert.equal(await cell.locator('a').getAttribute('href'), `mailto:${contact}`);
    await cell.getByRole('button').click();
    await page.waitForFunction((value) => document.getElementById('announcer').textContent.startsWith(value), contact);
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), contact);
}

const AT_RISK = `SELECT group_name, course_name, facilitator_id, facilitator_name, facilitator_contact, facilitator_is_deleted, last_meeting_date,
  days_inactive, days_until_stalled, reason, rhythm_days, progress_pct FROM v_at_risk`;

/** A row of the groups at risk from SQL as the page writes it. */
function atRiskCells(row) {
    const [group, course, facilitator, contact, day] = rescueCells(row);
    const reason = { SILENT: 'silent', RHYTHM: 'out of rhythm' }[row.reason];
    return [group, course, facilitator, contact, day, row.days_inactive, row.days_until_stalled, reason, row.rhythm_days, row.progress_pct];
}

async function atRiskEqualsSql({ open, sql }) {
    const page = await open('/at-risk.html');
    const shown = (await readTable(page, '#at-risk')).map((cells) => cells.map((cell, i) => (i >= 5 && i !== 7 ? readNumber(cell) : cell)));
    assert.deepEqual(shown, sql(`${AT_RISK} ORDER BY days_until_stalled, group_id LIMIT ${PAGE_SIZE}`).map(atRiskCells));
    for (const { reason, groups } of sql('SELECT reason, count(*) AS groups FROM v_at_risk GROUP BY reason')) {
        await page.locator('#list-reason').selectOption(reason);
        await page.waitForFunction((n) => document.querySelector('[data-figure="total"]').textContent.startsWith(`${n} `), groups);
    }
}

export const rescueCases = [
    ['Rescue list: rows and order equal SQL', rescueEqualsSql],
    ['Rescue list: the rule is that in force', rescueNamesTheRuleInForce],
    ['Rescue list: each column sorts both ways as SQL does', rescueSortsInSql],
    ['Rescue list: by keyboard; the address holds the order', rescueAddressHoldsTheOrder],
    ['Rescue list: its pages hold each row once', rescueHasPages],
    ['Rescue list: filter, search by keyboard, clear', rescueCountsAndSearches],
    ['Rescue list: a contact is written to and copied', contactIsWrittenToAndCopied],
];

export const atRiskCases = [['At risk: rows, order and filters equal SQL', atRiskEqualsSql]];
