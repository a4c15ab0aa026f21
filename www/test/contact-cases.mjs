// Tests "To contact": compares its rows, states, filters and messages with SQL.

import assert from 'node:assert/strict';
import { forgetNotes, literal, NOW, noteSome, OUTCOMES, TABS } from './contact-notes.mjs';
import { answerWith, readNumber, settled } from './harness.mjs';

const PAGE_SIZE = 50;
const STATES = {
    NEW: 'Not contacted',
    DUE: 'Contact again',
    WAITING: 'Waiting',
    CLOSED: 'Closed',
};
const dayWords = (day, locale = 'en-GB') =>
    new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(day));
const rowsOf = (sql, { view, order }, where = 'true', by = order) =>
    sql(
        `SELECT * FROM ${view} WHERE ${where} ORDER BY ${by} ` +
            `${by.endsWith('c') ? 'NULLS LAST' : ''}, group_id LIMIT ${PAGE_SIZE}`,
        NOW,
    );

/** Returns the rows of the list as objects: the text of each cell under its column's name. */
function readRows(page) {
    return page
        .locator('#contact tbody tr:not(.section)')
        .evaluateAll((rows) =>
            rows.map((row) =>
                Object.fromEntries(
                    [...row.cells].map((cell) => [cell.dataset.label ?? 'Group', cell.textContent]),
                ),
            ),
        );
}

/** Returns a row from SQL as the page writes it. */
function cellsOf(row) {
    const place = [row.city, row.province].filter(Boolean).join(', ');
    const {
        facilitator_name: who,
        facilitator_contact: address,
        facilitator_is_deleted: deleted,
    } = row;
    const contact = address && `${address === who ? '' : `${address} `}Copy`;
    const leader =
        who === null && address === null
            ? '—no facilitator'
            : [
                  who,
                  deleted && ' account deleted',
                  contact,
                  who && !address && ' —no address is known',
              ];
    const words = [
        STATES[row.contact_state],
        row.last_outcome &&
            `${OUTCOMES[row.last_outcome]}, ${dayWords(row.last_follow_up_on)}, ` +
                `${row.last_noted_by}` +
                (row.last_is_verified ? '' : ' (name as typed)'),
        row.next_on && `again on ${dayWords(row.next_on)}`,
        row.follow_ups > 1 && `${row.follow_ups} follow-ups`,
    ];
    return {
        Group: row.group_name + (place && ` ${place}`),
        Course: row.course_name,
        Facilitator: [leader].flat().filter(Boolean).join(''),
        'Last meeting': row.last_meeting_date ? dayWords(row.last_meeting_date) : '—never met',
        'Days without a meeting': String(row.days_inactive),
        Progress: `${row.progress_pct.toFixed(1)}%`,
        'Chance in 28 days':
            row.resume_28_days_pct === null
                ? 'too few such silences to say'
                : `${row.resume_28_days_pct.toFixed(1)}%`,
        'Follow-up': words.filter(Boolean).join(''),
        ...('episodes_remaining' in row && { 'Episodes left': String(row.episodes_remaining) }),
        ...('reason' in row && {
            'Days until it stalls': String(row.days_until_stalled),
            Reason:
                { SILENT: 'Hasn’t met for a while', RHYTHM: 'Meets less often than usual' }[
                    row.reason
                ] + (row.rhythm_days === null ? '' : `usually every ${row.rhythm_days} days`),
        }),
    };
}

/** Checks that the list shows exactly these rows of SQL. */
async function showsRows(page, expected, about) {
    const shown = (await readRows(page)).map(({ Contact: _, ...cells }) => cells);
    assert.deepEqual(shown, expected.map(cellsOf), about);
}

const totalIs = (page, n) =>
    page.waitForFunction(
        (count) =>
            document
                .querySelector('#contact [data-figure="total"]')
                ?.textContent.replace(/,/g, '')
                .startsWith(`${count} `),
        n,
    );

async function rowsEqualSql({ open, go, sql, run }) {
    noteSome(run);
    try {
        const page = await open('/contact.html');
        for (const tab of Object.values(TABS)) {
            await go(page, tab.path);
            await showsRows(page, rowsOf(sql, tab), tab.path);
            assert.equal(
                await page.locator('#contact [aria-sort]').getAttribute('aria-sort'),
                'ascending',
                'the seed’s order',
            );
        }
    } finally {
        forgetNotes(run);
    }
}

