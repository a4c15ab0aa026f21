// Tests one facilitator's page: compares the facts, groups and follow-ups with SQL, and follows the
// links to the page.

import assert from 'node:assert/strict';
import {
    answerWith,
    leadToTheirRows,
    readLinks,
    readNumber,
    readTable,
    settled,
    sidewaysOf,
} from './harness.mjs';
import { DAY, END_OF_DAY } from './looking-back-cases.mjs';

const STATUSES = ['ACTIVE', 'STALLED', 'GRADUATED', 'NOT_STARTED'];
const NOW = 'NULL';
const literal = (value) => `'${value.replaceAll("'", "''")}'`;
const address = (id, more = {}) => `/facilitators.html?${new URLSearchParams({ id, ...more })}`;
const dayWords = (day) =>
    day &&
    new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' }).format(
        new Date(day),
    );

/**
 * Returns the ids of facilitators to look at: with the most groups, with the most follow-ups,
 * deleted, and with the fewest groups.
 */
function someOfEachKind(sql) {
    const people = 'SELECT facilitator_id AS id FROM api.facilitators AS person';
    const noted =
        '(SELECT count(*) FROM api.follow_up WHERE follow_up.facilitator_id = ' +
        'person.facilitator_id)';
    const found = ['groups_led DESC', `${noted} DESC`, 'is_deleted DESC', 'groups_led'].map(
        (order) => sql(`${people} ORDER BY ${order}, facilitator_id LIMIT 1`)[0].id,
    );
    return [...new Set(found)];
}

/** Returns the facts as the page shows them. */
const readFacts = (page) =>
    page
        .locator('#person dl > div')
        .evaluateAll((all) =>
            Object.fromEntries(
                all.map((one) => [...one.children].map((cell) => cell.textContent.trim())),
            ),
        );

async function factsEqualSql({ open, go, sql }) {
    const page = await open('/facilitators.html');
    for (const id of someOfEachKind(sql)) {
        await go(page, address(id));
        const [person] = sql(
            `SELECT * FROM api.facilitators WHERE facilitator_id = ${literal(id)}`,
        );
        const deleted = person.is_deleted ? ' account deleted' : '';
        assert.equal(
            await page.locator('#person-title').textContent(),
            person.facilitator_name + deleted,
        );
        assert.ok((await page.title()).startsWith(person.facilitator_name));
        const facts = await readFacts(page);
        assert.equal(facts.Active, person.is_active ? 'yes' : 'no');
        assert.equal(facts['First led a group'], dayWords(person.facilitator_since));
        assert.equal(
            facts['Leads the latest group since'],
            dayWords(person.current_facilitator_since),
        );
        const since = person.member_since
            ? `${dayWords(person.member_since)} as a member`
            : '—never a member';
        assert.equal(facts['Member since'], since);
        const [contact] = sql(
            'SELECT facilitator_contact AS it FROM api.group_status WHERE facilitator_id = ' +
                `${literal(id)} AND facilitator_contact IS NOT NULL LIMIT 1`,
        );
        if (contact) assert.ok(facts.Contact.startsWith(contact.it), facts.Contact);
        await figuresEqualSql(page, go, sql, id);
    }
}

async function figuresEqualSql(page, go, sql, id) {
    const shown = await page
        .locator('#person [data-figure]')
        .evaluateAll((all) => all.map((one) => [one.dataset.figure, one.textContent]));
    const count = (condition) =>
        sql(
            'SELECT count(*) AS n FROM v_group_status WHERE facilitator_id = ' +
                `${literal(id)} AND ${condition}`,
        )[0].n;
    assert.deepEqual(Object.fromEntries(shown.map(([name, words]) => [name, readNumber(words)])), {
        groups_led: count('true'),
        ...Object.fromEntries(STATUSES.map((status) => [status, count(`status = '${status}'`)])),
    });
    await leadToTheirRows(page, go, await readLinks(page, '#person dd a:has([data-figure])'));
}

