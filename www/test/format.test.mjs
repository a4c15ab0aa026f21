// Tests how readers see numbers, dates and durations.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFormat, NOTHING, secondsBetween, share } from '../src/lib/format.js';

const english = createFormat('en-GB', 'Asia/Jakarta', 'just now');
const indonesian = createFormat('id-ID', 'Asia/Jakarta', 'baru saja');
/** Replaces no-break spaces, because the versions of Intl do not all use the same ones. */
const plain = (value) => value.replace(/[\u00a0\u202f]/g, ' ');

test('numbers follow the language', () => {
    assert.equal(english.number(1234567), '1,234,567');
    assert.equal(indonesian.number(1234567), '1.234.567');
    assert.equal(english.number(0), '0');
});

test('percentages keep the one decimal that the API gives', () => {
    assert.equal(english.percent(39.1), '39.1%');
    assert.equal(english.percent(100), '100.0%');
    assert.equal(english.percent(0), '0.0%');
    assert.equal(plain(indonesian.percent(39.1)), '39,1%');
    for (let tenths = 0; tenths <= 1000; tenths++)
        assert.equal(english.percent(tenths / 10), `${(tenths / 10).toFixed(1)}%`);
});

test('what is missing is a dash, not a zero', () => {
    for (const show of ['number', 'percent', 'day', 'instant', 'ago', 'duration']) {
        assert.equal(english[show](null), NOTHING);
        assert.equal(english[show](undefined), NOTHING);
    }
});

test('instants are shown in the reporting zone, whatever the machine’s', () => {
    assert.equal(english.instant('2026-03-31T17:30:00+00:00'), '1 Apr 2026, 00:30');
    assert.equal(
        createFormat('en-GB', 'America/New_York', '').instant('2026-03-31T17:30:00Z'),
        '31 Mar 2026, 13:30',
    );
});

test('a calendar day is not moved by any zone', () => {
    assert.equal(english.day('2026-01-01'), '1 Jan 2026');
    assert.equal(createFormat('en-GB', 'Pacific/Honolulu', '').day('2026-01-01'), '1 Jan 2026');
    assert.equal(createFormat('en-GB', 'Pacific/Kiritimati', '').day('2026-12-31'), '31 Dec 2026');
});

test('ages use the largest unit that there is one of', () => {
    assert.equal(english.ago(0), 'just now');
    assert.equal(english.ago(59.9), 'just now');
    assert.equal(english.ago(60), '1 minute ago');
    assert.equal(english.ago(3599), '59 minutes ago');
    assert.equal(english.ago(3600), '1 hour ago');
    assert.equal(english.ago(86_400), '1 day ago');
    assert.equal(english.ago(40 * 86_400), '40 days ago');
    assert.equal(indonesian.ago(7200), '2 jam yang lalu');
});

test('durations: seconds, then a clock', () => {
    assert.equal(english.duration(0.84), '0.8s');
    assert.equal(english.duration(12.6), '13s');
    assert.equal(english.duration(60), '1:00');
    assert.equal(english.duration(3723), '1:02:03');
});

test('shares: one decimal, none without a whole', () => {
    assert.equal(share(1528, 1584), 96.5);
    assert.equal(share(0, 5), 0);
    assert.equal(share(1, 0), null);
});

test('seconds between two instants, never negative', () => {
    assert.equal(secondsBetween('2026-01-01T00:00:00Z', '2026-01-01T07:00:01+07:00'), 1);
    assert.equal(secondsBetween('2026-01-01T00:00:01Z', '2026-01-01T00:00:00Z'), 0);
    assert.equal(secondsBetween(null, '2026-01-01T00:00:00Z'), null);
});