async function statesAndFiltersEqualSql({ open, go, sql, run }) {
    noteSome(run);
    try {
        const page = await open('/contact.html');
        for (const tab of Object.values(TABS)) {
            await go(page, tab.path);
            const [{ n: all }] = sql(`SELECT count(*) AS n FROM ${tab.view}`, NOW);
            assert.equal(
                readNumber(await page.locator('[data-figure="state-all"]').textContent()),
                all,
            );
            for (const [state, words] of Object.entries(STATES)) {
                const [{ n }] = sql(
                    `SELECT count(*) AS n FROM ${tab.view} WHERE contact_state = '${state}'`,
                    NOW,
                );
                assert.ok(n > 0, `${tab.view} has groups that are ${state}`);
                const button = page.locator(`.state[data-state="${state}"]`);
                assert.equal(
                    (await button.textContent()).trim(),
                    `${words} ${n.toLocaleString('en-GB')}`,
                );
                await button.click();
                await totalIs(page, n);
                await settled(page);
                await showsRows(page, rowsOf(sql, tab, `contact_state = '${state}'`), state);
                assert.equal(await button.getAttribute('aria-pressed'), 'true');
            }
            await page.locator('.state[data-state="all"]').click();
            await totalIs(page, all);
        }
        await filtersEqualSql(page, sql);
    } finally {
        forgetNotes(run);
    }
}

/** Checks the filters by course, province, city, facilitator and chance, one after the other. */
async function filtersEqualSql(page, sql) {
    await page.locator('#tabs a').first().click();
    await settled(page);
    const [row] = sql(
        'SELECT * FROM v_rescue_list WHERE city IS NOT NULL AND province IS NOT NULL AND ' +
            'facilitator_id IS NOT NULL ORDER BY group_id LIMIT 1',
        NOW,
    );
    const filters = [
        ['course', row.course_name, `course_name = ${literal(row.course_name)}`],
        ['province', row.province, `province = ${literal(row.province)}`],
        ['city', row.city, `city = ${literal(row.city)}`],
        ['facilitator', row.facilitator_id, `facilitator_id = ${literal(row.facilitator_id)}`],
        ['chance', '10', 'resume_28_days_pct >= 10'],
        ['chance', 'unknown', 'resume_28_days_pct IS NULL'],
    ];
    for (const [name, value, condition] of filters) {
        await page.locator(`#list-${name}`).focus();
        await page.locator(`#list-${name}`).selectOption(value);
        const [{ n }] = sql(`SELECT count(*) AS n FROM v_rescue_list WHERE ${condition}`, NOW);
        await totalIs(page, n);
        await settled(page);
        assert.equal(
            readNumber(await page.locator('[data-figure="state-all"]').textContent()),
            n,
            `${name}: the states count the filter’s groups`,
        );
        await page.locator(`#list-${name}`).selectOption('');
        await page.waitForURL((url) => !url.searchParams.has(name));
        await settled(page);
    }
}

async function ruleInForceIsNamed({ open }) {
    const basis = {
        zone: 'Asia/Jakarta',
        as_of: '2026-01-01T00:00:00Z',
        as_of_day: '2026-01-01',
        synced: true,
        active_days: 17,
        rescue_min_pct: 43,
    };
    const page = await open('/contact.html', { routes: { basis: answerWith([basis]) } });
    assert.match(await page.locator('#contact').textContent(), /more than 17 days.*at least 43%/);
}

async function sortsInSql({ open, sql }) {
    const page = await open('/contact.html');
    const columns = [
        'group_name',
        'course_name',
        'facilitator_name',
        'last_meeting_date',
        'days_inactive',
        'progress_pct',
        'episodes_remaining',
        'resume_28_days_pct',
        'contact_state',
    ];
    for (const [i, column] of columns.entries()) {
        for (const direction of ['asc', 'desc']) {
            await page.locator('#contact thead button').nth(i).click();
            await page.waitForFunction(
                ([at, wanted]) =>
                    document
                        .querySelectorAll('#contact th[scope="col"]')
                        [at].getAttribute('aria-sort') === wanted,
                [i, direction === 'asc' ? 'ascending' : 'descending'],
            );
            await settled(page);
            await showsRows(
                page,
                rowsOf(sql, TABS.rescue, 'true', `${column} ${direction}`),
                `${column} ${direction}`,
            );
        }
    }
}

