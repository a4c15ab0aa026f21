// Tests the page of facilitators: compares its figures, new facilitators by month and list with SQL
// and with the rows behind them.

import assert from 'node:assert/strict';
import { countAt, leadToTheirRows, readLinks, readNumber, readTable, settled } from './harness.mjs';
import { DAY, END_OF_DAY } from './looking-back-cases.mjs';

const PAGE_SIZE = 50;
const FIGURES =
    'SELECT total_facilitators, active_facilitators, alumni_facilitators FROM v_facilitator_growth';
const MONTHS =
    'SELECT month, new_facilitators, total_facilitators FROM v_facilitator_monthly ORDER ' +
    'BY month DESC';
const LED =
    '(SELECT count(*) FROM v_group_status AS led WHERE led.facilitator_id = person.facilitator_id)';
const PEOPLE = `SELECT facilitator_id, facilitator_name, facilitator_since,
    current_facilitator_since, ${LED} AS groups_led,
    is_alumni, member_since, is_deleted
  FROM v_facilitator_alumni AS person`;
const COLUMNS = [
    'facilitator_name',
    'facilitator_since',
    'current_facilitator_since',
    null,
    'groups_led',
    'is_alumni',
    'member_since',
];

const written = (options) => (value) =>
    value &&
    new Intl.DateTimeFormat('en-GB', { ...options, timeZone: 'UTC' }).format(new Date(value));
const month = written({ month: 'long', year: 'numeric' });
const shortMonth = written({ month: 'short' });
const day = written({ dateStyle: 'medium' });

async function figuresEqualSql({ open, go, sql }) {
    const page = await open('/facilitators.html');
    const shown = await page
        .locator('#growth [data-figure]')
        .evaluateAll((all) => all.map((one) => [one.dataset.figure, one.textContent]));
    const [expected] = sql(FIGURES);
    assert.deepEqual(
        Object.fromEntries(shown.map(([name, words]) => [name, readNumber(words)])),
        expected,
    );
    const [{ alumni_pct: percent }] = sql('SELECT alumni_pct FROM v_facilitator_growth');
    const note = await page
        .locator('.card', { hasText: 'Were members first' })
        .locator('.card-note')
        .first()
        .textContent();
    assert.equal(
        note,
        `${percent.toFixed(1)}% of ${expected.total_facilitators.toLocaleString('en-GB')}`,
    );
    await leadToTheirRows(page, go, await readLinks(page, '#growth a'));
}

/**
 * Checks that as of an earlier day the month of that day is the unfinished one, and that the
 * numbers are those at the end of that day.
 */
async function daysAreLookedBackTo({ open, go, sql }) {
    const page = await open(`/facilitators.html?as_of=${DAY}`);
    const [current, ...whole] = sql(`${MONTHS} LIMIT 12`, END_OF_DAY);
    const cells = (row, note = '') => [
        month(row.month) + note,
        row.new_facilitators,
        row.total_facilitators,
    ];
    assert.equal(current.month.slice(0, 7), DAY.slice(0, 7));
    assert.deepEqual(await readMonths(page), [
        cells(current, ' so far'),
        ...whole.map((row) => cells(row)),
    ]);
    assert.match(
        await page.locator('#newcomers .file').getAttribute('href'),
        new RegExp(`^/export/as-of/${DAY}/facilitator_monthly.csv`),
    );
    const [{ total_facilitators: total }] = sql(FIGURES, END_OF_DAY);
    await leadToTheirRows(page, go, [
        { href: (await readLinks(page, '#growth a'))[0].href, shown: String(total) },
    ]);
}

/** Checks that pages show words, not empty charts, as of a day before all data. */
async function nothingIsSaidInWords({ open, go }) {
    const page = await open('/facilitators.html?as_of=2001-01-01');
    assert.match(await page.locator('#newcomers .empty').textContent(), /There is no facilitator/);
    assert.equal(
        await page.locator('#growth [data-figure="total_facilitators"]').textContent(),
        '0',
    );
    await go(page, '/time.html?as_of=2001-01-01');
    for (const part of ['medians', 'spreads', 'time'])
        assert.match(await page.locator(`#${part} .empty`).textContent(), /No group has graduated/);
    await go(page, '/members.html?as_of=2001-01-01');
    assert.match(await page.locator('#members .empty').textContent(), /There is no member/);
}

