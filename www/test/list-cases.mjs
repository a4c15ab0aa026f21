// Tests what all lists do: pages, visible columns, cards, printing, names of buttons, and files in
// each language.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { DECIMALS } from '../src/list/csv.js';
import { settled } from './harness.mjs';

/** Pages with lists. Sync, which has lists too, is not among them. */
const LISTS = [
    '/contact.html',
    '/contact.html?tab=at_risk',
    '/contact.html?by=facilitator',
    '/groups.html',
    '/members.html',
    '/facilitators.html',
    '/funnel.html',
    '/places.html',
    '/time.html',
    '/quality.html',
];
const PAGE_SIZE = 50;

async function hasPages({ open, sql }) {
    const expected = sql(
        'SELECT group_id FROM v_rescue_list ORDER BY days_inactive, group_id',
        'NULL',
    ).map((row) => row.group_id);
    assert.ok(expected.length > PAGE_SIZE);
    const seen = [];
    const page = await open('/contact.html', { expected: /offset=\d{6}/ });
    for (;;) {
        seen.push(
            ...(await page
                .locator('#contact tbody tr')
                .evaluateAll((rows) => rows.map((row) => row.dataset.key))),
        );
        const next = page.getByRole('button', { name: 'Next' });
        if ((await next.count()) === 0 || (await next.getAttribute('aria-disabled'))) break;
        const first = seen.at(-PAGE_SIZE);
        await next.click();
        await page.waitForFunction(
            (key) => document.querySelector('tbody tr').dataset.key !== key,
            first,
        );
        await settled(page);
    }
    assert.deepEqual(seen, expected);
    await page.goto(page.url().replace(/\?.*/, '?page=99999'));
    await settled(page);
    assert.equal(new URL(page.url()).search, '', 'a page beyond the end leads to the first');
}

async function nextBeginsAtTheTop({ open }) {
    for (const path of ['/groups.html', '/contact.html']) {
        const page = await open(path);
        await page.getByRole('button', { name: 'Next' }).first().click();
        await page.waitForURL('**page=2');
        await settled(page);
        await page.waitForFunction(
            () => document.activeElement.matches('[data-figure="total"]'),
            null,
            { timeout: 5_000 },
        );
        const top = await page
            .locator('main tbody tr')
            .first()
            .evaluate((row) => row.getBoundingClientRect().top);
        assert.ok(
            top >= 0 && top < 900,
            `${path}: the first row of the next page is in sight (${top})`,
        );
        await page.goBack();
        await page.waitForURL((url) => !url.searchParams.has('page'));
    }
}

async function noColumnIsHidden({ open }) {
    for (const locale of ['en-GB', 'id-ID']) {
        for (const path of LISTS) {
            const page = await open(path, { locale });
            const hidden = await page
                .locator('main .scroll')
                .evaluateAll((all) =>
                    all
                        .filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth)
                        .map((one) => [
                            one.getAttribute('aria-label'),
                            one.scrollWidth - one.clientWidth,
                        ]),
                );
            assert.deepEqual(hidden, [], `${path}, ${locale}: columns are out of sight at 1280`);
            await page.context().close();
        }
    }
}

async function scrollingShowsItself({ open }) {
    const page = await open('/groups.html', { viewport: { width: 800, height: 900 } });
    const table = page.locator('#groups .scroll');
    assert.ok(
        await table.evaluate((one) => one.scrollWidth > one.clientWidth),
        'a width at which it scrolls',
    );
    assert.match(
        await table.evaluate((one) => getComputedStyle(one).backgroundAttachment),
        /local.*scroll/,
        'a shadow where more is',
    );
    await table.evaluate((one) => (one.scrollLeft = 300));
    const [left, edge] = await table.evaluate((one) => [
        one.querySelector('tbody th').getBoundingClientRect().left,
        one.getBoundingClientRect().left,
    ]);
    assert.ok(Math.abs(left - edge) < 3, 'the first column stays');
}

