// What is odd about a group, in a sentence of the page's language.

import { original } from '../lib/original.js';
import { text } from '../text/index.js';

const DAYS = ['day', 'started_on', 'other_started_on', 'graduated_on'];

/** The parameters as they are written: days as days, numbers as numbers, names as they are. */
function written(params, format) {
    const entries = Object.entries(params).map(([key, value]) => {
        if (DAYS.includes(key)) return [key, format.day(value)];
        return [key, typeof value === 'number' ? format.number(value) : value];
    });
    return Object.fromEntries(entries);
}

/** The sentence of a row of api.anomalies; a kind that the page doesn't know speaks for itself. */
export function anomalyDetail({ kind, params, detail }, format) {
    const words = text.qualityPage;
    if (params?.group_id) {
        const say = params.graduated_on === null ? words.notGraduated : words.graduated;
        return say(written(params, format));
    }
    const say = words.details[kind];
    return say && params ? say(written(params, format)) : detail && original(detail);
}
