// Measures the API under the load of many browsers: node api.mjs URL GROUPS CONNECTIONS SECONDS.
// Each call is measured alone for SECONDS, after one second to warm up, without any HTTP cache.
// Prints its times compared with those of a call that returns one constant row.

import autocannon from 'autocannon';

const [url, groups, connections, seconds] = [process.argv[2], ...process.argv.slice(3).map(Number)];
// A call: its name, its address, and whether PostgREST is asked to count its rows, as the page does
// for a list.
const PEER = ['a constant row', '/api/bench_constant', false];
const CALLS = [
    ['home', '/api/home', false],
    ['home_before', '/api/home_before', false],
    ['freshness', '/api/freshness', false],
    ['sync_status', '/api/sync_status', false],
    // The same requests as those of the page (www/src/list/list-rows.js).
    ['the rescue list', '/api/rescue_list?order=days_inactive.asc,group_id.asc&limit=50', false],
    ['its number of rows', '/api/rescue_list?select=group_id&limit=1', true],
];
// nginx closes a connection after 1,000 requests, and a browser then repeats the request on a new
// connection. The load generator opens a new connection before that happens.
const REQUESTS_A_CONNECTION = 500;
const IS_LARGE = groups >= 100_000;

// Measures one call. Resolves to its response times in milliseconds, sorted, and to the numbers of
// failed responses by status.
async function ask([, path, counted], duration) {
    const times = [];
    const refused = {};
    const headers = { 'accept-encoding': 'gzip', ...(counted && { prefer: 'count=exact' }) };
    const run = autocannon({
        url: url + path, connections, duration, timeout: 60, headers,
        reconnectRate: REQUESTS_A_CONNECTION,
    });
    run.on('response', (client, status, bytes, time) => {
        times.push(time);
        if (status !== 200 && status !== 206) refused[status] = (refused[status] ?? 0) + 1;
    });
    const result = await run;
    if (result.errors > 0) refused['no answer'] = result.errors;
    return { times: times.sort((a, b) => a - b), refused };
}

// Returns the time that the given share of the responses does not exceed, or Infinity without any.
function quantile(times, share) {
    return times.length === 0 ? Infinity : times[Math.ceil(times.length * share) - 1];
}

// Returns "held" if the 95th percentile of a call meets its target, else "missed". The target is
// three times the 95th percentile of the constant row; from 100,000 groups on, it is one second.
function judge(p95, peer) {
    if (IS_LARGE) return p95 <= 1000 ? 'held' : 'missed';
    return p95 <= 3 * peer ? 'held' : 'missed';
}

const measured = [];
const failures = [];
// The constant row is measured first and last, so that changes of the machine's speed affect it,
// too.
for (const call of [PEER, ...CALLS, PEER]) {
    await ask(call, 1);
    const { times, refused } = await ask(call, seconds);
    const errors = Object.values(refused).reduce((sum, count) => sum + count, 0);
    if (errors > 0) failures.push(`${call[0]}: ${JSON.stringify(refused)}`);
    const [median, p95] = [quantile(times, 0.5), quantile(times, 0.95)];
    measured.push({ name: call[0], count: times.length, median, p95, errors });
}
const peer = (measured[0].p95 + measured.at(-1).p95) / 2;
console.log(`\n${groups} groups, ${connections} connections, ${seconds} s each, milliseconds; `
    + `${IS_LARGE ? 'p95 <= 1000' : 'p95 <= 3 constant rows'}:\n`);
console.log('| call | answers | median | p95 | p95 / constant row | target | errors |');
console.log('|---|---:|---:|---:|---:|---|---:|');
for (const { name, count, median, p95, errors } of measured) {
    const target = name === PEER[0] ? '' : judge(p95, peer);
    const times = `${median.toFixed(1)} | ${p95.toFixed(1)} | ${(p95 / peer).toFixed(2)}`;
    console.log(`| ${name} | ${count} | ${times} | ${target} | ${errors} |`);
}
console.log('');
if (failures.length > 0) throw new Error(`requests without success: ${failures.join('; ')}`);
