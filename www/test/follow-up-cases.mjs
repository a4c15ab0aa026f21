// Tests follow-ups: noting one, withdrawing it, the list of a group's follow-ups, and the
// comparison "Did it help?".

import assert from 'node:assert/strict';
import { forgetNotes, literal, ME, NOW, OUTCOMES } from './contact-notes.mjs';
import { answerWith, settled } from './harness.mjs';

/** Returns the follow-ups of a group by the tester, from SQL. */
const notesOf = (sql, id) =>
    sql(
        'SELECT channel, outcome, note, noted_by, is_verified FROM v_follow_up WHERE ' +
            `group_id = ${literal(id)} AND noted_by = ${literal(ME)}`,
        NOW,
    );

async function noteIsTwoClicksAndASentence({ open, sql, run }) {
    forgetNotes(run);
    const [{ group_id: id, group_name: group }] = sql(
        `SELECT group_id, group_name FROM v_rescue_list WHERE contact_state = 'NEW' ORDER ` +
            'BY days_inactive, group_id LIMIT 1',
        NOW,
    );
    const page = await open('/contact.html', {
        script: `localStorage.setItem('ngeshare.name', ${JSON.stringify(ME)})`,
    });
    try {
        await page
            .locator(`tr[data-key="${id}"]`)
            .getByRole('button', { name: `Note a follow-up for ${group}` })
            .click();
        await page.locator('dialog textarea').waitFor();
        await page.keyboard.type('They meet again on Friday; “<b>soon</b>”, they say.');
        await page.locator('[data-outcome="will_meet"]').click();
        await page.locator('.noted .notice').waitFor();
        assert.deepEqual(notesOf(sql, id), [
            {
                channel: 'email',
                outcome: 'will_meet',
                note: 'They meet again on Friday; “<b>soon</b>”, they say.',
                noted_by: ME,
                is_verified: false,
            },
        ]);
        await page.waitForFunction(
            (key) => document.querySelector(`tr[data-key="${key}"] .badge.contact-waiting`),
            id,
        );
        assert.equal(await page.locator('dialog').count(), 0);
        await page.locator('.noted button').click();
        await page.waitForFunction(() =>
            /withdrawn/.test(document.querySelector('.noted').textContent),
        );
        assert.deepEqual(notesOf(sql, id), [], 'undone');
        await page.waitForFunction(
            (key) => document.querySelector(`tr[data-key="${key}"] .badge.contact-new`),
            id,
        );
    } finally {
        forgetNotes(run);
    }
}

async function noteByKeyboardAlone({ open, sql, run }) {
    forgetNotes(run);
    const page = await open('/contact.html');
    const id = await page.locator('#contact tbody tr').first().getAttribute('data-key');
    try {
        await page.locator('#contact .count strong').focus();
        for (let i = 0; i < 60; i++) {
            await page.keyboard.press('Tab');
            if ((await page.evaluate(() => document.activeElement.dataset.focus)) === `note-${id}`)
                break;
        }
        assert.equal(
            await page.evaluate(() => document.activeElement.dataset.focus),
            `note-${id}`,
            'Tab comes to “Note”',
        );
        await page.keyboard.press('Enter');
        await page.locator('dialog textarea').waitFor();
        await page.keyboard.press('Escape');
        await page.locator('dialog').waitFor({ state: 'detached' });
        assert.equal(
            await page.evaluate(() => document.activeElement.dataset.focus),
            `note-${id}`,
            'Escape leads back',
        );
        await page.keyboard.press('Enter');
        await page.locator('dialog input[name="name"]').waitFor();
        await page.waitForFunction(() => document.activeElement.name === 'name');
        await page.keyboard.type(ME);
        await page.keyboard.press('Tab');
        await page.keyboard.type('No answer.');
        for (let i = 0; i < 10; i++) {
            await page.keyboard.press('Tab');
            if ((await page.evaluate(() => document.activeElement.dataset.outcome)) === 'no_answer')
                break;
        }
        await page.keyboard.press('Enter');
        await page.locator('.noted .notice').waitFor();
        assert.deepEqual(
            notesOf(sql, id).map(({ outcome, note }) => [outcome, note]),
            [['no_answer', 'No answer.']],
        );
        await settled(page);
        assert.equal(
            await page.evaluate(() => document.activeElement.dataset.focus),
            `note-${id}`,
            'the focus is where it was',
        );
    } finally {
        forgetNotes(run);
    }
}