async function addressHoldsTheOrder({ open }) {
    const page = await open('/contact.html');
    await page.getByRole('button', { name: 'Progress', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL('**/contact.html?order=progress_pct.asc');
    await page.waitForFunction(() =>
        document.querySelector('[aria-sort]').textContent.includes('Progress'),
    );
    await settled(page);
    assert.match(
        await page.evaluate(() => document.activeElement.textContent),
        /Progress/,
        'the focus stays',
    );
    await page.keyboard.press('Enter');
    await page.waitForURL('**/contact.html?order=progress_pct.desc');
    await page.reload();
    await settled(page);
    assert.equal(
        await page.locator('th', { hasText: 'Progress' }).getAttribute('aria-sort'),
        'descending',
    );
    await page.goBack();
    await page.waitForFunction(
        () => document.querySelector('[aria-sort]').getAttribute('aria-sort') === 'ascending',
    );
}

async function searchIsByKeyboard({ open, go, sql }) {
    const page = await open('/contact.html');
    const [{ group_name: name }] = sql(
        'SELECT group_name FROM v_rescue_list ORDER BY group_id LIMIT 1',
        NOW,
    );
    await page.locator('#contact [type="search"]').focus();
    await page.keyboard.type(name.toUpperCase());
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => new URLSearchParams(location.search).has('q'));
    await settled(page);
    const found = sql(
        `SELECT group_id FROM v_rescue_list
      WHERE strpos(lower(group_name || coalesce(' ' || facilitator_name, '')),
          lower(trim($n$${name}$n$))) > 0`,
        NOW,
    );
    await totalIs(page, found.length);
    await go(page, '/contact.html?q=nothing%20is%20called%20so');
    assert.match(
        await page.locator('#contact .empty').first().textContent(),
        /Nothing fits these filters/,
    );
    await page.locator('#contact .clear').click();
    await page.locator('#contact tbody tr').first().waitFor();
    assert.equal(new URL(page.url()).search, '');
}

/** Returns the parts of a mailto: link. */
function readMail(href) {
    const { protocol, pathname, searchParams } = new URL(href);
    assert.equal(protocol, 'mailto:');
    return {
        to: decodeURIComponent(pathname),
        subject: searchParams.get('subject'),
        body: searchParams.get('body'),
    };
}

async function emailIsFilledIn({ open, sql }) {
    const [row] = sql(
        `SELECT * FROM v_rescue_list WHERE facilitator_contact ~ '^[a-z.0-9]+@[a-z.]+$'
            AND last_meeting_date IS NOT NULL
      ORDER BY days_inactive, group_id LIMIT 1`,
        NOW,
    );
    const left = {
        'en-GB': /Only \d+ episodes? (is|are) left/,
        'id-ID': /Tinggal \d+ episode lagi/,
    };
    for (const locale of ['en-GB', 'id-ID']) {
        const page = await open('/contact.html', { locale });
        const { to, subject, body } = readMail(
            await page.locator(`tr[data-key="${row.group_id}"] a.button`).getAttribute('href'),
        );
        assert.equal(to, row.facilitator_contact);
        assert.ok(
            subject.includes(row.group_name) &&
                body.includes(row.group_name) &&
                body.includes(row.course_name),
            body,
        );
        assert.ok(body.includes(dayWords(row.last_meeting_date, locale)), body);
        assert.match(body, left[locale]);
    }
}

async function oneMessagePerFacilitator({ open, sql }) {
    const page = await open('/contact.html');
    await page.locator('.switch input').check();
    await page.waitForURL('**by=facilitator');
    await page.locator('#contact tr.section').first().waitFor();
    await settled(page);
    const counts = new Map(
        sql(
            'SELECT facilitator_name AS who, count(*) AS n FROM v_rescue_list WHERE ' +
                'facilitator_id IS NOT NULL GROUP BY facilitator_id, facilitator_name',
            NOW,
        ).map(({ who, n }) => [who, n]),
    );
    const sections = await page.locator('#contact tr.section').evaluateAll((rows) =>
        rows.map((row) => ({
            who: row.querySelector('a bdi')?.textContent,
            n: Number(row.querySelector('[data-figure]').textContent.split(' ')[0]),
            href: row.querySelector('a.button')?.getAttribute('href') ?? null,
        })),
    );
    const known = sections.filter(({ who }) => who);
    assert.ok(known.length > 1);
    for (const { who, n } of known) assert.equal(n, counts.get(who), who);
    const several = known.filter(({ n, href }) => n > 1 && href);
    assert.ok(several.length > 0, 'a facilitator of several groups');
    for (const { who, href } of several) {
        const names = sql(
            `SELECT group_name FROM v_rescue_list WHERE facilitator_name = ${literal(who)}`,
            NOW,
        ).map((row) => row.group_name);
        const { body } = readMail(href);
        const named = names.filter((name) => body.includes(name)).length;
        assert.ok(
            named === names.length || /and \d+ more/.test(body),
            `${who}: all groups are named`,
        );
    }
}

async function addressesAreCopied({ open, sql }) {
    const page = await open('/contact.html', {
        permissions: ['clipboard-read', 'clipboard-write'],
    });
    const [{ course }] = sql(
        'SELECT course_name AS course FROM v_rescue_list GROUP BY course_name ORDER BY ' +
            'count(*) DESC LIMIT 1',
        NOW,
    );
    await page.locator('#list-course').selectOption(course);
    await page.waitForURL('**course=**');
    await settled(page);
    await page.locator('[data-focus="copy-all"]').click();
    await page.locator('.copied:not(:empty)').waitFor();
    const copied = (await page.evaluate(() => navigator.clipboard.readText())).split(', ').sort();
    const expected = sql(
        `SELECT DISTINCT facilitator_contact AS address FROM v_rescue_list
      WHERE course_name = ${literal(course)}
          AND last_outcome IS DISTINCT FROM 'wrong_contact'
          AND facilitator_contact ~ '^[^[:space:]@,;:<>()"?&#%\\\\]+@[^[:space:]@,;:<>()"?&#%\\\\]+$'`,
        NOW,
    );
    assert.deepEqual(copied, expected.map(({ address }) => address).sort());
    assert.match(
        await page.locator('.copied').textContent(),
        new RegExp(`^${expected.length} address`),
    );
    const [{ facilitator_contact: contact }] = sql(
        `SELECT facilitator_contact FROM v_rescue_list
            WHERE facilitator_contact ~ '^[a-z.0-9]+@[a-z.]+$'
      AND course_name = ${literal(course)} ORDER BY days_inactive, group_id LIMIT 1`,
        NOW,
    );
    await page
        .locator('.contact', { hasText: 'Copy' })
        .getByRole('button', { name: `Copy ${contact}` })
        .first()
        .click();
    await page.waitForFunction(
        (value) => document.getElementById('announcer').textContent.startsWith(value),
        contact,
    );
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), contact);
}

