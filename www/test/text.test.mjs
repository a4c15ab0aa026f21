// Tests that both languages have all texts, and that the HTML names no text that they lack.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { chooseLanguage, chooseLocale } from '../src/lib/language.js';
import { rulesOf } from '../src/lib/rules.js';
import english from '../src/text/en.js';
import indonesian from '../src/text/id.js';

const RULES = rulesOf(null);

/** Returns every text of a language as [dotted key, text or function]. */
function entries(part, prefix = '') {
    return Object.entries(part).flatMap(([key, value]) =>
        typeof value === 'object' ? entries(value, `${prefix}${key}.`) : [[prefix + key, value]],
    );
}

/** Replaces the function that returns a whole object of texts by this object. */
function built(texts) {
    return { ...texts, funnel: { ...texts.funnel, define: texts.funnel.define(RULES) } };
}

const keys = (texts) =>
    entries(built(texts))
        .map(([key]) => key)
        .sort();

test('both languages have the same texts', () => {
    assert.deepEqual(keys(indonesian), keys(english));
});

test('texts are of the same kind in both, and none is empty', () => {
    const other = new Map(entries(built(indonesian)));
    for (const [key, value] of entries(built(english))) {
        assert.equal(typeof other.get(key), typeof value, key);
        if (typeof value === 'string') assert.ok(value.trim() && other.get(key).trim(), key);
    }
});

test('functions take the same values in both', () => {
    const other = new Map(entries(built(indonesian)));
    for (const [key, value] of entries(built(english)).filter(
        ([, text]) => typeof text === 'function',
    )) {
        assert.equal(other.get(key).length, value.length, key);
    }
});

test('one is singular, more are plural', () => {
    assert.equal(
        english.home.findings.rescuable(1, '1', RULES),
        '1 group is stalled with at least 70% of the course behind it.',
    );
    assert.equal(
        english.home.findings.rescuable(12, '12', RULES),
        '12 groups are stalled with at least 70% of the course behind them.',
    );
});

test('thresholds that the API tells are the ones that the texts name', () => {
    assert.match(
        english.contact.rescue.rule(rulesOf({ rescue_min_pct: 80, active_days: 14 })),
        /14 days.*80%/,
    );
});

test('every text that the HTML asks for is there', () => {
    const look = (key) => key.split('.').reduce((part, word) => part?.[word], english);
    const source = new URL('../src/', import.meta.url);
    const files = [
        new URL('shell/layout.html', source),
        ...readdirSync(new URL('pages/', source))
            .filter((file) => file.endsWith('.html'))
            .map((file) => new URL(`pages/${file}`, source)),
    ];
    for (const file of files) {
        for (const [, key] of readFileSync(file, 'utf8').matchAll(
            /data-(?:text|label)="([^"]+)"/g,
        )) {
            for (const page of Object.keys(english.pages))
                assert.equal(typeof look(key.replace('{{page}}', page)), 'string', key);
        }
    }
});

test('the browser’s language is chosen, a choice made here goes first', () => {
    assert.equal(chooseLanguage(null, ['id-ID', 'en']), 'id');
    assert.equal(chooseLanguage(null, ['fr', 'ID', 'en']), 'id');
    assert.equal(chooseLanguage(null, ['fr']), 'en');
    assert.equal(chooseLanguage('en', ['id-ID']), 'en');
    assert.equal(chooseLanguage('xx', ['id-ID']), 'id');
    assert.equal(chooseLocale('en', ['id', 'en-US', 'en-GB']), 'en-US');
    assert.equal(chooseLocale('id', ['en-US']), 'id');
});
