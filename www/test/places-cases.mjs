// Tests the places: compares each figure with SQL and with the groups behind it, and uses the place
// as a filter of lists that is kept from page to page.

import assert from 'node:assert/strict';
import {
    answerWith,
    countAt,
    leadToTheirRows,
    readNumber,
    readTable,
    settled,
} from './harness.mjs';
import { DAY, END_OF_DAY } from './looking-back-cases.mjs';

const PLACES = '/places.html';
const PAGE_SIZE = 50;
const NONE = ' ';
const FIGURES = [
    'groups_total',
    'active',
    'stalled',
    'not_started',
    'graduated',
    'graduation_rate',
    'to_rescue',
    'at_risk',
    'facilitators',
    'members',
];
const rowsOf = (order) => `SELECT * FROM v_place ORDER BY ${order} LIMIT ${PAGE_SIZE}`;
const USUAL = 'groups_total DESC, province, city';

const literal = (value) => `'${value.replaceAll("'", "''")}'`;
const is = (column, value) =>
    value === null || value === NONE ? `${column} IS NULL` : `${column} = ${literal(value)}`;

/** Returns a place from SQL as the page writes it. */
const cellsOf = (row) => [
    row.city ?? 'no city is known',
    row.province ?? 'not known',
    ...FIGURES.map((name) => row[name]),
];

const readPlaces = async (page) =>
    (await readTable(page, '#places')).map(([city, province, ...figures]) => [
        city,
        province,
        ...figures.map(readNumber),
    ]);

async function figuresEqualSql({ open, sql }) {
    const page = await open(PLACES);
    assert.deepEqual(await readPlaces(page), sql(rowsOf(USUAL)).map(cellsOf));
    const [{ n }] = sql('SELECT count(*) AS n FROM v_place');
    assert.match(await page.locator('[data-figure="total"]').textContent(), new RegExp(`^${n} `));
    for (const column of ['city', 'province', ...FIGURES]) {
        await page.goto(`${page.url().split('?')[0]}?order=${column}.desc`);
        await settled(page);
        const others = ['province', 'city'].filter((name) => name !== column);
        const order = `${column} DESC NULLS LAST, ${others}`;
        assert.deepEqual(await readPlaces(page), sql(rowsOf(order)).map(cellsOf), column);
    }
    const past = await open(`${PLACES}?as_of=${DAY}`);
    assert.deepEqual(await readPlaces(past), sql(rowsOf(USUAL), END_OF_DAY).map(cellsOf), DAY);
}

async function numbersLeadToTheirGroups({ open, go }) {
    const page = await open(PLACES);
    const links = await page.locator('#places tbody tr').evaluateAll((rows) =>
        rows.map((row) => [
            row.textContent,
            [...row.querySelectorAll('td a')].map((link) => ({
                href: link.getAttribute('href'),
                shown: link.textContent,
            })),
        ]),
    );
    const nowhere = links.filter(([words]) => /not? (city is )?known/.test(words)).slice(0, 2);
    for (const [, row] of [links[0], links.at(-1), ...nowhere]) {
        assert.equal(row.length, 7, 'each number of groups is a link');
        await leadToTheirRows(page, go, row);
    }
}

/** The lists of groups, with the view behind each. */
const LISTS = [
    ['/groups.html', 'api.group_status'],
    ['/contact.html', 'api.rescue_list'],
    ['/contact.html?tab=at_risk', 'api.at_risk'],
    ['/quality.html', 'api.anomalies'],
    ['/time.html', 'api.graduation_outliers'],
];

/** The heading of the list of groups on pages that have other parts. */
const PARTS = { '/quality.html': '#anomalies-title', '/time.html': '#outliers-title' };

async function everyListTakesAPlace({ open, go, sql }) {
    const page = await open(PLACES);
    for (const [path, view] of LISTS) {
        const [{ province, city }] = sql(
            `SELECT province, city FROM ${view} WHERE city IS NOT NULL AND province IS NOT NULL
             GROUP BY 1, 2 ORDER BY count(*) DESC, 1, 2 LIMIT 1`,
        );
        const filters = [{ province }, { province, city }, { province: NONE }, { city: NONE }];
        for (const filter of filters) {
            const conditions = Object.entries(filter).map(([name, value]) => is(name, value));
            const [{ n }] = sql(
                `SELECT count(*) AS n FROM ${view} WHERE ${conditions.join(' AND ')}`,
            );
            const query = new URLSearchParams(filter);
            const address = `${path}${path.includes('?') ? '&' : '?'}${query}${PARTS[path] ?? ''}`;
            assert.equal(await countAt(page, go, address), n, `${path}: ${conditions}`);
        }
    }
}

