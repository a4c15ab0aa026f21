// Tests the groups: compares the list's filters, and one group's facts, reasons, meetings, people
// and links, with SQL.

import assert from 'node:assert/strict';
import {
    countAt,
    leadToTheirRows,
    readLinks,
    readNumber,
    readTable,
    sidewaysOf,
} from './harness.mjs';

const address = (id) => `/groups.html?${new URLSearchParams({ id })}`;
const literal = (value) => `'${value.replaceAll("'", "''")}'`;
const dayWords = (day) =>
    new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' }).format(
        new Date(day),
    );
const STATUSES = ['ACTIVE', 'STALLED', 'GRADUATED', 'NOT_STARTED'];

/** Returns the condition that a group is on this side of a link. */
const isLinked = (side) => `EXISTS (SELECT FROM v_curriculum_pipeline WHERE ${side} = group_id)`;

/** Returns a group that meets a condition; fails if there is none. */
function groupWhere(sql, condition) {
    const [group] = sql(
        `SELECT * FROM api.group_status AS fact WHERE ${condition} ORDER BY group_id LIMIT 1`,
    );
    assert.ok(group, `no group: ${condition}`);
    return group;
}

async function listFilters({ open, go, sql }) {
    const page = await open('/groups.html');
    const [{ course, facilitator, name }] =
        sql(`SELECT course_name AS course, facilitator_id AS facilitator, facilitator_name AS name
      FROM api.group_status WHERE facilitator_id IS NOT NULL ORDER BY group_id LIMIT 1`);
    const conditions = [
        ...STATUSES.map((status) => [{ status }, `status = '${status}'`]),
        [{ course }, `course_name = ${literal(course)}`],
        [{ course, status: 'STALLED' }, `course_name = ${literal(course)} AND status = 'STALLED'`],
        [{ facilitator }, `facilitator_id = ${literal(facilitator)}`],
        [
            { q: name },
            'strpos(lower(concat_ws(chr(10), group_name, facilitator_name)), ' +
                `lower(${literal(name)})) > 0`,
        ],
    ];
    for (const [parameters, condition] of conditions) {
        const [{ n }] = sql(`SELECT count(*) AS n FROM api.group_status WHERE ${condition}`);
        assert.ok(n > 0, condition);
        assert.equal(
            await countAt(page, go, `/groups.html?${new URLSearchParams(parameters)}`),
            n,
            condition,
        );
    }
    assert.equal(await page.locator('#facts').count(), 0, 'the list has no parts of one group');
}

/** Returns the facts of a group as the page shows them. */
function readFacts(page) {
    return page
        .locator('#facts dl > div')
        .evaluateAll((all) =>
            Object.fromEntries(
                all.map((one) => [...one.children].map((cell) => cell.textContent.trim())),
            ),
        );
}

async function factsEqualSql({ open, go, sql }) {
    const page = await open('/groups.html');
    for (const status of STATUSES) {
        const group = groupWhere(sql, `status = '${status}'`);
        await go(page, address(group.group_id));
        const facts = await readFacts(page);
        assert.equal(await page.locator('#group-title').textContent(), group.group_name);
        assert.ok((await page.title()).startsWith(group.group_name));
        assert.equal(facts.Status, status.toLowerCase().replace('_', ' '));
        assert.equal(facts.Course, group.course_name);
        assert.equal(readNumber(facts.Progress.split(' ')[0]), group.progress_pct);
        assert.match(
            facts.Progress,
            new RegExp(` episode ${group.max_episode_reached} of ${group.max_episodes}$`),
        );
        assert.equal(
            facts['Last meeting'],
            group.last_meeting_date ? dayWords(group.last_meeting_date) : '—never met',
        );
        assert.equal(
            facts.Graduated,
            group.graduated_on ? dayWords(group.graduated_on) : '—not graduated',
        );
        assert.equal(readNumber(facts['Days without a meeting']), group.days_inactive);
        assert.equal(readNumber(facts.Meetings), group.total_meetings);
        assert.equal(readNumber(facts.Members.split(' ')[0]), group.member_count);
        const reason = await page.locator('.status-reason').textContent();
        assert.ok(
            reason.toLowerCase().startsWith(`${status.toLowerCase().replace('_', ' ')}: `),
            reason,
        );
        const silent = group.last_meeting_date
            ? String(group.days_inactive)
            : dayWords(group.started_on);
        const proof = status === 'GRADUATED' ? dayWords(group.graduated_on) : silent;
        assert.ok(reason.includes(proof), `${reason} says ${proof}`);
    }
}