async function nameIsNeeded({ open, sql, run }) {
    const page = await open('/contact.html');
    await page.locator('[data-focus^="note-"]').first().click();
    await page.locator('[data-outcome="paused"]').click();
    assert.match(await page.locator('.note-problem').textContent(), /Write your name first/);
    assert.equal(await page.evaluate(() => document.activeElement.name), 'name');
    const refused = {
        code: 'NG004',
        message: 'this login has noted 60 follow-ups within the last minute',
        details: null,
        hint: 'Wait a minute, then go on.',
    };
    await page.route(/rpc\/note_follow_up/, answerWith(refused, 429));
    await page.locator('dialog input[name="name"]').fill(ME);
    await page.locator('dialog textarea').fill('kept');
    await page.locator('[data-outcome="paused"]').click();
    await page.locator('dialog [role="alert"]').waitFor();
    assert.match(
        await page.locator('dialog').textContent(),
        /It was not saved.*more than 60 follow-ups in a minute/,
    );
    assert.equal(
        await page.locator('dialog textarea').inputValue(),
        'kept',
        'what was written stays',
    );
}

async function whoMayNotIsTold({ open }) {
    const viewer = await open('/contact.html', {
        routes: { caller: answerWith([{ login: 'budi', may_note: false, may_sync: false }]) },
    });
    await viewer.locator('[data-focus^="note-"]').first().click();
    await viewer.waitForFunction(() =>
        /may look, but not note/.test(document.querySelector('dialog')?.textContent),
    );
    assert.equal(await viewer.locator('[data-outcome]').count(), 0);
    const back = await open('/contact.html?as_of=2026-08-15');
    await back.locator('[data-focus^="note-"]').first().click();
    await back.waitForFunction(() =>
        /earlier day/.test(document.querySelector('dialog')?.textContent),
    );
    const known = await open('/contact.html', {
        routes: { caller: answerWith([{ login: 'siti', may_note: true, may_sync: true }]) },
    });
    await known.locator('[data-focus^="note-"]').first().click();
    await known.locator('dialog textarea').waitFor();
    assert.equal(
        await known.locator('dialog input[name="name"]').count(),
        0,
        'a login needs no name',
    );
}

async function groupShowsItsFollowUps({ open, sql, run }) {
    forgetNotes(run);
    const [{ group_id: id }] = sql(
        'SELECT group_id FROM v_rescue_list WHERE group_id NOT IN (SELECT group_id FROM ' +
            'v_follow_up) ORDER BY group_id LIMIT 1',
        NOW,
    );
    for (const [i, outcome] of Object.keys(OUTCOMES).entries()) {
        run(`INSERT INTO ngeshare.follow_up (group_id, group_name, noted_at, noted_by, channel,
            outcome, note)
          VALUES (${literal(id)}, 'x', now() - interval '${500 - i} days', ${literal(ME)},
              'in_person', '${outcome}', '<i>${i}</i>');`);
    }
    const page = await open(`/groups.html?${new URLSearchParams({ id })}`, {
        script: `localStorage.setItem('ngeshare.name', ${JSON.stringify(ME)})`,
    });
    try {
        const notes = () =>
            page
                .locator('#notes tbody tr')
                .evaluateAll((rows) =>
                    rows.map((row) => [...row.cells].slice(2, 5).map((cell) => cell.textContent)),
                );
        const expected = sql(
            `SELECT outcome, note FROM v_follow_up WHERE group_id = ${literal(id)} ORDER ` +
                'BY noted_at DESC, id',
            NOW,
        );
        assert.deepEqual(
            await notes(),
            expected.map((row) => ['in person', OUTCOMES[row.outcome], row.note]),
            'those before the last meeting, too',
        );
        await page.locator('#notes tbody tr').first().getByRole('button').click();
        await page.locator('dialog .primary').click();
        await page.waitForFunction(
            (n) => document.querySelectorAll('#notes tbody tr').length === n,
            expected.length - 1,
        );
        assert.deepEqual(
            await notes(),
            expected.slice(1).map((row) => ['in person', OUTCOMES[row.outcome], row.note]),
        );
        const [{ withdrawn_by: by }] = sql(
            `SELECT withdrawn_by FROM ngeshare.follow_up WHERE group_id = ${literal(id)} ` +
                `AND withdrawn_at IS NOT NULL AND noted_by = ${literal(ME)}`,
        );
        assert.equal(by, ME);
    } finally {
        forgetNotes(run);
    }
}

