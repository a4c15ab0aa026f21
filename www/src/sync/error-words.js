// What a sync's error means and what to do, in the page's words, by SQLSTATE. The classes are those
// of ngeshare.error_code.

import { text } from '../text/index.js';

/** The classes by how an SQLSTATE begins; the first one that matches decides. */
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

/**
 * Returns [meaning, what to do]. `sqlstate` is null for a run whose process could not report it.
 */
export function errorWords(sqlstate) {
    const [, key] = CLASSES.find(([code]) => sqlstate?.startsWith(code)) ?? [null, 'other'];
    return text.syncErrors[key];
}
