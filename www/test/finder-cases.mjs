// Tests the search in the header: compares its results with SQL, uses it by keyboard alone, and
// searches for something that does not exist.

import assert from 'node:assert/strict';
import { answerWith, settled, sidewaysOf } from './harness.mjs';
import { DAY, END_OF_DAY } from './looking-back-cases.mjs';

const SHOWN = 5;
const KINDS = {
    groups: ['v_group_status', 'group_id', 'group_name', '/groups.html'],
    facilitators: [
        'v_facilitator_alumni',
        'facilitator_id',
        'facilitator_name',
        '/facilitators.html',
    ],
    members: ['v_member_journey', 'user_id', 'user_name', '/members.html'],
};

/** Types words into the field and waits for the results. */
async function find(page, words) {
    await page.locator('#find').fill(words);
    await page.locator('#found > *').first().waitFor();
    await page.waitForFunction(() => !document.querySelector('#found').hasAttribute('aria-busy'));
}

/** Returns the results: the ids and names of each kind, and whether there are more. */
const readFound = (page) =>
    page.locator('#found [role="group"]').evaluateAll((sections) =>
        Object.fromEntries(
            sections.map((section) => {
                const links = [...section.querySelectorAll('a')];
                const own = links.filter((link) => new URL(link.href).searchParams.has('id'));
                const found = own.map((link) => [
                    new URL(link.href).searchParams.get('id'),
                    link.textContent,
                ]);
                return [
                    section.getAttribute('aria-labelledby').replace('found-', ''),
                    { found, hasMore: own.length < links.length },
                ];
            }),
        ),
    );

/** Returns all rows whose name contains each of the words, from SQL. */
function fitting(sql, kind, words, asOf) {
    const [view, id, label] = KINDS[kind];
    const query =
        `SELECT ${id} AS id, ${label} AS name FROM ${view} WHERE NOT EXISTS (SELECT 1 FROM ` +
        `regexp_split_to_table(btrim($w$${words}$w$, E' \\t\\n'), E'\\\\s+') AS word ` +
        `WHERE strpos(lower(${label}), lower(word)) = 0)`;
    return sql(query, asOf).map((row) => [row.id, row.name]);
}

async function foundEqualsSql({ open, sql }) {
    const page = await open('/funnel.html');
    const [{ grp }] = sql('SELECT min(group_name) AS grp FROM v_group_status');
    const [{ who }] = sql(
        'SELECT facilitator_name AS who FROM v_facilitator_alumni ORDER BY facilitator_id LIMIT 1',
    );
    const [{ member }] = sql(
        'SELECT user_name AS member FROM v_member_journey ORDER BY user_id LIMIT 1',
    );
    for (const words of [
        grp.toUpperCase(),
        grp.split(' ').reverse().join('  '),
        who,
        member,
        member.split('.').slice(0, 2).join(' '),
        who.split('@')[1] ?? who.slice(0, 3),
        '.*',
        'ab',
    ]) {
        await page.locator('#find').press('Escape');
        await find(page, words);
        const shown = await readFound(page);
        for (const kind of Object.keys(KINDS)) {
            const all = fitting(sql, kind, words.trim());
            const { found, hasMore } = shown[kind] ?? { found: [], hasMore: false };
            assert.equal(found.length, Math.min(all.length, SHOWN), `${kind}: ${words}`);
            assert.equal(hasMore, all.length > SHOWN, `${kind}: ${words}: there are more`);
            for (const one of found)
                assert.ok(
                    all.some((row) => row.join() === one.join()),
                    `${kind}: ${one}`,
                );
        }
    }
}

async function rowsAreBounded({ open }) {
    const page = await open('/funnel.html');
    const asked = [];
    page.on('request', (request) => {
        const url = new URL(request.url());
        if (/imatch/.test(url.search)) asked.push([url.pathname, url.searchParams.get('limit')]);
    });
    await find(page, 'a@');
    assert.deepEqual(asked.sort(), [
        ['/api/facilitators', '6'],
        ['/api/group_status', '6'],
        ['/api/members', '6'],
    ]);
    await page.locator('#find').press('Escape');
    await page.locator('#find').fill('a');
    await page
        .locator('#found')
        .filter({ hasText: /at least two letters/ })
        .waitFor();
    assert.equal(asked.length, 3, 'one letter asks for nothing');
}

