// Tests calendar days and months, and the day in a page's address.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAsOf } from '../src/lib/as-of.js';
import { dayIn, firstOfMonth, isDay, isMonth, monthOf } from '../src/lib/days.js';

test('only days of the calendar are days', () => {
    for (const day of ['2026-03-31', '2024-02-29', '2000-01-01', '1999-12-31', '1970-01-01'])
        assert.equal(isDay(day), true, day);
    for (const other of ['2026-02-29', '2026-13-01', '2026-3-1', '2026-03-31T00:00', '', null])
        assert.equal(isDay(other), false, other);
    assert.deepEqual(['2026-12', '2026-13', '2026-1', '1970-01'].map(isMonth), [
        true,
        false,
        false,
        true,
    ]);
});

test('months before and after, over the year’s end', () => {
    assert.equal(firstOfMonth('2026-12', 1), '2027-01-01');
    assert.equal(firstOfMonth('2026-01-01', -1), '2025-12-01');
    assert.equal(monthOf('2026-01-31'), '2026-01');
});

test('an instant’s day is that of the zone', () => {
    assert.equal(dayIn('Asia/Jakarta', '2026-10-31T17:30:00Z'), '2026-11-01');
    assert.equal(dayIn('Pacific/Honolulu', '2026-11-01T09:59:00Z'), '2026-10-31');
});

test('the address asks for a day, for none, or for something unreadable', () => {
    const read = (query) => readAsOf(new URLSearchParams(query));
    assert.deepEqual(read('as_of=2026-03-31'), { day: '2026-03-31', unreadable: null });
    assert.deepEqual(read(''), { day: null, unreadable: null });
    assert.deepEqual(read('as_of=yesterday'), { day: null, unreadable: 'yesterday' });
    assert.deepEqual(read('as_of=2000-01-01'), { day: '2000-01-01', unreadable: null });
    assert.deepEqual(read('as_of=1999-12-31'), { day: null, unreadable: '1999-12-31' });
});