async function rowsAreCardsOnAPhone({ open }) {
    for (const [path, part] of [
        ['/contact.html', '#contact'],
        ['/contact.html?tab=at_risk', '#contact'],
        ['/groups.html', '#groups'],
    ]) {
        const page = await open(path, { viewport: { width: 360, height: 800 }, locale: 'id-ID' });
        const card = page.locator(`${part} tbody tr`).first();
        const outside = await card.evaluate((row) =>
            [...row.querySelectorAll('*')]
                .filter(
                    (one) =>
                        one.checkVisibility() && one.getBoundingClientRect().right > innerWidth + 1,
                )
                .map((one) => one.outerHTML.slice(0, 80)),
        );
        assert.deepEqual(outside, [], `${path}: all of a card is in sight`);
        const words = await card.innerText();
        const name = await card.locator('th').innerText();
        assert.ok(words.startsWith(name), 'its name goes first');
        const labels = await card
            .locator('td')
            .evaluateAll((cells) =>
                cells
                    .filter((cell) => cell.checkVisibility())
                    .map((cell) => getComputedStyle(cell, '::before').content),
            );
        for (const label of ['Kursus', 'Kemajuan', 'Hari tanpa pertemuan'])
            assert.ok(labels.includes(`"${label}"`), `${path}: ${labels} names ${label}`);
        assert.equal(await page.locator(`${part} thead`).isVisible(), false);
        if (part === '#contact') {
            for (const target of await card.locator('.actions > :is(a, button)').all()) {
                const { width, height } = await target.boundingBox();
                assert.ok(height >= 44 && width >= 100, `a large button: ${width} × ${height}`);
            }
        }
    }
}

async function orderIsChosenOnAPhone({ open, sql }) {
    const page = await open('/contact.html', { viewport: { width: 360, height: 800 } });
    await page.locator('.tools-toggle').click();
    await page.locator('#list-order').selectOption('progress_pct.desc');
    await page.waitForURL('**order=progress_pct.desc');
    await settled(page);
    const [{ group_id: first }] = sql(
        'SELECT group_id FROM v_rescue_list ORDER BY progress_pct DESC, group_id LIMIT 1',
        'NULL',
    );
    assert.equal(await page.locator('#contact tbody tr').first().getAttribute('data-key'), first);
}

async function paperHasAllRows({ open, sql }) {
    const course = sql(
        'SELECT course_name FROM v_rescue_list GROUP BY 1 ORDER BY count(*) DESC LIMIT 1',
        'NULL',
    )[0].course_name;
    for (const [path, part, query, words] of [
        [
            `/contact.html?${new URLSearchParams({ course })}`,
            '#contact',
            `SELECT count(*) AS n FROM v_rescue_list WHERE course_name = '${course}'`,
            course,
        ],
        [
            '/groups.html?status=STALLED',
            '#groups',
            `SELECT count(*) AS n FROM v_group_status WHERE status = 'STALLED'`,
            'stalled',
        ],
    ]) {
        const [{ n }] = sql(query, 'NULL');
        assert.ok(n > PAGE_SIZE, `${path}: more rows than a page`);
        const page = await open(path);
        await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
        await page.emulateMedia({ media: 'print' });
        assert.equal(
            await page.locator(`${part} tbody tr`).count(),
            n,
            `${path}: all rows are on paper`,
        );
        const note = page.locator(`${part} .print-only`);
        assert.ok(await note.isVisible());
        assert.match(
            await note.innerText(),
            new RegExp(`^Filter: .*${words}.*Sorted by`),
            'and the filter in words',
        );
        assert.match(
            await page.locator(`${part} .count`).innerText(),
            new RegExp(`^${n.toLocaleString('en-GB')} `),
        );
        await page.emulateMedia({ media: 'screen' });
        await page.evaluate(() => dispatchEvent(new Event('afterprint')));
        assert.equal(
            await page.locator(`${part} tbody tr`).count(),
            PAGE_SIZE,
            'the page comes back',
        );
        assert.equal(await note.isVisible(), false);
    }
}

async function printingBringsTheRows({ open, sql }) {
    const [{ n }] = sql('SELECT count(*) AS n FROM v_rescue_list', 'NULL');
    const page = await open('/contact.html');
    await page.evaluate(() =>
        addEventListener(
            'beforeprint',
            () => (window.printedRows = document.querySelectorAll('#contact tbody tr').length),
        ),
    );
    await page.pdf();
    assert.equal(await page.evaluate(() => window.printedRows), n, 'the browser’s own printing');
}