/** Opens the table below the chart and returns its rows. */
async function readMonths(page) {
    const details = page.locator('#newcomers details');
    if ((await details.getAttribute('open')) === null) await details.locator('summary').click();
    return (await readTable(page, '#newcomers')).map(([name, ...counts]) => [
        name,
        ...counts.map(readNumber),
    ]);
}

async function monthsEqualSql({ open, go, sql }) {
    const page = await open('/facilitators.html');
    const [current, ...whole] = sql(`${MONTHS} LIMIT 12`);
    const cells = (
        { month: first, new_facilitators: new_, total_facilitators: total },
        note = '',
    ) => [month(first) + note, new_, total];
    assert.deepEqual(await readMonths(page), [
        cells(current, ' so far'),
        ...whole.map((row) => cells(row)),
    ]);
    const columns = await page
        .locator('#newcomers .part')
        .evaluateAll((parts) =>
            parts.map((part) => [
                part.dataset.key,
                Number(part.dataset.value),
                part.querySelector('.open') !== null,
            ]),
        );
    assert.deepEqual(
        columns,
        [current, ...whole]
            .reverse()
            .map((row) => [
                row.month.slice(0, 7),
                row.new_facilitators,
                row === current && row.new_facilitators > 0,
            ]),
    );
    for (const count of ['12', '24']) {
        await page.locator('#months').selectOption(count);
        await page.waitForFunction(
            (n) => document.querySelectorAll('#newcomers .part').length === Number(n),
            count,
        );
        const below = await page
            .locator('#newcomers .writing')
            .last()
            .locator('.below')
            .allTextContents();
        assert.deepEqual(
            below,
            [shortMonth(current.month), 'so far'],
            'the month that isn’t over is marked in words',
        );
    }
    await leadToTheirRows(page, go, await readLinks(page, '#newcomers td a'));
}

async function wholeMonthsAreCompared({ open, sql }) {
    const page = await open('/facilitators.html');
    const [, last, before] = sql(`${MONTHS} LIMIT 3`);
    const difference = last.new_facilitators - before.new_facilitators;
    const change =
        difference === 0
            ? 'as many as'
            : `${Math.abs(difference)} ${difference > 0 ? 'more' : 'fewer'} than`;
    const one = last.new_facilitators === 1 ? 'facilitator' : 'facilitators';
    assert.equal(
        await page.locator('#newcomers figcaption').textContent(),
        `${last.new_facilitators} new ${one} in ${month(last.month)}, ${change} in ` +
            `${month(before.month)}.`,
    );
}

async function spanIsInTheAddress({ open, sql }) {
    const page = await open('/facilitators.html');
    const shows = (count) =>
        page.waitForFunction(
            (n) => document.querySelectorAll('#newcomers .part').length === n,
            count,
        );
    const all = sql(MONTHS);
    await page.locator('#months').selectOption('all');
    await shows(all.length);
    assert.deepEqual((await readMonths(page)).at(-1), [
        month(all.at(-1).month),
        all.at(-1).new_facilitators,
        all.at(-1).total_facilitators,
    ]);
    await page.reload();
    await settled(page);
    await shows(all.length);
    assert.equal(new URL(page.url()).search, '?months=all');
    await page.goBack();
    await shows(12);
    assert.equal(await page.locator('#months').inputValue(), '12');
}

/**
 * Returns the cells of a row from SQL as the page writes them, without the fourth column (is
 * active), which has a case of its own.
 */
function cellsOf(row) {
    const name = row.facilitator_name + (row.is_deleted ? ' account deleted' : '');
    const since = day(row.member_since) ?? '—never a member';
    return [
        name,
        day(row.facilitator_since),
        day(row.current_facilitator_since),
        row.groups_led,
        row.is_alumni ? 'yes' : 'no',
        since,
    ];
}

