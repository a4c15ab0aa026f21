// Tests the members: compares the list and one member's way through the curriculum with SQL.

import assert from 'node:assert/strict';
import { answerWith, countAt, readLinks, readNumber, readTable, settled } from './harness.mjs';

const PAGE_SIZE = 50;
const MEMBERS = 'SELECT * FROM v_member_journey';
const COLUMNS = [
    'user_name',
    'groups_joined',
    'courses_completed',
    'current_course',
    'is_facilitator_now',
];

const day = (value) =>
    value &&
    new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' }).format(
        new Date(value),
    );

/** Returns a member from SQL as the page writes it. */
function cellsOf(row) {
    const name = row.user_name + (row.is_deleted ? ' account deleted' : '');
    return [
        name,
        row.groups_joined,
        row.courses_completed,
        row.current_course ?? '—in no active group',
        row.is_facilitator_now ? 'yes' : 'no',
    ];
}

async function readList(page) {
    return (await readTable(page, '#members')).map((cells) =>
        cells.map((cell, i) => (i === 1 || i === 2 ? readNumber(cell) : cell)),
    );
}

async function listSortsInSql({ open, sql }) {
    const page = await open('/members.html');
    for (const [i, column] of COLUMNS.entries()) {
        for (const direction of ['ascending', 'descending']) {
            const header = page.locator('#members th[scope="col"]').nth(i);
            if ((await header.getAttribute('aria-sort')) !== direction)
                await header.getByRole('button').click();
            await page.waitForFunction(
                ([at, wanted]) =>
                    document
                        .querySelectorAll('#members th[scope="col"]')
                        [at].getAttribute('aria-sort') === wanted,
                [i, direction],
            );
            await settled(page);
            const sorted =
                `${MEMBERS} ORDER BY ${column} ${direction === 'ascending' ? 'ASC' : 'DESC'} ` +
                `NULLS LAST, user_id LIMIT ${PAGE_SIZE}`;
            assert.deepEqual(
                await readList(page),
                sql(sorted).map(cellsOf),
                `${column} ${direction}`,
            );
        }
    }
}

async function listFiltersAndSearches({ open, go, sql }) {
    const page = await open('/members.html');
    const count = (where) => sql(`SELECT count(*) AS n FROM v_member_journey WHERE ${where}`)[0].n;
    const [{ course }] = sql('SELECT max(current_course) AS course FROM v_member_journey');
    const [{ user_name: name }] = sql(`${MEMBERS} ORDER BY user_id LIMIT 1`);
    const cases = [
        ['completed=2', 'courses_completed >= 2'],
        ['facilitating=yes', 'is_facilitator_now'],
        [
            `course=${encodeURIComponent(course)}&facilitating=no`,
            `current_course = '${course}' AND NOT is_facilitator_now`,
        ],
        [
            `q=${encodeURIComponent(name.toUpperCase())}`,
            `strpos(lower(user_name), lower($n$${name}$n$)) > 0`,
        ],
    ];
    for (const [query, where] of cases)
        assert.equal(await countAt(page, go, `/members.html?${query}`), count(where), query);
    await page.locator('#members .clear').click();
    await page.waitForFunction(() => location.search === '');
    await page.locator('#list-completed').selectOption('3');
    const all = count('courses_completed >= 3').toLocaleString('en-GB');
    await page.waitForFunction(
        (n) => document.querySelector('[data-figure="total"]').textContent.startsWith(`${n} `),
        all,
    );
}

/** Returns a member's group from SQL as the page writes it. */
function journeyCells(row) {
    const role = {
        MEMBER: 'member',
        FACILITATOR: 'facilitator',
        'MEMBER, FACILITATOR': 'member and facilitator',
    }[row.role];
    const status = row.status.toLowerCase().replace('_', ' ');
    const joined = day(row.joined_on) ?? '—the record has no time';
    const graduated = day(row.graduated_on) ?? '—not graduated';
    const facilitator = row.facilitator_name ?? '—no facilitator';
    return [
        row.group_name,
        row.course_name,
        role,
        joined,
        status,
        row.progress_pct,
        graduated,
        row.is_completed ? 'yes' : 'no',
        facilitator,
    ];
}

/**
 * Returns members to look at: who joined most groups, who completed most courses, who also leads
 * groups, whose account was deleted, and the first one by name.
 */
function somebodyOfEachKind(sql) {
    const leading = 'is_facilitator_now DESC, courses_completed DESC';
    const orders = [
        'groups_joined DESC',
        'courses_completed DESC',
        leading,
        'is_deleted DESC',
        'user_name',
    ];
    return orders.map((order) => sql(`${MEMBERS} ORDER BY ${order}, user_id LIMIT 1`)[0]);
}

async function journeysEqualSql({ open, go, sql }) {
    const page = await open('/members.html');
    for (const member of somebodyOfEachKind(sql)) {
        await go(page, `/members.html?id=${member.user_id}`);
        const rows = sql(`SELECT *,
                (joined_at AT TIME ZONE current_setting('ngeshare.timezone'))::date AS joined_on
          FROM ngeshare_member_journey('${member.user_id}')`);
        const shown = (await readTable(page, '#members')).map((cells) =>
            cells.map((cell, i) => (i === 5 ? readNumber(cell) : cell)),
        );
        assert.deepEqual(shown, rows.map(journeyCells), member.user_name);
        assert.equal(
            await page.locator('.person').textContent(),
            member.user_name + (member.is_deleted ? ' account deleted' : ''),
        );
        await figuresCountRows(page, member, shown);
        await placesFollowFromRows(page, rows);
    }
}

