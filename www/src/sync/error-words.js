// What an error of a sync means and what to do, in the page's words, by its SQLSTATE: the same
// classes as ngeshare.error_code has.

import { text } from '../text/index.js';

/** The first beginning that fits decides. */
const CLASSES = [
    ['57P02', 'died'],
    ['08', 'unreachable'],
    ['57P', 'unreachable'],
    ['28', 'login'],
    ['42501', 'right'],
    ['42', 'tables'],
    ['NG001', 'running'],
    ['NG002', 'deletes'],
    ['NG003', 'restored'],
    ['55000', 'setup'],
    ['57014', 'cancelled'],
    ['53', 'room'],
    ...['40', '55', '25P'].map((code) => [code, 'held']),
    ...['22', '23', '54', 'P0001'].map((code) => [code, 'row']),
];

/** [what it means, what to do]; null stands for a run whose process could not say. */
export function errorWords(sqlstate) {
    const [, key] = CLASSES.find(([code]) => sqlstate?.startsWith(code)) ?? [null, 'other'];
    return text.syncErrors[key];
}