async function effectEqualsSql({ open, go, sql, run }) {
    forgetNotes(run);
    const page = await open('/contact.html');
    const read = () =>
        page
            .locator('#effect tbody tr')
            .evaluateAll((rows) =>
                rows.map((row) => [...row.cells].map((cell) => cell.textContent)),
            );
    const percent = (value) => `${value.toFixed(1)}%`;
    const shown = (row) => [
        row.course_name ?? 'All courses',
        row.contacted.toLocaleString('en'),
        row.met_again.toLocaleString('en'),
        row.met_again_pct === null
            ? 'too few to say'
            : `${percent(row.met_again_pct)} (${percent(row.met_again_low)} to ` +
              `${percent(row.met_again_high)})`,
        row.expected_pct === null ? 'too few to say' : percent(row.expected_pct),
    ];
    assert.match(await page.locator('#effect').textContent(), /a comparison and no proof/);
    run(`INSERT INTO ngeshare.follow_up (group_id, group_name, noted_at, noted_by, channel, outcome)
      SELECT group_id, group_name, (last_meeting_date + 40)::timestamp, ${literal(ME)}, 'email',
          'no_answer'
      FROM v_group_status WHERE status = 'STALLED' AND last_meeting_date IS NOT NULL
          AND days_inactive > 90;`);
    try {
        await go(page, '/contact.html');
        const expected = sql('SELECT * FROM v_follow_up_effect', NOW);
        const all = expected.find((row) => row.course_name === null);
        assert.ok(all.contacted >= 50 && all.met_again_pct !== null, 'enough to say');
        assert.deepEqual(await read(), expected.map(shown));
        await page.route(
            /follow_up_effect/,
            answerWith([
                { ...all, contacted: 0, met_again: 0, met_again_pct: null, expected_pct: null },
            ]),
        );
        await go(page, '/contact.html');
        assert.match(await page.locator('#effect .empty').textContent(), /Nothing to compare yet/);
        await page.unroute(/follow_up_effect/);
        const few = {
            ...all,
            contacted: 49,
            met_again: 20,
            met_again_pct: null,
            met_again_low: null,
            met_again_high: null,
            expected_pct: null,
        };
        await page.route(/follow_up_effect/, answerWith([few]));
        await go(page, '/contact.html');
        assert.deepEqual(await read(), [
            ['All courses', '49', '20', 'too few to say', 'too few to say'],
        ]);
    } finally {
        forgetNotes(run);
    }
}

/**
 * Inserts follow-ups that call the contact wrong, for two groups of the rescue list: the first one,
 * and the first one whose facilitator has an address. Checks what the pages show.
 */
async function wrongAddressIsNotOfferedAgain({ open, sql, run }) {
    forgetNotes(run);
    const [group] = sql(
        `SELECT group_id, facilitator_contact AS address FROM v_rescue_list
            WHERE contact_state = 'NEW' AND facilitator_contact ~ '^[a-z.0-9]+@[a-z.]+$'
            ORDER BY days_inactive, group_id LIMIT 1`,
        NOW,
    );
    const [{ top }] = sql(
        `SELECT group_id AS top FROM v_rescue_list WHERE contact_state IN ('NEW', 'DUE')
            ORDER BY days_inactive, group_id LIMIT 1`,
        NOW,
    );
    const email = (page) => page.locator(`[data-focus="email-${group.group_id}"]`);
    const mailOf = async (page) => decodeURIComponent(await email(page).getAttribute('href'));
    const grp = await open(`/groups.html?id=${group.group_id}`);
    assert.ok((await mailOf(grp)).startsWith(`mailto:${group.address}?`));
    assert.match(
        await grp.locator('#to-contact').textContent(),
        /^Rescue list · Chance in 28 days: .* Not contacted$/,
    );
    await grp.context().close();
    run(`INSERT INTO ngeshare.follow_up (group_id, group_name, noted_by, channel, outcome)
        SELECT group_id, group_name, ${literal(ME)}, 'email', 'wrong_contact' FROM v_group_status
        WHERE group_id IN (${literal(group.group_id)}, ${literal(top)})`);
    try {
        for (const path of [`/groups.html?id=${group.group_id}`, '/contact.html?state=DUE']) {
            const page = await open(path);
            assert.match(
                await page.locator('main').textContent(),
                /The last follow-up says that the facilitator’s address is wrong/,
            );
            if ((await email(page).count()) > 0) {
                const mail = await mailOf(page);
                assert.ok(!mail.startsWith(`mailto:${group.address}?`), `${path}: ${mail}`);
                assert.match(mail, /we write to you as a member/);
            }
            await page.context().close();
        }
        const home = await open('/');
        const first = home.locator(`li:has([data-focus="first-${top}"])`);
        assert.match(await first.textContent(), new RegExp(`Wrong contact, .*, ${ME}`));
    } finally {
        forgetNotes(run);
    }
}

export const followUpCases = [
    ['To contact: a wrong address is not offered again', wrongAddressIsNotOfferedAgain],
    [
        'To contact: a follow-up in two clicks and a sentence, and undone',
        noteIsTwoClicksAndASentence,
    ],
    ['To contact: a follow-up by keyboard alone', noteByKeyboardAlone],
    ['To contact: a name is needed, and what isn’t saved stays', nameIsNeeded],
    ['To contact: who may not note is told why', whoMayNotIsTold],
    [
        'To contact: a group shows all its follow-ups, and one can be withdrawn',
        groupShowsItsFollowUps,
    ],
    ['To contact: “Did it help?” equals SQL', effectEqualsSql],
];
