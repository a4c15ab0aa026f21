// Builds dist/ from src/: bundles the scripts and the style into files with a hash in their names,
// writes each page from the layout and its own part, and puts a gzipped copy beside each file,
// which nginx's gzip_static sends.

import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import english from './src/text/en.js';
import indonesian from './src/text/id.js';

/** The navigation: pages for every day, pages for insight, and pages for the upkeep of the data. */
const NAVIGATION = [
    ['daily', ['home', 'contact', 'groups']],
    ['insight', ['funnel', 'time', 'facilitators', 'members', 'places']],
    ['upkeep', ['quality', 'sync']],
];
const PAGES = NAVIGATION.flatMap(([, names]) => names).map((name) => {
    const file = name === 'home' ? 'index.html' : `${name}.html`;
    return { name, file, path: name === 'home' ? '/' : `/${file}` };
});
/** Addresses that pages had in former versions, each with the page that replaced it. */
const MOVED = [
    ['rescue.html', '/contact.html'],
    ['at-risk.html', '/contact.html?tab=at_risk'],
];
/**
 * The texts by language. Each page is built once per language, and nginx chooses which one it
 * sends.
 */
const TEXTS = { en: english, id: indonesian };
const here = (path) => new URL(path, import.meta.url);
const read = (path) => readFileSync(here(path), 'utf8');

/** Bundles scripts and style. Returns esbuild's description of the output files. */
async function bundle() {
    const { metafile } = await build({
        absWorkingDir: here('.').pathname,
        entryPoints: [
            ...PAGES.map(({ name }) => `src/pages/${name}.js`),
            'src/pages/moved.js',
            'src/style.css',
        ],
        outdir: 'dist/assets',
        outbase: 'src',
        entryNames: '[name]-[hash]',
        chunkNames: 'shared-[hash]',
        bundle: true,
        splitting: true,
        format: 'esm',
        target: ['chrome123', 'firefox120', 'safari17.5'],
        minify: true,
        metafile: true,
        logLevel: 'warning',
    });
    return metafile.outputs;
}

/**
 * Returns the address of the output file of a source file, and the addresses of the chunks that it
 * needs.
 */
function find(outputs, entry) {
    const [path, output] = Object.entries(outputs).find(
        ([, { entryPoint }]) => entryPoint === entry,
    );
    return { address: addressOf(path), needs: [...neededBy(outputs, output)].map(addressOf) };
}

/** Returns the chunks that an output file imports statically, directly or through other chunks. */
function neededBy(outputs, { imports }, known = new Set()) {
    for (const { path, kind } of imports) {
        if (kind !== 'import-statement' || known.has(path)) continue;
        known.add(path);
        neededBy(outputs, outputs[path], known);
    }
    return known;
}

/** Returns the address of an output file: dist/assets/x.js is served as /assets/x.js. */
function addressOf(path) {
    return path.replace(/^dist/, '');
}

/**
 * Writes the texts into empty elements that have data-text, so that the page can be read before its
 * scripts have run.
 */
function fillTexts(html, texts) {
    const lookUp = (key) => key.split('.').reduce((part, word) => part[word], texts);
    return html.replace(
        /(<(\w+)[^>]* data-text="([^"]+)"[^>]*>)(<\/\2>)/g,
        (_, open, tag, key, close) => open + escape(lookUp(key)) + close,
    );
}

/** Escapes a text for HTML. */
function escape(value) {
    return value.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`);
}

/** Returns the navigation as HTML, one list per group of pages, with the current page marked. */
function navigation(current) {
    const item = ({ name, path }) =>
        `<li><a href="${path}" ` +
        `data-path="${path}"${name === current ? ' aria-current="page"' : ''} ` +
        `data-text="pages.${name}.nav"></a></li>`;
    const list = ([group, names]) => {
        const items = PAGES.filter(({ name }) => names.includes(name)).map(item);
        return `<ul data-label="shell.navGroups.${group}">${items.join('')}</ul>`;
    };
    return NAVIGATION.map(list).join('');
}

/** Returns the page for a former address. A script or a click on its link leads to the new page. */
function movedHtml(target, outputs) {
    const script = find(outputs, 'src/pages/moved.js').address;
    return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>ngeShare analytics</title>
<meta name="robots" content="noindex">
<script type="module" src="${script}"></script>
</head>
<body><p><a href="${target}">ngeShare analytics</a></p></body>
</html>
`;
}

/**
 * Returns one page in one language: the layout with the page's own part and the addresses of all
 * files that the page needs.
 */
function pageHtml({ name }, language, outputs, version) {
    const { address, needs } = find(outputs, `src/pages/${name}.js`);
    const words = find(outputs, `src/text/${language}.js`);
    const scripts = new Set([...needs, words.address, ...words.needs]);
    const values = {
        language,
        page: name,
        title: TEXTS[language].pages[name].title,
        style: find(outputs, 'src/style.css').address,
        script: address,
        preload: [...scripts]
            .map((chunk) => `<link rel="modulepreload" href="${chunk}">`)
            .join('\n'),
        nav: navigation(name),
        main: read(`src/pages/${name}.html`).trim(),
        version,
    };
    const html = read('src/shell/layout.html').replace(/\{\{(\w+)\}\}/g, (_, key) => values[key]);
    return fillTexts(html, TEXTS[language]);
}

/** Returns the page that is sent for an unknown address (404). */
function missingHtml(language, outputs) {
    const values = { language, style: find(outputs, 'src/style.css').address };
    const html = read('src/shell/missing.html').replace(/\{\{(\w+)\}\}/g, (_, key) => values[key]);
    return fillTexts(html, TEXTS[language]);
}

/** Reads the version from the extension's control file. */
function readVersion() {
    return read('../ngeshare.control').match(/^default_version\s*=\s*'([^']+)'/m)[1];
}

/** Lists the files of a folder, without its subfolders. */
function filesIn(folder) {
    return readdirSync(here(folder), { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => folder + name);
}

rmSync(here('dist'), { recursive: true, force: true });
const outputs = await bundle();
mkdirSync(here('dist/id'), { recursive: true });
for (const [language, folder] of [
    ['en', 'dist'],
    ['id', 'dist/id'],
]) {
    for (const page of PAGES)
        writeFileSync(
            here(`${folder}/${page.file}`),
            pageHtml(page, language, outputs, readVersion()),
        );
    writeFileSync(here(`${folder}/404.html`), missingHtml(language, outputs));
}
for (const [file, target] of MOVED) writeFileSync(here(`dist/${file}`), movedHtml(target, outputs));
copyFileSync(here('src/favicon.svg'), here('dist/favicon.svg'));
for (const path of [...filesIn('dist/'), ...filesIn('dist/id/'), ...filesIn('dist/assets/')])
    writeFileSync(here(`${path}.gz`), gzipSync(readFileSync(here(path)), { level: 9 }));
