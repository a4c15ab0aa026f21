// Asks the API as many browsers at once do: node api.mjs URL GROUPS CONNECTIONS SECONDS. Each call is asked by itself for so
// long, after a second that warms up, with no cache anywhere; prints its times beside those of a constant row.

import autocannon from 'autocannon';

const [url, groups, connections, seconds] = [process.argv[2], ...process.argv.slice(3).map(Number)];
const PEER = 'a constant row';
const CALLS = [
    [PEER, '/api/bench_constant'],
    ['home', '/api/home'],
    ['home_before', '/api/home_before'],
    ['freshness', '/api/freshness'],
    ['sync_status', '/api/sync_status'],
    ['the rescue list', '/api/rescue_list?order=progress_pct.desc,days_inactive.asc,group_id.asc&limit=30'],
];

/** Asks one call; resolves to its times in milliseconds, sorted, and what was not answered with success. */
async function ask(path, duration) {
    const times = [];
    let errors = 0;
    const run = autocannon({ url: url + path, connections, duration, timeout: 60, headers: { prefer: 'count=exact' } });
    run.on('response', (client, status, bytes, time) => {
        times.push(time);
        if (status !== 200 && status !== 206) errors += 1;
    });
    const result = await run;
    return { times: times.sort((a, b) => a - b), errors: errors + result.errors + result.timeouts };
}

/** The time that a share of the answers does not exceed. */
function quantile(times, share) {
    return times[Math.min(times.length - 1, Math.ceil(times.length * share) - 1)];
}

console.log(`\n${groups} groups, ${connections} connections, ${seconds} s each, milliseconds:\n`);
console.log('| call | answers | median | p95 | p95 / constant row | errors |\n|---|---:|---:|---:|---:|---:|');
let peer;
let failed = 0;
for (const [name, path] of CALLS) {
    await ask(path, 1);
    const { times, errors } = await ask(path, seconds);
    if (times.length === 0) throw new Error(`${path}: nothing was answered`);
    const p95 = quantile(times, 0.95);
    peer ??= p95;
    failed += errors;
    console.log(`| ${name} | ${times.length} | ${quantile(times, 0.5).toFixed(1)} | ${p95.toFixed(1)} | ${(p95 / peer).toFixed(2)} | ${errors} |`);
}
console.log('');
if (failed > 0) throw new Error(`${failed} requests were not answered with success`);
