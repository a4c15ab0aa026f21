// Tests the state in a list's address: filters, search, pages, and the requests and files that
// follow from it.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { chipsOf } from '../src/list/filter-words.js';
import * as filters from '../src/list/filters.js';
import { createFormat } from '../src/lib/format.js';
import { exportLink } from '../src/lib/links.js';
import {
    cleared,
    countQueryOf,
    isFiltered,
    orderChange,
    pageQueryOf,
    queryOf,
    readListState,
} from '../src/list/list-state.js';
import english from '../src/text/en.js';
import indonesian from '../src/text/id.js';

const { GROUP_FILTERS, searchConditions } = filters;
const SPEC = {
    sortable: ['group_name', 'status'],
    fallback: { column: 'group_name', direction: 'asc' },
    filters: GROUP_FILTERS,
    search: ['group_name', 'facilitator_name'],
    key: 'group_id',
    pageSize: 50,
};
const stateOf = (query, spec = SPEC) => readListState(new URLSearchParams(query), spec);
const requestOf = (query) => queryOf(stateOf(query), SPEC);

test('an empty address is the fallback’s order, the first page and no filter', () => {
    const state = stateOf('');
    assert.deepEqual(pageQueryOf(state, SPEC), [
        ['order', 'group_name.asc.nullslast,group_id.asc'],
        ['limit', '50'],
        ['offset', '0'],
    ]);
    assert.equal(isFiltered(state), false);
});

test('a list that says what its cells read asks for no more than that, each column once', () => {
    const columns = [{ name: 'group_name' }, { name: 'status' }];
    const spec = {
        ...SPEC,
        columns,
        names: { facilitator: 'facilitator_name' },
        reads: ['facilitator_id', 'group_name'],
    };
    assert.deepEqual(pageQueryOf(stateOf(''), spec)[0], [
        'select',
        'group_name,status,group_id,facilitator_name,facilitator_id',
    ]);
    assert.deepEqual(
        queryOf(stateOf(''), spec),
        [['order', 'group_name.asc.nullslast,group_id.asc']],
        'its file has all columns',
    );
});

test('filters become conditions, in the file’s request too, and that has no limit', () => {
    const query = requestOf(
        'course=A%2C+B&status=STALLED&reached=4&started=no&order=status.desc&page=3',
    );
    assert.deepEqual(query, [
        ['course_name', 'eq.A, B'],
        ['status', 'eq.STALLED'],
        ['max_episode_reached', 'gte.4'],
        ['first_meeting_date', 'is.null'],
        ['order', 'status.desc.nullslast,group_id.asc'],
    ]);
    assert.equal(
        exportLink('group_status', query, '2026-03-31'),
        '/export/as-of/2026-03-31/group_status.csv' +
            '?course_name=eq.A%2C+B&status=eq.STALLED&max_episode_reached=gte.4' +
            '&first_meeting_date=is.null&order=status.desc.nullslast%2Cgroup_id.asc',
    );
});

test('what counts the rows has the filters, and neither order nor page', () => {
    assert.deepEqual(countQueryOf(stateOf('status=STALLED&page=3&order=status.desc'), SPEC), [
        ['select', 'group_id'],
        ['status', 'eq.STALLED'],
        ['limit', '1'],
    ]);
});

test('a month reaches from its first day to its last, a day is itself', () => {
    assert.deepEqual(requestOf('graduated_from=2026-12&graduated_to=2026-12').slice(0, 2), [
        ['graduated_on', 'gte.2026-12-01'],
        ['graduated_on', 'lt.2027-01-01'],
    ]);
    assert.deepEqual(requestOf('met_from=2026-02-28&met_to=2026-03-01').slice(0, 2), [
        ['first_meeting_date', 'gte.2026-02-28'],
        ['first_meeting_date', 'lte.2026-03-01'],
    ]);
});

test('values that mean nothing ask for nothing, and are told', () => {
    const state = stateOf(
        'status=or(1)&reached=-1&met_from=2026-02-30&continued=perhaps&episode=1.5',
    );
    assert.deepEqual(state.active, []);
    assert.deepEqual(state.ignored.map(({ name }) => name).sort(), [
        'continued',
        'episode',
        'met_from',
        'reached',
        'status',
    ]);
    assert.equal(isFiltered(state), true);
});