async function readList(page) {
    return (await readTable(page, '#facilitators')).map((cells) =>
        cells.toSpliced(3, 1).map((cell, i) => (i === 3 ? readNumber(cell) : cell)),
    );
}

async function listSortsInSql({ open, sql }) {
    const page = await open('/facilitators.html');
    assert.deepEqual(
        await readList(page),
        sql(`${PEOPLE} ORDER BY facilitator_since DESC, facilitator_id LIMIT ${PAGE_SIZE}`).map(
            cellsOf,
        ),
    );
    for (const [i, column] of COLUMNS.entries()) {
        for (const direction of column === null ? [] : ['ascending', 'descending']) {
            const header = page.locator('#facilitators th[scope="col"]').nth(i);
            if ((await header.getAttribute('aria-sort')) !== direction)
                await header.getByRole('button').click();
            await page.waitForFunction(
                ([at, wanted]) =>
                    document
                        .querySelectorAll('#facilitators th[scope="col"]')
                        [at].getAttribute('aria-sort') === wanted,
                [i, direction],
            );
            await settled(page);
            const order =
                `${column} ${direction === 'ascending' ? 'ASC' : 'DESC'} NULLS LAST, ` +
                'person.facilitator_id';
            const sorted = `${PEOPLE} ORDER BY ${order} LIMIT ${PAGE_SIZE}`;
            assert.deepEqual(
                await readList(page),
                sql(sorted).map(cellsOf),
                `${column} ${direction}`,
            );
        }
    }
}

async function listFiltersAndSearches({ open, go, sql }) {
    const page = await open('/facilitators.html?active=yes&alumni=yes');
    const busy = `SELECT facilitator_id FROM v_facilitator_alumni WHERE is_alumni
        AND facilitator_id IN (
      SELECT user_id FROM v_member_roster JOIN v_group_status USING (group_id)
      WHERE role = 'FACILITATOR' AND days_inactive <= 28 AND first_meeting_date IS NOT NULL)`;
    const expected = sql(busy).map((row) => row.facilitator_id);
    const keys = await page
        .locator('#facilitators tbody tr')
        .evaluateAll((rows) => rows.map((row) => row.dataset.key));
    assert.ok(expected.length > 0, 'a case to look at');
    assert.equal(
        await countAt(page, go, '/facilitators.html?active=yes&alumni=yes'),
        expected.length,
    );
    assert.equal(new Set(keys).size, Math.min(expected.length, PAGE_SIZE));
    assert.ok(keys.every((key) => expected.includes(key)));
    assert.equal(
        await page.locator('#main section').first().getAttribute('id'),
        'list',
        'who asks for rows finds them first',
    );
    const [{ facilitator_name: name }] = sql(`${PEOPLE} ORDER BY facilitator_id LIMIT 1`);
    const found = sql(`${PEOPLE} WHERE strpos(lower(facilitator_name), lower($n$${name}$n$)) > 0`);
    assert.equal(
        await countAt(page, go, `/facilitators.html?q=${encodeURIComponent(name.toUpperCase())}`),
        found.length,
    );
}

async function groupsLedLeadToTheirRows({ open, go }) {
    const page = await open('/facilitators.html?order=groups_led.desc');
    const links = await readLinks(page, '#facilitators td.number a');
    await leadToTheirRows(page, go, [...links.slice(0, 4), links.at(-1)]);
}

export const facilitatorsCases = [
    ['Facilitators: figures equal SQL and lead to their rows', figuresEqualSql],
    [
        'Facilitators: months equal SQL, lead to their rows, the unfinished one is marked',
        monthsEqualSql,
    ],
    ['Facilitators: whole months are compared', wholeMonthsAreCompared],
    ['Facilitators: as of a day', daysAreLookedBackTo],
    ['Facilitators, time to graduate, members: nothing is said in words', nothingIsSaidInWords],
    ['Facilitators: the number of months is in the address', spanIsInTheAddress],
    ['Facilitators: each column sorts both ways as SQL does', listSortsInSql],
    ['Facilitators: filters and search equal SQL', listFiltersAndSearches],
    ['Facilitators: groups led lead to their rows', groupsLedLeadToTheirRows],
];
