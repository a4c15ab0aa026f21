// What a page costs a browser that knows nothing of it yet: bytes, requests, and when it shows what
// it has.

import { settled } from './harness.mjs';

/**
 * Kilobytes over the wire, requests, and milliseconds until all is shown; of Home, and of any page.
 */
export const HOME = { kilobytes: 60, requests: 20, milliseconds: 1000 };
export const ANY_PAGE = { kilobytes: 75 };

/** Runs in the page before its own scripts: keeps the time at which its content last changed. */
function watchContent() {
    new MutationObserver(() => {
        window.contentChangedAt = performance.now();
    }).observe(document, { childList: true, subtree: true, characterData: true });
}

/**
 * Opens a page in a browser without a cache, and weighs it once nothing is being loaded any more.
 */
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

/** A page's weight in words. */
export function describeWeight({ path, kilobytes, requests, milliseconds }) {
    return (
        `${path}: ${kilobytes.toFixed(1)} KB in ${requests} requests, all shown after ` +
        `${Math.round(milliseconds)} ms`
    );
}