async function placesAreChosen({ open, sql }) {
    const [{ province, city }] = sql(
        'SELECT province, city FROM v_place WHERE city IS NOT NULL AND province IS NOT ' +
            'NULL ORDER BY groups_total DESC LIMIT 1',
    );
    const page = await open('/groups.html');
    await page.locator('#list-province').focus();
    await page.locator('#list-province').selectOption(province);
    await settled(page);
    const cities = sql(`SELECT city FROM v_place WHERE ${is('province', province)}`);
    const offered = await page
        .locator('#list-city option')
        .evaluateAll((all) => all.map((one) => one.value));
    assert.deepEqual(
        offered.sort(),
        ['', ...cities.map((row) => row.city ?? NONE)].sort(),
        'the cities of the chosen province',
    );
    await page.locator('#list-city').selectOption(city);
    await page.waitForURL((url) => url.searchParams.get('city') === city);
    const [{ other }] = sql(
        `SELECT min(province) AS other FROM v_place WHERE NOT ${is('province', province)}`,
    );
    await page.locator('#list-province').selectOption(other);
    await page.waitForURL((url) => url.searchParams.get('province') === other);
    assert.equal(new URL(page.url()).searchParams.get('city'), null, 'its city is let go');
}

/** Returns the place that a page's address names. */
const placeIn = (page) => {
    const query = new URL(page.url()).searchParams;
    return [query.get('province'), query.get('city')];
};

async function placeIsKept({ open, go, sql }) {
    const [{ province, city, groups_total: total }] = sql(
        'SELECT * FROM v_place WHERE city IS NOT NULL AND province IS NOT NULL ORDER BY ' +
            'groups_total DESC LIMIT 1',
    );
    const page = await open(`/groups.html?${new URLSearchParams({ province, city })}`);
    assert.equal(await page.locator('.place-note').count(), 0, 'the filters show it');
    await page.locator('#groups tbody th a').first().click();
    await page.waitForURL('**id=**');
    await settled(page);
    assert.deepEqual(placeIn(page), [province, city], 'on a group’s page');
    for (const path of ['/funnel.html', '/facilitators.html', '/', '/groups.html']) {
        await page.locator(`a[data-path="${path}"]`).last().click();
        await page.waitForURL((url) => url.pathname === path);
        await settled(page);
        assert.deepEqual(placeIn(page), [province, city], path);
        const note = page.locator('.place-note');
        if (path !== '/groups.html')
            assert.ok(
                (await note.textContent()).includes(`${city}, ${province}`),
                `${path} says it`,
            );
    }
    assert.match(
        await page.locator('[data-figure="total"]').first().textContent(),
        new RegExp(`^${total.toLocaleString('en-GB')} `),
    );
    await go(page, `/funnel.html?${new URLSearchParams({ province, city, link_page: '2' })}`);
    await page.locator('.place-note button').click();
    await page.waitForURL((url) => !url.searchParams.has('province'));
    await settled(page);
    assert.equal(new URL(page.url()).searchParams.get('link_page'), '2', 'the rest stays');
    assert.equal(await page.locator('nav a[href*="province"]').count(), 0);
}

async function groupNamesItsPlace({ open, go, sql }) {
    const [row] = sql(
        'SELECT * FROM v_group_status WHERE city IS NOT NULL AND province IS NOT NULL ' +
            'ORDER BY group_id LIMIT 1',
    );
    const page = await open(`/groups.html?${new URLSearchParams({ id: row.group_id })}`);
    const link = page.locator('#facts dd a[href*="province"]', { hasText: row.city });
    assert.equal(await link.textContent(), `${row.city}, ${row.province}`);
    const [{ n }] = sql(
        `SELECT count(*) AS n FROM v_group_status WHERE ${is('city', row.city)} AND ` +
            `${is('province', row.province)}`,
    );
    assert.equal(await countAt(page, go, await link.getAttribute('href')), n);
}

async function hostilePlacesStayText({ open }) {
    const evil = `<img src=x onerror="document.title='taken'">, "a" & 'b' \u202eback`;
    const figures = Object.fromEntries(FIGURES.map((name) => [name, 1]));
    const place = answerWith([{ province: evil, city: null, ...figures }], 200, {
        'Content-Range': '0-0/1',
    });
    const page = await open(`${PLACES}?${new URLSearchParams({ province: evil })}`, {
        routes: { place },
    });
    assert.equal(await page.locator('#places tbody td').first().textContent(), evil);
    assert.equal(await page.locator('main :is(img, script)').count(), 0);
    const href = await page.locator('#places tbody td a').first().getAttribute('href');
    const query = new URLSearchParams(href.split('?')[1]);
    assert.deepEqual([query.get('province'), query.get('city')], [evil, NONE]);
    const funnel = await open(`/funnel.html?${new URLSearchParams({ province: evil })}`);
    assert.ok((await funnel.locator('.place-note').textContent()).includes(evil));
    assert.equal(await funnel.locator('main :is(img, script)').count(), 0);
    assert.match(await page.title(), /^Places/);
}

export const placesCases = [
    ['Places: every figure equals SQL, in every order, and as of a day', figuresEqualSql],
    [
        'Places: each number leads to its groups, groups without a place too',
        numbersLeadToTheirGroups,
    ],
    ['Places: a filter of every list of groups', everyListTakesAPlace],
    ['Places: chosen above a list, the cities are those of the province', placesAreChosen],
    ['Places: kept from page to page, until all are wanted', placeIsKept],
    ['Places: a group’s page names its place', groupNamesItsPlace],
    ['Places: hostile names stay text', hostilePlacesStayText],
];
