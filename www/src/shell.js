// What all pages share: texts, language and colours, the freshness line, and following the sync.

import { createContext } from './context.js';
import { announce, h } from './dom.js';
import { createFreshness } from './freshness.js';
import { LANGUAGES, readStored, storeLanguage, writeStored } from './language.js';
import { createSyncWatch } from './sync-watch.js';
import { language, lookUp, text } from './text/index.js';

const THEME_KEY = 'ngeshare.theme';
const LANGUAGE_NAMES = { en: 'English', id: 'Bahasa Indonesia' };

/**
 * Starts a page. `build({ context, watch })` makes its regions and returns them; each has reload().
 * After every sync they reload in place.
 */
export function startPage(build, { whole = false } = {}) {
    applyTheme(readStored(THEME_KEY));
    fillTexts();
    fillSwitches();
    const context = createContext({ whole });
    const watch = createSyncWatch({ onEnd: ended });
    const freshness = createFreshness(document.getElementById('freshness'), { context, watch });
    const regions = build({ context, watch });

    function reload() {
        freshness.reload();
        regions.forEach((region) => region.reload());
        showZone(context);
    }

    function ended(run) {
        context.forget();
        reload();
        if (run) announce(text.sync.ended[run.status] ?? '');
    }

    reload();
    watch.start();
}

/** Puts the texts of the chosen language where the HTML has its English ones. */
function fillTexts() {
    document.documentElement.lang = language;
    document.title = `${text.pages[document.body.dataset.page].title} · ngeShare analytics`;
    for (const element of document.querySelectorAll('[data-text]')) element.textContent = lookUp(element.dataset.text);
    for (const element of document.querySelectorAll('[data-label]')) element.setAttribute('aria-label', lookUp(element.dataset.label));
}

/** The switches in the footer: language and colours. */
function fillSwitches() {
    const languages = LANGUAGES.map((code) => [code, LANGUAGE_NAMES[code]]);
    document.getElementById('switches').append(
        choice('language', text.shell.language, languages, language, (value) => {
            storeLanguage(value);
            location.reload();
        }),
        choice('theme', text.shell.theme, Object.entries(text.shell.themes), readStored(THEME_KEY) ?? 'system', (value) => {
            writeStored(THEME_KEY, value);
            applyTheme(value);
        }),
    );
}

/** A labelled list to choose one from. */
function choice(id, label, options, current, onChoose) {
    const items = options.map(([value, words]) => h('option', { value, selected: value === current }, words));
    return h('label', { class: 'choice' }, `${label} `, h('select', { id, onchange: (event) => onChoose(event.target.value) }, items));
}

/** Light or dark by choice; anything else follows the system. */
function applyTheme(theme) {
    if (['light', 'dark'].includes(theme)) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
}

/** Names the reporting zone in the footer. Where it can't be read, the freshness line says why. */
function showZone(context) {
    const zone = document.getElementById('zone');
    context.get().then(
        ({ home }) => (zone.textContent = text.shell.zone(home.zone)),
        () => (zone.textContent = ''),
    );
}
