// Links to the API's CSV files. A plain click on one saves the file in the style of the page's
// language: its column heads, separator and decimal sign, and the day in the file's name.

import { ApiError, readFile } from '../lib/api.js';
import { currentDay } from '../lib/as-of.js';
import { announce, h } from '../lib/dom.js';
import { exportLink } from '../lib/links.js';
import { errorLine } from '../lib/region.js';
import { loadFileTexts, text } from '../text/index.js';
import { convertCsv, DECIMALS } from './csv.js';

/** The byte order mark, from which Excel knows that a file is UTF-8. */
const BYTE_ORDER_MARK = '\ufeff';
const KEEP_MS = 60_000;

/**
 * Makes the link to all rows of a view that match `query`, in its order. `day` is null for a list
 * that has no past, and so is always as of now.
 */
export function fileLink(view, query, day = currentDay()) {
    return h(
        'a',
        {
            class: 'file',
            href: exportLink(view, query, day),
            download: true,
            'data-focus': `file-${view}`,
        },
        text.list.file,
    );
}

/**
 * Makes a plain click on any link to a file save it in the page's language. A click with a modifier
 * key saves the API's own file.
 */
export function listenForFiles(context) {
    document.addEventListener('click', (event) => {
        const link = event.target.closest?.('a.file[href^="/export/"]');
        if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        if (link.getAttribute('aria-busy') !== 'true') saveFile(link, context);
    });
}

/**
 * Reads the API's file, rewrites it and saves it. If this fails, the error is shown beside the link
 * and nothing is saved.
 */
async function saveFile(link, context) {
    link.parentElement.querySelector('.error-line')?.remove();
    link.setAttribute('aria-busy', 'true');
    try {
        const address = link.getAttribute('href');
        const [{ home }, words, source] = await Promise.all([
            context.get(),
            loadFileTexts(),
            readFile(address),
        ]);
        const { view, day } = namesIn(address);
        const body = convertCsv(source, {
            ...words,
            heads: { ...text.columns, ...words.heads },
            decimals: DECIMALS,
        });
        save(`${words.names[view] ?? view}-${day ?? home.as_of_day}.csv`, body);
        announce(text.files.saved);
    } catch (error) {
        const known = error instanceof ApiError ? error : new ApiError(0, { message: '' });
        link.after(
            errorLine(known, { what: text.files.notSaved, retry: () => saveFile(link, context) }),
        );
    } finally {
        link.removeAttribute('aria-busy');
    }
}

/** Returns the view and the day that a file's address names. */
function namesIn(href) {
    const [, day = null, view] = /^\/export\/(?:as-of\/([^/]+)\/)?([a-z_]+)\.csv/.exec(href);
    return { day, view };
}

function save(name, body) {
    const address = URL.createObjectURL(
        new Blob([BYTE_ORDER_MARK, body], { type: 'text/csv;charset=utf-8' }),
    );
    h('a', { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), KEEP_MS);
}