async function memberIsOfferedWithoutAddress({ open, run, sql }) {
    const [{ group_id: id, group_name: name }] = sql(
        'SELECT group_id, group_name FROM v_rescue_list ORDER BY days_inactive, group_id LIMIT 1',
        NOW,
    );
    const [member] = sql(`SELECT * FROM api.regular_member WHERE group_id = ${literal(id)}`);
    assert.match(member.user_name, /@/);
    const without = async (route) => {
        const answer = await route.fetch();
        const rows = (await answer.json()).map((row) =>
            row.group_id === id ? { ...row, facilitator_contact: null } : row,
        );
        await route.fulfill({ response: answer, json: rows });
    };
    const page = await open('/contact.html', { routes: { rescue_list: without } });
    const row = page.locator(`tr[data-key="${id}"]`);
    assert.match(
        await row.locator('.ask-member').textContent(),
        new RegExp(
            member.days_attended > 0 ? `${member.days_attended} days?\\)` : 'Longest a member',
        ),
    );
    const { to, subject } = readMail(await row.locator('a.button').getAttribute('href'));
    assert.equal(to, member.user_name);
    assert.ok(subject.includes(name));
}

async function unknownChanceIsSaid({ open, sql }) {
    for (const [locale, words] of [
        ['en-GB', 'too few such silences to say'],
        ['id-ID', 'jeda selama ini masih terlalu jarang untuk diperkirakan'],
    ]) {
        const none = async (route) => {
            const answer = await route.fetch();
            await route.fulfill({
                response: answer,
                json: (await answer.json()).map((row) => ({ ...row, resume_28_days_pct: null })),
            });
        };
        const page = await open('/contact.html', { locale, routes: { rescue_list: none } });
        assert.equal(await page.locator('#contact tbody .in-words').first().textContent(), words);
        assert.ok(
            await page.locator('#contact tbody .in-words').first().isVisible(),
            'in words, not as a dash',
        );
    }
}

