// Measures what each page of a running site costs (see budget.mjs): node weigh-pages.mjs URL
// [TIMES]. Each page is opened TIMES times, each time in a browser with an empty cache. Prints a
// table of the medians and the longest times.

import { HOME, weigh } from './budget.mjs';
import { openBrowser, PATHS } from './harness.mjs';

const [url, times = '5'] = process.argv.slice(2);

/** Returns the medians of a page's kilobytes, requests and time, and the longest time. */
async function weighOften(open, path) {
    const visits = [];
    for (let i = 0; i < Number(times); i++) visits.push(await weigh(open, path));
    const middle = (key) =>
        visits.map((visit) => visit[key]).sort((a, b) => a - b)[Math.floor(visits.length / 2)];
    const longest = Math.max(...visits.map(({ milliseconds }) => milliseconds));
    return {
        path,
        kilobytes: middle('kilobytes'),
        requests: middle('requests'),
        milliseconds: middle('milliseconds'),
        longest,
    };
}

const browser = await openBrowser(url.replace(/\/$/, ''));
try {
    await weigh(browser.open, '/'); // not measured: this visit includes the browser's start
    console.log(
        '\n| page | KB | requests | all shown after, ms | at most |\n|---|---:|---:|---:|---:|',
    );
    for (const path of PATHS) {
        const { kilobytes, requests, milliseconds, longest } = await weighOften(browser.open, path);
        console.log(
            `| ${path} | ${kilobytes.toFixed(1)} | ${requests} | ` +
                `${milliseconds.toFixed(0)} | ${longest.toFixed(0)} |`,
        );
    }
    console.log(`\nHome's targets: ${HOME.kilobytes} KB, ${HOME.requests} requests.`);
    if (browser.problems.length > 0) throw new Error(browser.problems.join('\n'));
} finally {
    await browser.close();
}
