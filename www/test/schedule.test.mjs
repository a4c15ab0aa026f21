// Tests the reading of schedules of cron.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readSchedule } from '../src/sync/schedule.js';

test('the usual schedules are read', () => {
    assert.deepEqual(readSchedule('*/30 * * * *'), { everyMinutes: 30 });
    assert.deepEqual(readSchedule('*/1 * * * *'), { everyMinutes: 1 });
    assert.deepEqual(readSchedule('5 * * * *'), { hourlyAt: 5 });
    assert.deepEqual(readSchedule(' 15  3 * * * '), { dailyAt: [3, 15] });
});

test('all others are not', () => {
    for (const other of [
        '*/7 * * * *',
        '0 6 * * 1',
        '0,30 * * * *',
        '@daily',
        '30 seconds',
        '',
        '* * * * *',
        '*/30 * * * *; 0 1 * * *',
    ])
        assert.equal(readSchedule(other), null, other);
});