async function oldAddressesLeadHere({ open, go }) {
    const page = await open('/contact.html');
    for (const [old, now] of [
        ['/rescue.html', '/contact.html'],
        [
            '/rescue.html?course=A+B&order=progress_pct.desc',
            '/contact.html?course=A+B&order=progress_pct.desc',
        ],
        [
            '/at-risk.html?reason=SILENT&as_of=2026-08-15',
            '/contact.html?tab=at_risk&reason=SILENT&as_of=2026-08-15',
        ],
    ]) {
        await page.goto(new URL(old, page.url()).href);
        await page.waitForURL((url) => url.pathname === '/contact.html');
        await settled(page);
        assert.equal(new URL(page.url()).pathname + new URL(page.url()).search, now, old);
    }
}

async function navigationHasThreeGroups({ open }) {
    const page = await open('/contact.html');
    const groups = await page
        .locator('nav#pages ul')
        .evaluateAll((lists) =>
            lists.map((list) => [
                list.getAttribute('aria-label'),
                ...[...list.querySelectorAll('a')].map((link) => link.textContent),
            ]),
        );
    assert.deepEqual(
        groups.map(([label, first]) => [label, first]),
        [
            ['Every day', 'Home'],
            ['Insight', 'Funnel'],
            ['Upkeep', 'Quality'],
        ],
    );
    assert.deepEqual(groups[0], ['Every day', 'Home', 'To contact', 'Groups']);
    const quiet = await page
        .locator('#sync-now')
        .evaluate((button) => getComputedStyle(button).backgroundColor);
    assert.equal(quiet, 'rgba(0, 0, 0, 0)', 'quiet while data is fresh');
    const old = {
        last_success_at: '2026-01-01T00:00:00Z',
        age_seconds: 9e6,
        status: 'success',
        last_run_id: 1,
        last_error: null,
        sqlstate: null,
        is_running: false,
        is_stale: true,
    };
    const stale = await open('/contact.html', { routes: { freshness: answerWith([old]) } });
    const loud = await stale
        .locator('#sync-now')
        .evaluate((button) => getComputedStyle(button).backgroundColor);
    assert.notEqual(loud, quiet, 'and not when it is old');
}

export const contactCases = [
    ['To contact: rows and order of both tabs equal SQL', rowsEqualSql],
    [
        'To contact: states and filters, their counts and their rows equal SQL',
        statesAndFiltersEqualSql,
    ],
    ['To contact: the rule is that in force', ruleInForceIsNamed],
    ['To contact: each column sorts both ways as SQL does', sortsInSql],
    ['To contact: by keyboard; the address holds the order', addressHoldsTheOrder],
    ['To contact: search by keyboard, clear', searchIsByKeyboard],
    ['To contact: a message has group and last meeting in it, in each language', emailIsFilledIn],
    ['To contact: one message covers all of a facilitator’s groups', oneMessagePerFacilitator],
    ['To contact: the addresses of the filter are copied', addressesAreCopied],
    ['To contact: a group without an address offers a member', memberIsOfferedWithoutAddress],
    ['To contact: a chance that can’t be said is said in words', unknownChanceIsSaid],
    ['To contact: old addresses lead here', oldAddressesLeadHere],
    ['navigation in three groups; Sync now is quiet while data is fresh', navigationHasThreeGroups],
];
