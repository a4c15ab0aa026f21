// Tests which range of days Home's trend requests, in which steps; and how much of a sync is done.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRange, stepFor } from '../src/home/trend.js';
import { percentOf } from '../src/sync/progress.js';

const range = (query) => readRange(new URLSearchParams(query));

test('a range is read from the address; one that means nothing is ignored', () => {
    assert.deepEqual(range(''), { from: null, to: null, ignored: false });
    const asked = { from: '2026-01-01', to: '2026-02-01', ignored: false };
    assert.deepEqual(range('trend_from=2026-01-01&trend_to=2026-02-01'), asked);
    assert.deepEqual(range('trend_from=2026-01-01'), { ...asked, to: null });
    for (const query of [
        'trend_from=x',
        'trend_to=2026-01-01',
        'trend_from=1999-01-01',
        'trend_from=2026-02-01&trend_to=2026-01-01',
    ])
        assert.deepEqual(range(query), { from: null, to: null, ignored: true }, query);
});

test('a short range goes by days, a long one by weeks, at most 53 of them', () => {
    assert.equal(stepFor(56), '1 day');
    assert.equal(stepFor(364), '1 weeks');
    assert.equal(stepFor(728), '2 weeks');
    assert.ok((26 * 366) / 7 / parseInt(stepFor(26 * 366), 10) <= 53);
});

test('a sync that has nothing to count has no percentage (P20)', () => {
    assert.equal(percentOf({ pct: 0, rows_expected: 0, rows_done: 0 }), null);
    assert.equal(percentOf({ pct: null, rows_expected: 200, rows_done: 50 }), 25);
    assert.equal(percentOf({ pct: 12.5 }), 12.5);
});
