// Tests the order of a table in the page's address and in the request.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
    formatOrder,
    parseOrder,
    parsePage,
    requestOrder,
    toggleOrder,
} from '../src/list/order.js';

const SORTABLE = ['days_inactive', 'group_name'];
const FALLBACK = { column: 'days_inactive', direction: 'asc' };

test('an order is read from the address', () => {
    assert.deepEqual(parseOrder('group_name.desc', SORTABLE, FALLBACK), {
        column: 'group_name',
        direction: 'desc',
    });
});

test('anything else gives the fallback', () => {
    const wrong = [
        null,
        undefined,
        '',
        'group_name',
        'group_name.',
        'group_name.up',
        'secret.asc',
        'group_name.asc.nullsfirst',
        'group_name.asc,secret.asc',
        '__proto__.asc',
        "group_name.asc'; DROP TABLE x",
    ];
    for (const value of wrong)
        assert.deepEqual(parseOrder(value, SORTABLE, FALLBACK), FALLBACK, String(value));
});

test('what is written is read back', () => {
    for (const column of SORTABLE) {
        for (const direction of ['asc', 'desc'])
            assert.deepEqual(parseOrder(formatOrder({ column, direction }), SORTABLE, FALLBACK), {
                column,
                direction,
            });
    }
});

test('a header’s click sorts upwards first, then turns', () => {
    assert.deepEqual(toggleOrder(FALLBACK, 'group_name'), {
        column: 'group_name',
        direction: 'asc',
    });
    assert.deepEqual(toggleOrder(FALLBACK, 'days_inactive'), {
        column: 'days_inactive',
        direction: 'desc',
    });
    assert.deepEqual(
        toggleOrder({ column: 'days_inactive', direction: 'desc' }, 'days_inactive'),
        FALLBACK,
    );
});

test('the request’s order is total: missing values last, a unique key at the end', () => {
    assert.equal(requestOrder(FALLBACK, 'group_id'), 'days_inactive.asc.nullslast,group_id.asc');
    assert.equal(
        requestOrder({ column: 'group_name', direction: 'desc' }, 'group_id'),
        'group_name.desc.nullslast,group_id.asc',
    );
    assert.equal(
        requestOrder({ column: 'group_id', direction: 'desc' }, 'group_id'),
        'group_id.desc.nullslast',
    );
});

test('a page is a positive number, else the first', () => {
    assert.equal(parsePage('3'), 3);
    for (const value of [null, '', '0', '-1', '1.5', '1e3', 'x', '99999999'])
        assert.equal(parsePage(value), 1, String(value));
});
