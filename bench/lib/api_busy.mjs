// Measures Home and the rescue list with two connections in three states of the local database:
// idle; with a row that was written by hand after the last refresh; while full syncs run one after
// the other. Prints a table.
//   node api_busy.mjs URL SECONDS DEMO
// DEMO is the path of scripts/demo; its command psql runs the statements.

import autocannon from 'autocannon';
import { execFile, execFileSync } from 'node:child_process';

const [url, seconds, demo] = [process.argv[2], Number(process.argv[3]), process.argv[4]];
const CONNECTIONS = 2;
// nginx closes a connection after 1,000 requests; the load generator opens a new one before that.
const REQUESTS_A_CONNECTION = 500;
const CALLS = [
    ['home', '/api/home'],
    ['the rescue list', '/api/rescue_list?order=days_inactive.asc,group_id.asc&limit=50'],
];
const PSQL = ['psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-c'];

/** Measures one call for SECONDS; resolves to its median and 95th percentile in milliseconds. */
async function ask(path) {
    const times = [];
    const headers = { 'accept-encoding': 'gzip' };
    const run = autocannon({
        url: url + path, connections: CONNECTIONS, duration: seconds, timeout: 60, headers,
        reconnectRate: REQUESTS_A_CONNECTION,
    });
    let refused = 0;
    run.on('response', (client, status, bytes, time) => {
        times.push(time);
        if (status !== 200) refused += 1;
    });
    const { errors } = await run;
    const failed = errors + refused;
    if (failed > 0) throw new Error(`${path}: ${failed} requests without success`);
    times.sort((a, b) => a - b);
    return { count: times.length, median: at(times, 0.5), p95: at(times, 0.95) };
}

/** Returns the time that the given share of the sorted times does not exceed. */
function at(times, share) {
    return times[Math.ceil(times.length * share) - 1];
}

/** Measures both calls, one after the other. */
async function askAll() {
    const answers = [];
    for (const [, path] of CALLS) answers.push(await ask(path));
    return answers;
}

/** Runs full syncs one after the other until stop.now is true; resolves to their number. */
function syncUntil(stop) {
    return new Promise((resolve, reject) => {
        let ended = 0;
        const next = () =>
            execFile(demo, [...PSQL, "CALL ngeshare_sync('full')"], (error) => {
                if (error) reject(error);
                else if (++ended && stop.now) resolve(ended);
                else next();
            });
        next();
    });
}

await askAll();
const idle = await askAll();
execFileSync(demo, [...PSQL, `UPDATE "HangoutGroup" SET name = name || ' '
    WHERE id = (SELECT min(id) FROM "HangoutGroup")`]);
const stale = await askAll();
const stop = { now: false };
const syncs = syncUntil(stop);
const syncing = await askAll();
stop.now = true;
const ended = await syncs;

console.log(`\nWhile it works: ${CONNECTIONS} connections, ${seconds} s each, milliseconds;`
    + ` ${ended} full syncs; target: at most 2 times idle or 25 ms\n`);
console.log('| call | while | answers | median | p95 | p95 / idle | target |');
console.log('|---|---|---:|---:|---:|---:|---|');
CALLS.forEach(([name], index) => {
    const { p95: quiet } = idle[index];
    const states = [['idle', idle], ['after a row by hand', stale], ['syncs', syncing]];
    for (const [state, { [index]: { count, median, p95 } }] of states) {
        const target = state === 'idle' ? '' : p95 <= Math.max(2 * quiet, 25) ? 'held' : 'missed';
        console.log(`| ${name} | ${state} | ${count} | ${median.toFixed(1)} | ${p95.toFixed(1)}`
            + ` | ${(p95 / quiet).toFixed(2)} | ${target} |`);
    }
});