async function groupsEqualSql({ open, go, sql }) {
    const page = await open('/facilitators.html');
    for (const id of someOfEachKind(sql)) {
        await go(page, address(id));
        const groups = sql(
            `SELECT * FROM v_group_status WHERE facilitator_id = ${literal(id)} ORDER BY ` +
                'started_on DESC, group_id LIMIT 50',
        );
        const shown = (await readTable(page, '#led')).map((cells) => [
            cells[0],
            cells[1],
            cells[2],
            cells[4],
            cells[6],
        ]);
        assert.deepEqual(
            shown,
            groups.map((row) => [
                [row.group_name, [row.city, row.province].filter(Boolean).join(', ')]
                    .filter(Boolean)
                    .join(' '),
                row.course_name,
                row.status.toLowerCase().replace('_', ' '),
                dayWords(row.started_on),
                dayWords(row.last_meeting_date) ?? '—never met',
            ]),
        );
        const lives = await page
            .locator('#led .life')
            .evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')));
        assert.deepEqual(
            lives,
            groups.map((row) => {
                const end = row.graduated_on ?? row.last_meeting_date;
                return end
                    ? `${dayWords(row.started_on)} to ${dayWords(end)}`
                    : `${dayWords(row.started_on)}, no meeting yet`;
            }),
            'the drawing says from when to when',
        );
        if (groups.length === 0)
            assert.match(
                await page.locator('#led .empty').textContent(),
                /No group of the curriculum/,
            );
    }
}

async function followUpsEqualSql({ open, sql }) {
    const [{ facilitator_id: id }] = sql(
        'SELECT facilitator_id FROM api.follow_up WHERE facilitator_id IS NOT NULL GROUP ' +
            'BY 1 ORDER BY count(*) DESC, 1 LIMIT 1',
        NOW,
    );
    const page = await open(address(id));
    const notes = sql(
        `SELECT group_name, noted_by, is_verified, note FROM v_follow_up WHERE group_id IN
           (SELECT group_id FROM v_group_status WHERE facilitator_id = ${literal(id)})
               ORDER BY noted_at DESC, id LIMIT 50`,
        NOW,
    );
    const shown = (await readTable(page, '#notes')).map((cells) => [cells[1], cells[2], cells[5]]);
    assert.deepEqual(
        shown,
        notes.map((row) => [
            row.group_name,
            row.noted_by + (row.is_verified ? '' : ' name as typed'),
            row.note || '—no words',
        ]),
    );
    assert.ok(notes.length > 0);
}

/**
 * Checks that the name of a facilitator leads to their page: in lists, on a group's page, among its
 * people, and in a list grouped by facilitator.
 */
async function everyNameLeadsHere({ open, go, sql }) {
    const [group] = sql(
        'SELECT * FROM v_rescue_list WHERE facilitator_id IS NOT NULL ORDER BY ' +
            'days_inactive, group_id LIMIT 1',
        NOW,
    );
    const here = address(group.facilitator_id);
    const name = encodeURIComponent(group.group_name);
    const page = await open('/facilitators.html');
    const places = [
        [`/groups.html?q=${name}`, '#groups'],
        [`/contact.html?q=${name}`, '#contact'],
        [`/contact.html?by=facilitator&q=${name}`, '#contact .section'],
        [`/groups.html?${new URLSearchParams({ id: group.group_id })}`, '#facts'],
        [
            '/groups.html?' +
                new URLSearchParams({ id: group.group_id, people_role: 'FACILITATOR' }),
            '#roster',
        ],
        [`/facilitators.html?q=${encodeURIComponent(group.facilitator_name)}`, '#facilitators'],
    ];
    for (const [path, part] of places) {
        await go(page, path);
        assert.ok((await page.locator(`${part} a[href="${here}"]`).count()) > 0, `${path} ${part}`);
    }
    await go(page, here);
    assert.equal(await page.locator('#person-title bdi').textContent(), group.facilitator_name);
}

