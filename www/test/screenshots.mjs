// Makes pictures of a running demo for README and docs: node screenshots.mjs URL FOLDER.

import { join } from 'node:path';
import { openBrowser, settled } from './harness.mjs';

const DESK = { width: 1280, height: 680 };
const PHONE = { width: 390, height: 780 };
/** The pictures by name: the page's path, and the size of the window. */
const PICTURES = {
    home: ['/', DESK],
    contact: ['/contact.html', DESK],
    places: ['/places.html', DESK],
    'contact-phone': ['/contact.html', PHONE],
};

const [url, folder] = process.argv.slice(2);
const { open, close, problems } = await openBrowser(url);
for (const [name, [path, viewport]] of Object.entries(PICTURES)) {
    const page = await open(path, { viewport, colorScheme: 'light' });
    await settled(page);
    await page.screenshot({ path: join(folder, `${name}.png`) });
}
await close();
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
