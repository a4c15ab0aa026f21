// Tests how the page judges the sync's status, and mailto: links.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mailLink } from '../src/lib/mail.js';
import { judge, nextDelay, runOutcome, SILENT_AFTER_MS } from '../src/sync/sync-state.js';

const NOW = Date.parse('2026-03-31T12:00:00Z');
const beat = (secondsAgo) => new Date(NOW - secondsAgo * 1000).toISOString();
const working = (secondsAgo, runId = '7') => ({
    running: true,
    run_id: runId,
    heartbeat_at: beat(secondsAgo),
});
const resting = (secondsAgo = null) => ({
    running: false,
    run_id: null,
    heartbeat_at: secondsAgo === null ? null : beat(secondsAgo),
});

test('a run with a heartbeat works', () => {
    assert.deepEqual(judge({ status: working(2), run: null, tracked: null, now: NOW }), {
        kind: 'running',
        runId: '7',
    });
});

test('a run without a sign of life for more than 30 s is interrupted', () => {
    assert.equal(
        judge({ status: working(30), run: null, tracked: null, now: NOW }).kind,
        'running',
    );
    assert.equal(
        judge({ status: working(31), run: null, tracked: null, now: NOW }).kind,
        'interrupted',
    );
});

test('nothing runs and nothing is followed: idle', () => {
    assert.deepEqual(judge({ status: resting(), run: null, tracked: null, now: NOW }), {
        kind: 'idle',
        runId: null,
    });
});

test('a run that was asked for starts until its worker shows itself, not for ever', () => {
    const tracked = { runId: '8', since: NOW - 2_000 };
    assert.equal(judge({ status: resting(), run: null, tracked, now: NOW }).kind, 'starting');
    assert.equal(
        judge({ status: resting(), run: null, tracked, now: NOW + SILENT_AFTER_MS }).kind,
        'interrupted',
    );
});

test('a followed run that has a result has ended', () => {
    for (const status of ['success', 'warning', 'failed', 'cancelled', 'crashed']) {
        assert.equal(
            judge({
                status: resting(1),
                run: { run_id: '7', status },
                tracked: { runId: '7', since: null },
                now: NOW,
            }).kind,
            'ended',
            status,
        );
    }
});

test(
    'in the history a run that says running, and whose worker gives no sign of life, has been ' +
        'interrupted',
    () => {
        const run = { run_id: '7', status: 'running' };
        assert.equal(runOutcome(run, { kind: 'running', runId: '7' }), 'running');
        assert.equal(runOutcome(run, { kind: 'interrupted', runId: '7' }), 'crashed');
        assert.equal(
            runOutcome(run, { kind: 'interrupted', runId: '6' }),
            'running',
            'that is another run',
        );
        assert.equal(
            runOutcome(run, { kind: 'idle', runId: null }),
            'running',
            'it may have begun since the last look',
        );
        assert.equal(
            runOutcome(run, { kind: 'unknown', runId: null }),
            'running',
            'before the first look its own word counts',
        );
        assert.equal(
            runOutcome({ run_id: '6', status: 'failed' }, { kind: 'idle', runId: null }),
            'failed',
        );
    },
);

test('looking again: from one second to five while a run works, seldom while none does', () => {
    assert.equal(nextDelay('running', 0), 1_000);
    let delay = nextDelay('running', 30_000);
    assert.equal(delay, 1_000);
    for (let i = 0; i < 20; i++) delay = nextDelay('running', delay);
    assert.equal(delay, 5_000);
    assert.equal(nextDelay('idle', 1_000), 30_000);
});

test('only a plain address becomes a mail link', () => {
    assert.equal(mailLink('siti@example.org'), 'mailto:siti@example.org');
    assert.equal(mailLink('a+b@example.org'), 'mailto:a%2Bb@example.org');
    for (const value of [
        '',
        '0812',
        'a@b@c',
        'a b@c',
        'a@b?cc=x@y',
        'a@b,c@d',
        '"x"@y',
        'javascript:alert(1)',
        'a@b\nc',
        'a@b&c',
    ])
        assert.equal(mailLink(value), null, value);
});