async function unknownIsSaid({ open }) {
    const evil = `<img src=x onerror="document.title='taken'">`;
    const page = await open(address(evil));
    assert.match(
        await page.locator('#person').textContent(),
        /there is no facilitator with this id/,
    );
    assert.ok((await page.locator('#person').textContent()).includes(evil));
    assert.equal(await page.locator('main section:visible').count(), 1, 'nothing else is shown');
    assert.equal(await page.locator('main :is(img, script)').count(), 0);
}

async function isOfTheDay({ open, sql }) {
    const [{ id }] = sql(
        'SELECT facilitator_id AS id FROM v_group_status GROUP BY 1 HAVING facilitator_id ' +
            'IS NOT NULL ORDER BY count(*) DESC, 1 LIMIT 1',
        END_OF_DAY,
    );
    const page = await open(address(id, { as_of: DAY }));
    const [{ n }] = sql(
        `SELECT count(*) AS n FROM v_group_status WHERE facilitator_id = ${literal(id)}`,
        END_OF_DAY,
    );
    assert.equal(readNumber(await page.locator('[data-figure="groups_led"]').textContent()), n);
}

async function hostileFactsStayText({ open }) {
    const evil = `<img src=x onerror="document.title='taken'"> "a" & 'b' \u202eback`;
    const person = {
        facilitator_id: evil,
        facilitator_name: evil,
        is_alumni: true,
        member_since: null,
        facilitator_since: '2025-01-01',
        current_facilitator_since: '2025-01-01',
        is_deleted: true,
        is_active: false,
        groups_led: 1,
    };
    const group = {
        group_id: evil,
        group_name: evil,
        course_name: evil,
        status: 'STALLED',
        progress_pct: 50,
        started_on: '2025-01-01',
        last_meeting_date: null,
        graduated_on: null,
        member_count: 1,
        city: evil,
        province: evil,
        facilitator_contact: evil,
        max_episode_reached: 1,
        max_episodes: 2,
    };
    const page = await open(address('x'), {
        routes: {
            facilitators: answerWith([person]),
            group_status: answerWith([group], 200, { 'Content-Range': '0-0/1' }),
            regular_member: answerWith([]),
        },
    });
    await settled(page);
    assert.equal(await page.locator('#person-title bdi').textContent(), evil);
    assert.equal(await page.locator('#led tbody th a').textContent(), evil);
    assert.equal(await page.locator('main :is(img, script)').count(), 0);
    assert.equal(
        await page.locator('main a[href^="mailto:"]').count(),
        0,
        'no mail to what is no address',
    );
}

async function facilitatorFitsEveryScreen({ open, sql, problems }) {
    const [{ id }] = sql(
        'SELECT facilitator_id AS id FROM api.facilitators ORDER BY groups_led DESC, 1 LIMIT 1',
    );
    for (const [width, locale] of [
        [1280, 'en-GB'],
        [1280, 'id-ID'],
        [360, 'id-ID'],
    ]) {
        const page = await open(address(id), { locale, viewport: { width, height: 800 } });
        const sideways = await sidewaysOf(page);
        assert.equal(sideways, 0, `scrolls sideways at ${width}`);
        const hidden = await page
            .locator('main .scroll')
            .evaluateAll(
                (all) =>
                    all.filter((one) => innerWidth > 1000 && one.scrollWidth > one.clientWidth)
                        .length,
            );
        assert.equal(hidden, 0, `${locale}: columns are out of sight at ${width}`);
        await page.context().close();
    }
    assert.deepEqual(problems, []);
}

export const facilitatorCases = [
    ['A facilitator: facts equal SQL, numbers lead to their groups', factsEqualSql],
    ['A facilitator: groups equal SQL, and the drawing of their lives', groupsEqualSql],
    ['A facilitator: follow-ups equal SQL', followUpsEqualSql],
    ['A facilitator: every place that names them leads there', everyNameLeadsHere],
    ['A facilitator: an unknown id is said in words', unknownIsSaid],
    ['A facilitator: as of a day', isOfTheDay],
    ['A facilitator: hostile names stay text', hostileFactsStayText],
    ['A facilitator: at 1280 and 360 px, in both languages', facilitatorFitsEveryScreen],
];
