// Tests the store of the page's address: who is told of which change, and what is in the history.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressOf, createAddressStore } from '../src/lib/address.js';

/** Makes a window with a history that can go back. */
function fakeWindow(search = '') {
    const entries = [{ search, state: null }];
    let at = 0;
    let onPop = null;
    const searchOf = (address) =>
        address.includes('?') ? address.slice(address.indexOf('?')) : '';
    return {
        location: {
            pathname: '/list.html',
            get search() {
                return entries[at].search;
            },
        },
        history: {
            get state() {
                return entries[at].state;
            },
            pushState: (state, _, address) =>
                entries.splice(++at, Infinity, { state, search: searchOf(address) }),
            replaceState: (state, _, address) =>
                (entries[at] = { state, search: searchOf(address) }),
        },
        addEventListener: (name, listener) => {
            assert.equal(name, 'popstate');
            onPop = listener;
        },
        back() {
            at--;
            onPop();
        },
        entries,
    };
}

/** Makes a store whose subscribers note that they were called. */
function watched(search, subscribers) {
    const view = fakeWindow(search);
    const store = createAddressStore(view);
    const called = [];
    for (const [name, names, options] of subscribers)
        store.watch(names, () => called.push(name), options);
    return { view, store, taken: () => called.splice(0) };
}

test('a change tells those who depend on it, and nobody else; back tells the same', () => {
    const { view, store, taken } = watched('?course=A', [
        ['list', ['course', 'page']],
        ['chart', ['months']],
    ]);
    store.change({ course: 'B' });
    assert.deepEqual(taken(), ['list']);
    assert.equal(view.location.search, '?course=B');
    store.change({ months: '24' });
    assert.deepEqual(taken(), ['chart']);
    view.back();
    assert.deepEqual(taken(), ['chart']);
    view.back();
    assert.deepEqual(taken(), ['list']);
    assert.equal(view.location.search, '?course=A');
});

test('a change of the whole page tells its subscriber alone, once', () => {
    const { view, store, taken } = watched('', [
        ['list', ['page']],
        ['page', ['as_of'], { isWhole: true }],
        ['other', ['page']],
    ]);
    store.change({ as_of: '2026-03-31', page: '2' });
    assert.deepEqual(taken(), ['page']);
    view.back();
    assert.deepEqual(taken(), ['page']);
});

test('what is there already is no change: no entry, nobody told', () => {
    const { view, store, taken } = watched('?q=a', [['list', ['q']]]);
    store.change({ q: 'a' });
    assert.equal(view.entries.length, 1);
    assert.deepEqual(taken(), []);
});

test('typing replaces the entry and keeps its state; a quiet change tells nobody', () => {
    const { view, store, taken } = watched('', [['list', ['q', 'page']]]);
    view.history.replaceState({ scroll: 40 }, '', '/list.html');
    store.change({ q: 'ab' }, { step: false });
    assert.deepEqual([view.entries.length, view.history.state], [1, { scroll: 40 }]);
    assert.deepEqual(taken(), ['list']);
    store.change({ page: '2' }, { quiet: true });
    assert.deepEqual(taken(), []);
    store.change({ q: null }, { step: false });
    assert.deepEqual(taken(), ['list']);
    assert.equal(view.location.search, '?page=2');
});

test('an address leaves out what has no value', () => {
    assert.equal(addressOf('/a', { b: '', c: null, d: 'x y' }), '/a?d=x+y');
    assert.equal(addressOf('/a', {}), '/a');
});