async function sortButtonsHavePlainNames({ open }) {
    const page = await open('/groups.html');
    const tree = await page.locator('#groups thead').ariaSnapshot();
    assert.match(tree, /button "Progress"/);
    assert.doesNotMatch(tree, /[↕↑↓]/);
}

async function backFindsTheRow({ open }) {
    const page = await open('/groups.html');
    const link = page.locator('#groups tbody tr').nth(40).locator('th a');
    await link.scrollIntoViewIfNeeded();
    const before = await page.evaluate(() => scrollY);
    assert.ok(before > 300, `scrolled to ${before}`);
    await link.click();
    await page.waitForURL('**id=**');
    await settled(page);
    await page.goBack();
    await settled(page);
    await page.waitForFunction((place) => Math.abs(scrollY - place) < 60, before, {
        timeout: 5_000,
    });
}

/** Returns the rows of a file, each an array of cells, read as RFC 4180 with this separator. */
function readCsv(source, separator) {
    const cell = new RegExp(`("(?:[^"]|"")*"|[^${separator}\\r\\n]*)(${separator}|\\r\\n)`, 'y');
    const rows = [[]];
    cell.lastIndex = source.startsWith('\ufeff') ? 1 : 0;
    while (cell.lastIndex < source.length) {
        const [, text, end] = cell.exec(source) ?? assert.fail('no CSV');
        rows.at(-1).push(text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text);
        if (end !== separator) rows.push([]);
    }
    return rows.slice(0, -1);
}

async function filesAreInThePagesLanguage({ open, sql }) {
    const files = [
        [
            '/contact.html',
            '#contact .file',
            'rescue_list',
            'days_inactive, group_id COLLATE "C"',
            { 'en-GB': 'rescue-list', 'id-ID': 'perlu-dihubungi' },
        ],
        [
            '/contact.html?tab=at_risk',
            '#contact .file',
            'at_risk',
            'days_until_stalled, group_id COLLATE "C"',
            { 'en-GB': 'groups-at-risk', 'id-ID': 'berisiko-vakum' },
        ],
        [
            '/groups.html?status=STALLED',
            '#groups .file',
            'group_status',
            null,
            { 'en-GB': 'groups', 'id-ID': 'grup' },
        ],
        ['/places.html', '#places .file', 'place', null, { 'en-GB': 'places', 'id-ID': 'tempat' }],
        [
            '/time.html',
            '#time .file',
            'time_to_graduate',
            null,
            { 'en-GB': 'time-to-graduate', 'id-ID': 'waktu-sampai-lulus' },
        ],
        [
            '/facilitators.html',
            '#newcomers .file',
            'facilitator_monthly',
            null,
            { 'en-GB': 'new-facilitators', 'id-ID': 'fasilitator-baru' },
        ],
    ];
    for (const locale of ['en-GB', 'id-ID']) {
        const [separator, decimal] = locale === 'id-ID' ? [';', ','] : [',', '.'];
        for (const [path, selector, view, order, names] of files) {
            const page = await open(path, { locale, acceptDownloads: true });
            const [{ day }] = sql('SELECT as_of_day AS day FROM api.basis');
            const link = page.locator(selector).last();
            const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
            assert.equal(download.suggestedFilename(), `${names[locale]}-${day}.csv`);
            const source = readFileSync(await download.path(), 'utf8');
            assert.ok(source.startsWith('\ufeff'), 'Excel knows it for UTF-8');
            const [heads, ...rows] = readCsv(source, separator);
            const own = await page.evaluate(
                async (href) => (await fetch(href)).text(),
                await link.getAttribute('href'),
            );
            const [columns, ...expected] = readCsv(own, ',');
            assert.equal(rows.length, expected.length, `${path}: rows`);
            assert.equal(new Set(heads).size, heads.length, `heads differ: ${heads}`);
            assert.ok(
                !heads.some((head) => /^[a-z]+(_[a-z0-9]+)+$/.test(head)),
                `no head is a column’s own name: ${heads}`,
            );
            rows.forEach((row, i) =>
                row.forEach((cell, j) => {
                    const wanted = DECIMALS.includes(columns[j])
                        ? expected[i][j].replace('.', decimal)
                        : expected[i][j];
                    assert.equal(cell, wanted, `${path}, ${columns[j]}, row ${i}`);
                }),
            );
            if (order) {
                const values = sql(
                    `SELECT group_id, progress_pct, days_inactive FROM api.${view} ORDER ` +
                        `BY ${order}`,
                    'NULL',
                );
                const at = (name) => columns.indexOf(name);
                assert.deepEqual(
                    rows.map((row) => [
                        row[at('group_id')],
                        row[at('progress_pct')],
                        row[at('days_inactive')],
                    ]),
                    values.map((row) => [
                        row.group_id,
                        row.progress_pct.toFixed(1).replace('.', decimal),
                        String(row.days_inactive),
                    ]),
                    `${path}: as SQL says`,
                );
            }
            await page.context().close();
        }
    }
}

