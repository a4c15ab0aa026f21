// Tests that no English is on an Indonesian page: each word is from the Indonesian texts, from the
// data, or from the browser itself (months, spans of time).

import assert from 'node:assert/strict';
import indonesian from '../src/text/id.js';
import { answerWith, PATHS } from './harness.mjs';

const WORD = /\p{L}{3,}/gu;
/** Names that are the same in every language. */
const NAMES = 'ngeShare analytics English Bahasa Indonesia';
/** Columns with the database's own sentences, which are English: the page must hide them. */
const SENTENCES = ['because', 'detail', 'hint', 'last_error', 'message', 'remedy', 'details'];

const wordsIn = (value) => (String(value).match(WORD) ?? []).map((word) => word.toLowerCase());

/**
 * Returns the contents of the strings in a function's source; templates may contain code with
 * strings.
 */
function stringsIn(source) {
    const modes = ['code'];
    let strings = '';
    for (let i = 0; i < source.length; i++) {
        const [mode, letter] = [modes.at(-1), source[i]];
        const opens = mode === 'code' && "'`".includes(letter);
        if (opens) modes.push(letter);
        else if (mode === 'code' && letter === '{') modes.push('code');
        else if (mode === 'code' && letter === '}') modes.pop();
        else if (mode === letter) modes.pop();
        else if (mode === '`' && source.startsWith('${', i)) modes.push('code') && i++;
        else if (mode !== 'code') strings += letter;
        if (mode !== modes.at(-1)) strings += ' ';
    }
    return strings;
}

/** Returns the words of a text; of a function, the words of the strings in it. */
function wordsOfTexts(texts) {
    if (typeof texts === 'string') return wordsIn(texts);
    if (typeof texts === 'function') return wordsIn(stringsIn(String(texts)));
    return Object.values(texts).flatMap(wordsOfTexts);
}

/**
 * Returns the words of an answer's values; of a sentence only the words it quotes, which are data.
 */
function wordsOfData(value, column = null) {
    if (SENTENCES.includes(column)) return (String(value).match(/"[^"]*"/g) ?? []).flatMap(wordsIn);
    if (value === null || typeof value !== 'object') return wordsIn(value);
    return Object.entries(value).flatMap(([name, part]) =>
        wordsOfData(part, Array.isArray(value) ? column : name),
    );
}

/** Returns what the browser writes in Indonesian: months, and how long ago something was. */
function wordsOfIntl() {
    const words = [];
    for (const month of ['long', 'short'])
        for (let i = 0; i < 12; i++)
            words.push(new Date(Date.UTC(2026, i, 1)).toLocaleDateString('id-ID', { month }));
    const relative = new Intl.RelativeTimeFormat('id-ID');
    for (const unit of ['second', 'minute', 'hour', 'day']) words.push(relative.format(-2, unit));
    const seconds = { style: 'unit', unit: 'second', unitDisplay: 'narrow' };
    words.push(new Intl.NumberFormat('id-ID', seconds).format(2));
    return words.flatMap(wordsIn);
}

const ALLOWED = new Set([...wordsOfTexts(indonesian), ...wordsOfIntl(), ...wordsIn(NAMES)]);

/**
 * Runs in the page: returns all its texts, except code and the server's messages that are not
 * opened.
 */
function allTexts() {
    const skipped = 'script, noscript, style, code, .original:not([open]) > [lang="en"]';
    const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
    const texts = [document.title];
    while (walker.nextNode())
        if (!walker.currentNode.parentElement.closest(skipped)) texts.push(walker.currentNode.data);
    for (const attribute of ['aria-label', 'title', 'placeholder'])
        for (const element of document.querySelectorAll(`[${attribute}]`))
            texts.push(element.getAttribute(attribute));
    return texts.filter((text) => text.trim() !== '');
}

/**
 * Makes a function that opens a page in Indonesian and returns those of its texts that contain a
 * word from none of the allowed sources.
 */
async function makeReader({ open, go }, options = {}) {
    const page = await open('/sync.html', { locale: 'id-ID', ...options });
    const answers = [];
    page.on('response', (response) => {
        if (/\/api\//.test(response.url())) answers.push(response.json().catch(() => null));
    });
    return async (path) => {
        answers.length = 0;
        await go(page, path);
        const more = page.locator('#forecast');
        if ((await more.count()) > 0) {
            await more.scrollIntoViewIfNeeded();
            await more.locator('.drawing').first().waitFor();
        }
        const data = new Set((await Promise.all(answers)).flatMap((answer) => wordsOfData(answer)));
        const isStrange = (word) => !ALLOWED.has(word) && !data.has(word);
        return (await page.evaluate(allTexts))
            .map((text) => [text.trim().slice(0, 90), wordsIn(text).filter(isStrange)])
            .filter(([, strange]) => strange.length > 0)
            .map(([text, strange]) => `${path}: “${text}” (${strange})`);
    };
}

/** Returns pages about one thing: a group with anomalies, a linked group, a member, a run. */
function onePages(sql) {
    const [{ group_id: group }] = sql(
        'SELECT group_id FROM v_anomalies GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1',
    );
    const [{ group_a_id: linked }] = sql(
        'SELECT min(group_a_id) AS group_a_id FROM v_curriculum_pipeline',
    );
    const [{ user_id: member }] = sql('SELECT min(user_id) AS user_id FROM v_member_journey');
    const [{ run_id: run }] = sql('SELECT max(run_id) AS run_id FROM sync_run');
    const id = (path, value) => `${path}?${new URLSearchParams({ id: value })}`;
    return [
        id('/groups.html', group),
        id('/groups.html', linked),
        id('/members.html', member),
        `/sync.html?run=${run}`,
    ];
}

async function noEnglishAnywhere({ open, go, sql }) {
    const read = await makeReader({ open, go });
    const found = [];
    for (const path of [
        ...PATHS,
        '/groups.html?list=changes',
        '/?as_of=2025-06-30',
        ...onePages(sql),
    ])
        found.push(...(await read(path)));
    assert.deepEqual(found, []);
}

/** Errors with different SQLSTATEs, as a sync logs them. */
const ERRORS = ['08001', '28P01', '42703', '22021', 'NG002', 'XX000', null].map((sqlstate, i) => ({
    error_id: i + 1,
    run_id: '1',
    table_name: 'User',
    occurred_at: '2026-01-01T00:00:00Z',
    phase: 'pull',
    attempt: 1,
    sqlstate,
    class: 'transient',
    message: 'something went wrong on the way',
    will_retry: true,
    remedy: 'look into the log',
}));
const DOWN = {
    code: 'PGRST000',
    message: 'Database connection error',
    details: 'it refused',
    hint: null,
};

async function noEnglishInErrors({ open, go }) {
    const routes = {
        sync_errors: answerWith(ERRORS, 200, { 'Content-Range': `0-6/${ERRORS.length}` }),
        freshness: answerWith(DOWN, 500),
        data_quality: answerWith(DOWN, 500),
    };
    const expected = /freshness|data_quality|group_meetings/;
    const read = await makeReader({ open, go }, { routes, expected });
    assert.deepEqual([...(await read('/sync.html')), ...(await read('/quality.html'))], []);
    const lost = await makeReader(
        { open, go },
        { routes: { group_status: (route) => route.abort() }, expected: /group_status/ },
    );
    assert.deepEqual(await lost('/groups.html'), []);
}

export const indonesianCases = [
    ['P2: no English on any page in Indonesian', noEnglishAnywhere],
    ['P2: no English in errors, either', noEnglishInErrors],
];
