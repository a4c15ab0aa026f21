// Tests the client of the API with a server that answers when the test says so.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { readRows, readShared } from '../src/lib/api.js';

let asked;

/** Answers the n-th request with rows of a snapshot of the given generation. */
function answer(n, rows, generation) {
    asked[n].resolve(
        new Response(JSON.stringify(rows), {
            headers: { 'Snapshot-Generation': String(generation) },
        }),
    );
}

beforeEach(() => {
    asked = [];
    globalThis.fetch = (url) =>
        new Promise((resolve, reject) => {
            asked.push({ url, resolve, reject });
        });
});

test('parts that read the same rows at the same time share one request', async () => {
    const reads = [readShared('courses', { order: 'a' }), readShared('courses', { order: 'a' })];
    const other = readShared('courses', { order: 'b' });
    assert.deepEqual(
        asked.map(({ url }) => url),
        ['/api/courses?order=a', '/api/courses?order=b'],
    );
    answer(0, [{ a: 1 }], 1);
    answer(1, [], 1);
    for (const { rows } of await Promise.all(reads)) assert.deepEqual(rows, [{ a: 1 }]);
    await other;
    const later = readShared('courses', { order: 'a' });
    assert.equal(asked.length, 3, 'a read after the answer asks again');
    answer(2, [], 1);
    await later;
});

test('a request that fails is not shared with later reads', async () => {
    const failed = readShared('courses', {});
    asked[0].reject(new TypeError('no network'));
    await assert.rejects(failed);
    const second = readShared('courses', {});
    assert.equal(asked.length, 2);
    answer(1, [], 1);
    await second;
});

test('a read after a newer snapshot was seen does not get the rows of the older one', async () => {
    const old = readShared('courses', {});
    const newer = readRows('freshness');
    answer(1, [], 9);
    await newer;
    const again = readShared('courses', {});
    assert.equal(asked.length, 3, 'the request of the older snapshot is not shared');
    answer(0, [{ of: 'old' }], 8);
    answer(2, [{ of: 'new' }], 9);
    assert.deepEqual((await again).rows, [{ of: 'new' }]);
    await old;
});