/**
 * Checks that the member's numbers are those of the list, and agree with the table below them.
 */
async function figuresCountRows(page, member, shown) {
    const figures = await page
        .locator('#members [data-figure]')
        .evaluateAll((all) => all.map((one) => [one.dataset.figure, Number(one.textContent)]));
    const joined = shown.filter(([, , role]) => role.startsWith('member'));
    const completed = new Set(
        joined.filter((cells) => cells[7] === 'yes').map(([, course]) => course),
    );
    const led = shown.filter(([, , role]) => role.endsWith('facilitator')).length;
    const counted = {
        groups_joined: joined.length,
        courses_completed: completed.size,
        ...(led > 0 && { led }),
    };
    assert.deepEqual(Object.fromEntries(figures), counted);
    assert.deepEqual(
        [joined.length, completed.size],
        [member.groups_joined, member.courses_completed],
        'as in the list',
    );
}

/** Checks that each course says how far the member came in it. */
async function placesFollowFromRows(page, rows) {
    const steps = await page
        .locator('.steps li')
        .evaluateAll((items) => items.map((item) => [item.dataset.course, item.textContent]));
    const percent = (row) => row.progress_pct.toLocaleString('en-GB', { minimumFractionDigits: 1 });
    const places = [
        [(row) => row.is_completed, (row) => `completed on ${day(row.graduated_on)}`],
        [(row) => row.status === 'ACTIVE', (row) => `under way, ${percent(row)}%`],
        [(row) => row.status === 'STALLED', (row) => `stalled at ${percent(row)}%`],
        [(row) => row.status === 'NOT_STARTED', () => 'the group has not started'],
        [(row) => row.status === 'GRADUATED', () => 'joined after its graduation'],
    ];
    for (const [course, words] of steps) {
        const own = rows.filter((row) => row.course_name === course);
        const joined = own.filter((row) => row.role.includes('MEMBER'));
        const [furthest, say] =
            places.map(([holds, words]) => [joined.find(holds), words]).find(([row]) => row) ?? [];
        const expected = furthest ? say(furthest) : 'not joined';
        const leading = own.some((row) => row.role.includes('FACILITATOR')) ? ' leads it' : '';
        assert.equal(words, `${course} ${expected}${leading}`);
    }
    assert.ok(steps.length > 0, 'there are courses');
}

async function numbersLeadToTheMember({ open, go }) {
    const page = await open('/members.html?order=groups_joined.desc');
    const [joined, completed] = await readLinks(page, '#members td.number a');
    assert.equal(joined.href, completed.href);
    await go(page, joined.href);
    assert.equal(await page.locator('[data-figure="groups_joined"]').textContent(), joined.shown);
    assert.equal(
        await page.locator('[data-figure="courses_completed"]').textContent(),
        completed.shown,
    );
    await page.getByRole('link', { name: 'All members' }).click();
    await settled(page);
    assert.ok((await page.locator('[data-figure="total"]').count()) === 1, 'back to all of them');
}

async function strangersAreSaid({ open, sql }) {
    const page = await open('/members.html?id=nobody', { expected: /member_journey/ });
    assert.match(await page.locator('#members .empty').textContent(), /no user “nobody”/);
    const [leader] = sql(`SELECT facilitator_id, facilitator_name FROM v_facilitator_alumni
      WHERE facilitator_id NOT IN (SELECT user_id FROM v_member_journey) ORDER BY 1 LIMIT 1`);
    await page.goto(new URL(`/members.html?id=${leader.facilitator_id}`, page.url()).href);
    await settled(page);
    assert.equal(
        (await page.locator('.person').textContent()).replace(' account deleted', ''),
        leader.facilitator_name,
    );
    assert.equal(
        await page.locator('[data-figure="groups_joined"]').count(),
        0,
        'who was no member has no numbers of one',
    );
}

async function hostileJourneyStaysText({ open }) {
    const evil =
        `<img src=x onerror="document.title='taken'"><script>document.title='taken'</script> & ` +
        `"quotes" \u202eback`;
    const group = {
        group_id: evil,
        group_name: evil,
        course_name: evil,
        role: evil,
        joined_at: null,
        status: 'STALLED',
        progress_pct: null,
        graduated_on: null,
        is_completed: false,
        facilitator_id: evil,
        facilitator_name: evil,
    };
    const member = {
        user_id: evil,
        user_name: evil,
        groups_joined: 1,
        courses_completed: 0,
        current_course: evil,
        is_deleted: true,
    };
    const routes = {
        'rpc/member_journey': answerWith([group]),
        members: answerWith([member]),
        courses: answerWith([{ course_name: evil }]),
    };
    const page = await open('/members.html?id=x', { routes });
    assert.equal(await page.locator('.person bdi').textContent(), evil);
    assert.equal(await page.locator('#members tbody th').textContent(), evil);
    assert.equal(await page.locator('main :is(img, script)').count(), 0);
    assert.ok((await page.title()).endsWith(' · Members · ngeShare analytics'));
}

export const membersCases = [
    ['Members: each column sorts both ways as SQL does', listSortsInSql],
    ['Members: filters and search equal SQL', listFiltersAndSearches],
    ['Members: journeys equal SQL, their numbers count their rows', journeysEqualSql],
    ['Members: numbers lead to the member and back', numbersLeadToTheMember],
    ['Members: who isn’t known, and who never was a member', strangersAreSaid],
    ['Members: hostile names stay text in a journey', hostileJourneyStaysText],
];