async function worksByKeyboard({ open, sql }) {
    const [{ name }] = sql(
        'SELECT facilitator_name AS name FROM v_facilitator_alumni ORDER BY facilitator_id LIMIT 1',
    );
    const page = await open('/groups.html');
    await page.locator('body').press('/');
    assert.ok(await page.locator('#find').evaluate((one) => one === document.activeElement));
    await page.keyboard.type(name);
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement.closest('#found a'));
    assert.match(await page.locator('#announcer').textContent(), /\d facilitator/);
    const first = await page.evaluate(() => document.activeElement.href);
    await page.keyboard.press('ArrowUp');
    assert.ok(await page.locator('#find').evaluate((one) => one === document.activeElement));
    await page.keyboard.press('ArrowDown');
    assert.equal(await page.evaluate(() => document.activeElement.href), first);
    await page.keyboard.press('Enter');
    await page.waitForURL(first);
    await settled(page);
    await page.keyboard.press('/');
    await page.keyboard.type('xy');
    await page.locator('#found > *').first().waitFor();
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('#found').isVisible(), false);
    assert.equal(await page.locator('#find').inputValue(), '');
}

async function nothingIsSaid({ open }) {
    for (const [locale, words] of [
        ['en-GB', /No group, facilitator or member is called/],
        ['id-ID', /Tidak ada grup/],
    ]) {
        const page = await open('/funnel.html', { locale });
        const evil = '<b>nobody</b> %*_"\\(),';
        await find(page, evil);
        assert.match(await page.locator('#found').textContent(), words);
        assert.ok((await page.locator('#found').textContent()).includes(evil));
        assert.match(await page.locator('#announcer').textContent(), words);
        assert.equal(await page.locator('#found :is(b, [role="group"])').count(), 0);
        await page.context().close();
    }
}

async function allLeadToTheList({ open, go, sql }) {
    const page = await open('/funnel.html');
    await find(page, 'ab');
    for (const [kind, [, , , path]] of Object.entries(KINDS)) {
        const all = fitting(sql, kind, 'ab');
        if (all.length <= SHOWN) continue;
        const link = page.locator(`[aria-labelledby="found-${kind}"] a`).last();
        assert.equal(await link.getAttribute('href'), `${path}?q=ab`);
    }
    const past = await open(`/groups.html?as_of=${DAY}`);
    const [{ name }] = sql(
        'SELECT group_name AS name FROM v_group_status ORDER BY group_id LIMIT 1',
        END_OF_DAY,
    );
    await find(past, name);
    const links = await past
        .locator('#found a')
        .evaluateAll((found) => found.map((link) => link.href));
    assert.ok(
        links.length > 0 && links.every((href) => new URL(href).searchParams.get('as_of') === DAY),
    );
    const { groups } = await readFound(past);
    assert.deepEqual(
        groups.found.sort(),
        fitting(sql, 'groups', name, END_OF_DAY).slice(0, SHOWN).sort(),
    );
}

async function hostileNamesStayText({ open }) {
    const evil = `<img src=x onerror="document.title='taken'"> "a" & 'b' \u202eback`;
    const page = await open('/funnel.html', {
        routes: {
            group_status: answerWith([{ group_id: evil, group_name: evil, course_name: evil }]),
            facilitators: answerWith([
                { facilitator_id: evil, facilitator_name: evil, is_deleted: true },
            ]),
            members: answerWith([{ user_id: evil, user_name: evil, is_deleted: true }]),
        },
    });
    await find(page, 'xx');
    assert.deepEqual(await page.locator('#found a').allTextContents(), [evil, evil, evil]);
    assert.equal(await page.locator('#found :is(img, script)').count(), 0);
}

async function failureIsSaid({ open }) {
    const down = answerWith(
        { code: 'PGRST000', message: 'refused', details: null, hint: null },
        503,
    );
    let failing = true;
    const page = await open('/funnel.html', {
        expected: /members/,
        routes: { members: (route) => (failing ? down(route) : route.continue()) },
    });
    await find(page, 'ab');
    assert.match(await page.locator('#found [role="alert"]').textContent(), /isn’t ready/);
    failing = false;
    await page.locator('#found button').click();
    await page.locator('#found [role="group"], #found .find-note').first().waitFor();
}

async function fitsAPhone({ open }) {
    const page = await open('/funnel.html', {
        viewport: { width: 360, height: 800 },
        locale: 'id-ID',
    });
    await find(page, 'ab');
    const { x, width } = await page.locator('#found').boundingBox();
    assert.ok(x >= 0 && x + width <= 360, `${x} to ${x + width}`);
    assert.equal(await sidewaysOf(page), 0);
}

export const finderCases = [
    ['Find: what is found equals SQL', foundEqualsSql],
    ['Find: asks for a few rows of each kind', rowsAreBounded],
    ['Find: by keyboard alone', worksByKeyboard],
    ['Find: says when there is nothing', nothingIsSaid],
    ['Find: leads to the whole lists, and to those of the day', allLeadToTheList],
    ['Find: hostile names stay text', hostileNamesStayText],
    ['Find: says when it fails, and tries again', failureIsSaid],
    ['Find: fits a phone', fitsAPhone],
];
