// Builds dist/ from src/: bundles the scripts and the style under hashed names, fills each page into the layout, and
// puts a gzipped copy beside each file for nginx's gzip_static.

import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import english from './src/text/en.js';

const PAGES = [
    { name: 'home', file: 'index.html', path: '/' },
    ...['facilitators', 'funnel', 'rescue', 'at-risk', 'time', 'groups', 'members', 'quality', 'sync'].map((name) => ({
        name,
        file: `${name}.html`,
        path: `/${name}.html`,
    })),
];
const here = (path) => new URL(path, import.meta.url);
const read = (path) => readFileSync(here(path), 'utf8');

/** Bundles scripts and style. Returns esbuild's list of what it wrote. */
async function bundle() {
    const { metafile } = await build({
        absWorkingDir: here('.').pathname,
        entryPoints: [...PAGES.map(({ name }) => `src/pages/${name}.js`), 'src/style.css'],
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

/** The address of what became of a source file, and those of the chunks that it always needs. */
function find(outputs, entry) {
    const [path, output] = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === entry);
    const always = output.imports.filter(({ kind }) => kind === 'import-statement');
    return { address: addressOf(path), needs: always.map((chunk) => addressOf(chunk.path)) };
}

/** dist/assets/x.js is served as /assets/x.js. */
function addressOf(path) {
    return path.replace(/^dist/, '');
}

/** Puts the English text into elements that have data-text and no content, so that the page reads without scripts. */
function fillTexts(html) {
    const lookUp = (key) => key.split('.').reduce((part, word) => part[word], english);
    return html.replace(
        /(<(\w+)[^>]* data-text="([^"]+)"[^>]*>)(<\/\2>)/g,
        (_, open, tag, key, close) => open + escape(lookUp(key)) + close,
    );
}

/** Text as HTML has it. */
function escape(value) {
    return value.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`);
}

/** The navigation with the current page marked. */
function navigation(current) {
    const item = ({ name, path }) =>
        `<li><a href="${path}" data-path="${path}"${name === current ? ' aria-current="page"' : ''} data-text="pages.${name}.nav"></a></li>`;
    return PAGES.map(item).join('');
}

/** One page: the layout, with the page's own part and the addresses of its files. */
function pageHtml({ name }, outputs, version) {
    const { address, needs } = find(outputs, `src/pages/${name}.js`);
    const values = {
        page: name,
        title: english.pages[name].title,
        style: find(outputs, 'src/style.css').address,
        script: address,
        preload: needs.map((chunk) => `<link rel="modulepreload" href="${chunk}">`).join('\n'),
        nav: navigation(name),
        main: read(`src/pages/${name}.html`).trim(),
        version,
    };
    return fillTexts(read('src/layout.html').replace(/\{\{(\w+)\}\}/g, (_, key) => values[key]));
}

/** The version stands in the extension's control file alone. */
function readVersion() {
    return read('../ngeshare.control').match(/^default_version\s*=\s*'([^']+)'/m)[1];
}

/** The files of a folder, without its folders. */
function filesIn(folder) {
    return readdirSync(here(folder), { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => folder + name);
}

rmSync(here('dist'), { recursive: true, force: true });
const outputs = await bundle();
mkdirSync(here('dist'), { recursive: true });
for (const page of PAGES) writeFileSync(here(`dist/${page.file}`), pageHtml(page, outputs, readVersion()));
copyFileSync(here('src/favicon.svg'), here('dist/favicon.svg'));
for (const path of [...filesIn('dist/'), ...filesIn('dist/assets/')])
    writeFileSync(here(`${path}.gz`), gzipSync(readFileSync(here(path)), { level: 9 }));