async function reasonsEqualSql({ open, sql }) {
    const { group_id: id } = groupWhere(
        sql,
        `${isLinked('group_a_id')} AND EXISTS (SELECT FROM v_anomalies AS odd WHERE ` +
            'odd.group_id = fact.group_id)',
    );
    const page = await open(address(id));
    const expected = sql(
        `SELECT fact, because FROM ngeshare_explain_group(${literal(id)}) WHERE fact NOT ` +
            `IN ('group_name', 'course_name')`,
    );
    const shown = await readTable(page, '#why');
    assert.equal(shown.length, expected.length);
    expected.forEach(({ fact, because }, i) => {
        // Another case checks the reason for the status. The reason for the facilitator says how
        // many facilitators there are, which the page does not show.
        if (['status', 'facilitator_id'].includes(fact)) return;
        const named = because.match(/\d{4}-\d\d-\d\d|\b\d+(\.\d+)?\b/g) ?? [];
        for (const value of named) {
            const words = value.includes('-') ? dayWords(value) : value;
            assert.ok(shown[i][2].includes(words), `${fact}: ${shown[i][2]} names ${words}`);
        }
    });
    assert.equal(
        await page.locator('#why [lang="en"]').count(),
        0,
        'no sentence is the database’s',
    );
    const anomalies = sql(
        `SELECT kind FROM v_anomalies WHERE group_id = ${literal(id)} ORDER BY kind`,
    );
    const links = await readLinks(page, '#why a[href^="/quality.html"]');
    assert.deepEqual(
        links.map(({ href }) => new URLSearchParams(href.split('?')[1]).get('kind')),
        anomalies.map(({ kind }) => kind),
    );
}

async function meetingsEqualSql({ open, sql }) {
    const { group_id: id, total_meetings: days } = groupWhere(
        sql,
        'total_meetings > 3 AND EXISTS (SELECT FROM v_anomalies AS odd WHERE odd.group_id ' +
            `= fact.group_id AND kind = 'FOREIGN_EPISODE')`,
    );
    const page = await open(address(id));
    const expected = sql(
        `SELECT * FROM api.group_meetings WHERE group_id = ${literal(id)} ORDER BY ` +
            'meeting_date, episode NULLS LAST, episode_id',
    );
    const shown = await readTable(page, '#timeline');
    const yesNo = (value) => (value ? 'yes' : 'no');
    assert.deepEqual(
        shown,
        expected.map((row) => [
            dayWords(row.meeting_date),
            String(row.episode),
            row.episode_title,
            String(row.attendances),
            yesNo(row.is_milestone),
            yesNo(row.is_own),
        ]),
    );
    assert.equal(
        new Set(shown.map(([day]) => day)).size,
        days,
        'the days behind the number of meetings',
    );
    const marks = await page
        .locator('#timeline .drawing .mark')
        .evaluateAll((all) => all.map((one) => one.getAttribute('class')));
    const count = (kind) => marks.filter((classes) => classes.includes(kind)).length;
    assert.equal(count('milestone'), expected.filter((row) => row.is_milestone).length);
    assert.equal(count('foreign'), expected.filter((row) => !row.is_own).length);
    assert.ok(count('foreign') > 0);
    assert.equal(marks.length, expected.length);
    assert.equal(
        await page.locator('#facts a[data-focus="total_meetings"]').getAttribute('href'),
        '#timeline-title',
    );
}

async function membersLeadToTheirRows({ open, go, sql }) {
    const group = groupWhere(
        sql,
        `member_count > 2 AND NOT EXISTS (SELECT FROM v_member_roster AS seat
            WHERE seat.group_id = fact.group_id
      GROUP BY user_id HAVING count(*) > 1)`,
    );
    const page = await open(address(group.group_id));
    await leadToTheirRows(page, go, await readLinks(page, '#facts a[data-focus="member_count"]'));
    await go(page, address(group.group_id));
    const expected = sql(
        `SELECT user_name FROM v_member_roster WHERE group_id = ${literal(group.group_id)} ` +
            'ORDER BY joined_at, role, user_name',
    );
    const shown = await readTable(page, '#roster');
    assert.deepEqual(
        shown.map(([name]) => name.replace(/ account deleted$/, '')),
        expected.map((row) => row.user_name),
    );
    const both = groupWhere(
        sql,
        `EXISTS (SELECT FROM v_member_roster AS seat WHERE seat.group_id = fact.group_id
            AND user_id IS NOT NULL
          GROUP BY user_id HAVING count(*) > 1)`,
    );
    await go(page, address(both.group_id));
    assert.equal(
        await page.locator('#facts a[data-focus="member_count"]').count(),
        0,
        'no link to more rows than the number says',
    );
    assert.match((await readFacts(page)).Members, /1 more is a member and leads it, too/);
}

