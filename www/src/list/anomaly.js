// What is odd about a group (an anomaly), as a sentence in the page's language.

import { original } from '../lib/original.js';
import { text } from '../text/index.js';

const DAYS = ['day', 'started_on', 'other_started_on', 'graduated_on'];

/** Returns the parameters as text: days and numbers are formatted, names stay as they are. */
function written(params, format) {
    const entries = Object.entries(params).map(([key, value]) => {
        if (DAYS.includes(key)) return [key, format.day(value)];
        return [key, typeof value === 'number' ? format.number(value) : value];
    });
    return Object.fromEntries(entries);
}

/**
 * Returns the sentence of a row of api.anomalies; for an unknown kind, the database's own sentence.
 */
export function anomalyDetail({ kind, params, detail }, format) {
    const words = text.qualityPage;
    if (params?.group_id) {
        const say = params.graduated_on === null ? words.notGraduated : words.graduated;
        return say(written(params, format));
    }
    const say = words.details[kind];
    return say && params ? say(written(params, format)) : detail && original(detail);
}
