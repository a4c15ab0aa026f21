// Tests places in addresses, in requests and in choices; and the bar of a group's life.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spanOf } from '../src/charts/life-bar.js';
import { currentPlace, NO_PLACE, placeOf, placeWords } from '../src/lib/place.js';
import { GROUP_FILTERS, PLACE_FILTERS } from '../src/list/filters.js';
import { queryOf, readListState } from '../src/list/list-state.js';

const SPEC = {
    sortable: ['group_name'],
    fallback: { column: 'group_name', direction: 'asc' },
    filters: GROUP_FILTERS,
    key: 'group_id',
};
const requestOf = (query) => queryOf(readListState(new URLSearchParams(query), SPEC), SPEC);

test('a place is asked for as it is, whatever is in its name', () => {
    const province = 'a,b.(c)"*';
    assert.deepEqual(requestOf({ province })[0], ['province', `eq.${province}`]);
});

test('a blank asks for groups without a place', () => {
    const query = new URLSearchParams(placeOf({ province: 'Jawa Barat', city: null })).toString();
    assert.deepEqual(requestOf(query).slice(0, 2), [
        ['province', 'eq.Jawa Barat'],
        ['city', 'is.null'],
    ]);
});

test('another province lets the city go', () => {
    assert.deepEqual(PLACE_FILTERS.province.clears, ['city']);
    assert.deepEqual(PLACE_FILTERS.city.clears, []);
});

test('a place in words, and in an address', () => {
    assert.equal(placeWords({ province: 'Bali', city: 'Denpasar' }), 'Denpasar, Bali');
    assert.equal(placeWords({ province: NO_PLACE, city: null }), '');
    const query = new URLSearchParams({ city: 'Denpasar', status: 'ACTIVE' });
    assert.deepEqual(currentPlace(query), { province: null, city: 'Denpasar' });
});

test('a life is drawn from start to end on the common scale, and never out of it', () => {
    const span = (started_on, last_meeting_date, graduated_on = null) =>
        spanOf({ started_on, last_meeting_date, graduated_on }, '2026-01-01', '2026-01-11');
    assert.deepEqual(span('2026-01-03', '2026-01-06'), { from: 20, width: 30 });
    assert.deepEqual(span('2026-01-03', '2026-01-11', '2026-01-04'), { from: 20, width: 10 });
    assert.deepEqual(span('2026-02-01', null), { from: 98.5, width: 1.5 });
    const { from, width } = spanOf({ started_on: '2026-01-01' }, '2026-01-01', '2026-01-01');
    assert.ok(from >= 0 && from + width <= 100);
});