async function kinEqualsSql({ open, go, sql }) {
    const { group_id: id } = groupWhere(
        sql,
        `${isLinked('group_a_id')} AND ${isLinked('group_b_id')}`,
    );
    const page = await open(address(id));
    for (const [part, here, there] of [
        ['came-from', 'b', 'a'],
        ['went-on', 'a', 'b'],
    ]) {
        const expected = sql(`SELECT group_${there}_name AS name, course_${there} AS course,
            days_between, shared_member_count AS shared, overlap_pct AS overlap
          FROM api.pipeline WHERE group_${here}_id = ${literal(id)}
              ORDER BY days_between, group_a_id, group_b_id`);
        const shown = (await readTable(page, `#${part}`)).map(([name, course, ...numbers]) => [
            name,
            course,
            ...numbers.map(readNumber),
        ]);
        assert.deepEqual(
            shown,
            expected.map((row) => [
                row.name,
                row.course,
                row.days_between,
                row.shared,
                row.overlap,
            ]),
            part,
        );
    }
    const next = page.locator('#went-on a').first();
    const [name, href] = [await next.textContent(), await next.getAttribute('href')];
    await go(page, href);
    assert.equal(await page.locator('#group-title').textContent(), name);
    const last = groupWhere(
        sql,
        `NOT EXISTS (SELECT FROM v_curriculum_pipeline WHERE group_id IN (group_a_id, group_b_id))`,
    );
    await go(page, address(last.group_id));
    assert.match(
        await page.locator('#came-from .empty').textContent(),
        /No earlier group is known/,
    );
    assert.match(await page.locator('#went-on .empty').textContent(), /not been found again/);
}

async function unknownGroupIsSaid({ open, go, problems }) {
    const evil = `no"such'<b>group`;
    const page = await open(address(evil), { expected: /explain_group/ });
    const words = await page.locator('#facts [data-state="missing"]').textContent();
    assert.match(words, /there is no group with this id:/);
    assert.ok(words.includes(evil), 'it names the id');
    assert.equal(await page.locator('#facts :is(b, table, [role="alert"])').count(), 0);
    assert.equal(await page.locator('main section:visible').count(), 1, 'nothing else is shown');
    await go(page, await page.locator('#facts .empty a').getAttribute('href'));
    await page.locator('#groups tbody tr').first().waitFor();
    assert.deepEqual(problems, []);
}

async function groupBeforeItsFirstDay({ open, sql }) {
    const group = groupWhere(sql, `created_on > '2025-01-01' AND created_on < '2026-06-01'`);
    const page = await open(`${address(group.group_id)}&as_of=2024-12-31`, {
        expected: /explain_group/,
    });
    assert.match(await page.locator('#facts').textContent(), /On 31 Dec 2024 there is no group/);
}

async function groupSpeaksIndonesian({ open, sql }) {
    const group = groupWhere(sql, `status = 'STALLED' AND last_meeting_date IS NOT NULL`);
    const page = await open(address(group.group_id), { locale: 'id-ID' });
    assert.match(
        await page.locator('.status-reason').textContent(),
        new RegExp(`^Vakum: terakhir bertemu ${group.days_inactive} hari lalu`),
    );
    assert.match(await page.locator('#timeline figcaption').textContent(), /^Bertemu pada/);
}

async function groupFitsEveryScreen({ open, sql, problems }) {
    const { group_id: id } = groupWhere(sql, `total_meetings > 5 AND status = 'STALLED'`);
    for (const width of [1280, 360]) {
        for (const colorScheme of ['light', 'dark']) {
            const page = await open(address(id), { colorScheme, viewport: { width, height: 800 } });
            const sideways = await sidewaysOf(page);
            assert.equal(sideways, 0, `scrolls sideways at ${width}`);
            await page.context().close();
        }
    }
    assert.deepEqual(problems, []);
}

export const groupsCases = [
    ['Groups: each filter’s count equals SQL', listFilters],
    ['Groups: one group’s facts and the reason of its status equal SQL', factsEqualSql],
    ['Groups: why it is so equals SQL', reasonsEqualSql],
    ['Groups: the meetings, drawn and as a table, equal SQL', meetingsEqualSql],
    ['Groups: the members lead to their rows', membersLeadToTheirRows],
    ['Groups: before and after equal SQL', kinEqualsSql],
    ['Groups: an unknown id is said in words', unknownGroupIsSaid],
    ['Groups: a group before its first day is said in words', groupBeforeItsFirstDay],
    ['Groups: one group in Indonesian', groupSpeaksIndonesian],
    ['Groups: one group at 1280 and 360 px, light and dark', groupFitsEveryScreen],
];
