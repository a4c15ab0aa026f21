// Tests that the API's CSV, rewritten in the style of a language, keeps its cells. Only the column
// heads, the separator and the decimal sign of numbers may change.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { convertCsv } from '../src/list/csv.js';
import english from '../src/text/files/en.js';
import indonesian from '../src/text/files/id.js';

const HEADS = { name: 'Grup', pct: 'Kemajuan; %' };
const dialect = (texts, more = {}) => ({ ...texts, heads: HEADS, decimals: ['pct'], ...more });
const inIndonesian = (source) => convertCsv(source, dialect(indonesian));
const inEnglish = (source) => convertCsv(source, dialect(english));

test('Indonesian: semicolons, a decimal comma in columns of numbers alone', () => {
    assert.equal(
        inIndonesian('\ufeffname,pct,id\r\n1.5,12.5,7.5\r\nA,-0.1,\r\n'),
        'Grup;"Kemajuan; %";id\r\n1.5;12,5;7.5\r\nA;-0,1;\r\n',
    );
});

test('English: only the heads change', () => {
    assert.equal(inEnglish('name,pct\r\n"a,b",12.5\r\n'), 'Grup,Kemajuan; %\r\n"a,b",12.5\r\n');
});

test('quotes, ends of lines, separators and backslashes stay what they were', () => {
    const cells = ['"a,b"', '"say ""so"""', '"two\r\nlines"', 'x;y', 'back\\slash', '😀', 'نص'];
    assert.equal(
        inIndonesian(`name\r\n${cells.join('\r\n')}\r\n`),
        [
            'Grup',
            '"a,b"',
            '"say ""so"""',
            '"two\r\nlines"',
            '"x;y"',
            'back\\slash',
            '😀',
            'نص',
            '',
        ].join('\r\n'),
    );
});

test('an empty text isn’t a missing value', () => {
    assert.equal(inIndonesian('name,pct\r\n"",\r\n'), 'Grup;"Kemajuan; %"\r\n"";\r\n');
});

test('a text that was made harmless stays so', () => {
    assert.equal(inIndonesian(`name\r\n'=1+1\r\n"'=a,b;c"\r\n`), `Grup\r\n'=1+1\r\n"'=a,b;c"\r\n`);
});

test('no rows: the heads are there; nothing at all: nothing', () => {
    assert.equal(inEnglish('name\r\n'), 'Grup\r\n');
    assert.equal(inEnglish('\ufeff'), '');
});

test('a file that ends within a cell is refused', () => {
    assert.throws(() => inEnglish('name\r\n"half'), /within a cell/);
});

test('both languages name the same files and the same heads', () => {
    for (const part of ['names', 'heads'])
        assert.deepEqual(Object.keys(indonesian[part]).sort(), Object.keys(english[part]).sort());
});