async function decimalsAreKnown({ sql }) {
    const columns = sql(`SELECT DISTINCT column_name::text AS name FROM information_schema.columns
      WHERE table_schema = 'api' AND data_type IN ('numeric', 'double precision', 'real')
          AND table_name NOT IN ('sync_status', 'home', 'home_before', 'basis')`);
    assert.deepEqual(
        columns.map(({ name }) => name).filter((name) => !DECIMALS.includes(name)),
        [],
        'each column with decimals gets the comma',
    );
}

async function aCutFileIsNotSaved({ open }) {
    const page = await open('/contact.html', { expected: /export/ });
    let downloads = 0;
    page.on('download', () => downloads++);
    await page.route(/\/export\//, (route) =>
        route.fulfill({ status: 206, contentType: 'text/csv', body: 'group_id\r\nx\r\n' }),
    );
    await page.locator('#contact .file').click();
    await page.locator('#contact .list-end .error-line').waitFor();
    assert.match(
        await page.locator('#contact .list-end .error-line').textContent(),
        /could not be saved/,
    );
    await page.unroute(/\/export\//);
    const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.locator('#contact .error-line button').click(),
    ]);
    assert.ok(await download.path());
    assert.equal(downloads, 1, 'only the whole file was saved');
}

async function slowViewsAreAskedOnce({ open, sql }) {
    const [{ n }] = sql('SELECT count(*) AS n FROM v_data_quality');
    assert.ok(n > PAGE_SIZE, `${n} findings fill more than one page`);
    const page = await open('/funnel.html');
    const asked = [];
    page.on('request', (request) => {
        if (/api\/data_quality/.test(request.url())) asked.push(request.url());
    });
    await page.goto(page.url().replace('/funnel.html', '/quality.html?data_page=2'));
    await settled(page);
    assert.equal(asked.length, 1, `its rows are counted and paged here: ${asked}`);
    assert.equal(await page.locator('#data tbody tr').count(), Math.min(n - PAGE_SIZE, PAGE_SIZE));
}

export const listCases = [
    ['lists: their pages hold each row once', hasPages],
    ['lists: “Next” begins at the top (P8)', nextBeginsAtTheTop],
    ['lists: no column is hidden at 1280 (P6)', noColumnIsHidden],
    ['lists: what scrolls shows it, and the first column stays (P6)', scrollingShowsItself],
    ['lists: a row is a card on a phone (P9)', rowsAreCardsOnAPhone],
    ['lists: the order is chosen on a phone (P9)', orderIsChosenOnAPhone],
    ['lists: paper has all rows and the filter in words (P7)', paperHasAllRows],
    ['lists: the browser’s printing brings all rows (P7)', printingBringsTheRows],
    ['lists: sort buttons have plain names (P15)', sortButtonsHavePlainNames],
    ['lists: Back finds the row again (P17)', backFindsTheRow],
    ['lists: a slow view is asked once, whatever the page (P22)', slowViewsAreAskedOnce],
    ['files: in the page’s language, cell by cell', filesAreInThePagesLanguage],
    ['files: every column with decimals is known', decimalsAreKnown],
    ['files: one that is cut is not saved', aCutFileIsNotSaved],
];