test('a search is plain text, whatever is in it', () => {
    assert.deepEqual(searchConditions(['a', 'b'], ' x*,(y)."z\\ '), [
        ['or', '(a.imatch."***=x*,(y).\\"z\\\\",b.imatch."***=x*,(y).\\"z\\\\")'],
    ]);
    assert.deepEqual(searchConditions(['a'], ' \0 '), []);
    assert.equal(searchConditions(['a'], '😀'.repeat(300))[0][1].match(/😀/gu).length, 200);
});

test('a search finds each of its words, wherever they are', () => {
    assert.deepEqual(searchConditions(['a'], ' zahra  setiawan zahra'), [
        ['or', '(a.imatch."***=zahra")'],
        ['or', '(a.imatch."***=setiawan")'],
    ]);
    assert.equal(searchConditions(['a'], 'a b c d e f g h i j').length, 8);
});

test('parameters of a second list have its prefix', () => {
    const state = stateOf('course=A&link_course=B&link_page=2', {
        ...SPEC,
        filters: filters.LINK_FILTERS,
        prefix: 'link_',
    });
    assert.deepEqual([state.active.map(({ value }) => value), state.page], [['B'], 2]);
    assert.deepEqual(cleared({ filters: filters.LINK_FILTERS, prefix: 'link_' }), {
        link_course: null,
        link_group: null,
        link_q: null,
        link_page: null,
    });
    assert.deepEqual(orderChange(SPEC.fallback, { ...SPEC, prefix: 'link_' }), {
        link_order: null,
        link_page: null,
    });
});

test('every filter has words for its chip', () => {
    const all = Object.entries(filters).filter(([name]) => name.endsWith('_FILTERS'));
    for (const [list, own] of all) {
        for (const [name, { type }] of Object.entries(own)) {
            const words =
                english.filters[name.replace(/_(from|to)$/, type === 'period' ? '' : '_$1')];
            assert.ok(words, `${list}.${name}`);
            const parts = { yesNo: ['yes', 'no'], period: ['in', 'from', 'to'] }[type] ?? [];
            for (const part of parts) assert.ok(words[part], `${list}.${name}.${part}`);
        }
    }
});

test('from and to the same month are one chip, an id is called by its name', () => {
    const format = createFormat('en-GB', 'Asia/Jakarta', 'just now');
    const chips = (query, nameOf) => chipsOf(stateOf(query).active, GROUP_FILTERS, format, nameOf);
    assert.deepEqual(chips('graduated_from=2026-10&graduated_to=2026-10'), [
        { names: ['graduated_from', 'graduated_to'], words: 'Graduated in October 2026' },
    ]);
    assert.deepEqual(
        chips('met_from=2026-09&met_to=2026-10-05').map(({ words }) => words),
        ['First met from September 2026', 'First met until 5 Oct 2026'],
    );
    assert.deepEqual(
        chips('facilitator=u1', (name) => (name === 'facilitator' ? 'Siti' : undefined)).map(
            ({ words }) => words,
        ),
        ['Facilitator: Siti'],
    );
});

test('every finding of v_data_quality has a filter, a name and what helps, twice', async () => {
    const sql = await readFile(new URL('../../src/doctor/quality.sql', import.meta.url), 'utf8');
    const [, listed] = sql.match(/v_data_quality\.finding IS\n((?:'[^']+'\n?)+)/);
    const findings = listed
        .replace(/'\n'/g, '')
        .replace(/\([^)]*\)/g, '')
        .match(/\b[a-z]+(?:_[a-z]+)+\b|\bquarantine\b|\bdrift\b/g);
    assert.ok(findings.length >= 19, String(findings));
    assert.deepEqual([...filters.DATA_FILTERS.finding.values].sort(), [...findings].sort());
    for (const text of [english, indonesian]) {
        assert.deepEqual(Object.keys(text.findings).sort(), [...findings].sort());
        for (const finding of findings) assert.ok(text.qualityPage.findingAdvice[finding], finding);
    }
});

test('an order and a page that mean nothing are told, and cleared', () => {
    const spec = { sortable: ['name'], fallback: { column: 'name', direction: 'asc' } };
    const state = readListState(new URLSearchParams('order=secret.asc&page=-1'), spec);
    assert.deepEqual(state.ignored, [
        { name: 'order', value: 'secret.asc' },
        { name: 'page', value: '-1' },
    ]);
    assert.deepEqual(cleared(spec, state), { q: null, page: null, order: null });
    assert.deepEqual(
        readListState(new URLSearchParams('order=name.desc&page=2'), spec).ignored,
        [],
    );
});
