// Measures what a page costs a browser with an empty cache: kilobytes, requests, and the time until
// it shows everything.

import { settled } from './harness.mjs';

/**
 * The budget of Home and of any page: kilobytes over the wire, requests, and milliseconds until
 * everything is shown.
 */
export const HOME = { kilobytes: 60, requests: 20, milliseconds: 1000 };
export const ANY_PAGE = { kilobytes: 75 };

/** Runs in the page before its own scripts: records the time at which the content last changed. */
function watchContent() {
    new MutationObserver(() => {
        window.contentChangedAt = performance.now();
    }).observe(document, { childList: true, subtree: true, characterData: true });
}

/** Opens a page in a browser with an empty cache, and measures it once everything is loaded. */
export async function weigh(open, path) {
    const page = await open(path, { script: watchContent });
    await settled(page);
    const weight = await page.evaluate(() => {
        const entries = performance
            .getEntries()
            .filter(({ entryType }) => ['navigation', 'resource'].includes(entryType));
        return {
            kilobytes: entries.reduce((sum, { transferSize }) => sum + transferSize, 0) / 1024,
            requests: entries.length,
            milliseconds: window.contentChangedAt,
        };
    });
    await page.context().close();
    return { path, ...weight };
}

/** Returns in words what a page costs. */
export function describeWeight({ path, kilobytes, requests, milliseconds }) {
    return (
        `${path}: ${kilobytes.toFixed(1)} KB in ${requests} requests, all shown after ` +
        `${Math.round(milliseconds)} ms`
    );
}
