// What all pages share: texts, language and colours, the freshness line, and following the sync.

import { onBackOrForward, parameters } from './address.js';
import { answerAsOf, listenForGeneration } from './api.js';
import { AS_OF, currentDay } from './as-of.js';
import { createAsOfPicker } from './as-of-picker.js';
import { createContext } from './context.js';
import { announce, h } from './dom.js';
import { createFreshness } from './freshness.js';
import { pageLink } from './links.js';
import { listenForSlash } from './list-tools.js';
import { LANGUAGES, readStored, storeLanguage, writeStored } from './language.js';
import { startMenu } from './menu.js';
import { createSyncWatch } from './sync-watch.js';
import { language, lookUp, text } from './text/index.js';

const THEME_KEY = 'ngeshare.theme';
const LANGUAGE_NAMES = { en: 'English', id: 'Bahasa Indonesia' };

/**
 * Starts a page. `build({ context, watch })` makes its regions and returns them; each has reload().
 * After every sync they reload in place, and when another day is looked at. `whole` asks for the whole row of api.home,
 * `past` is false where a page is always about now.
 */
export function startPage(build, { whole = false, past = true } = {}) {
    applyTheme(readStored(THEME_KEY));
    fillTexts();
    fillSwitches();
    startMenu();
    listenForSlash();
    let asked = parameters().get(AS_OF);
    const context = createContext({ whole });
    const watch = createSyncWatch({ onEnd: ended });
    const picker = createAsOfPicker({ applies: past, onChange: look });
    look({ first: true });
    const freshness = createFreshness(document.getElementById('freshness'), { context, watch, picker });
    const regions = build({ context, watch });

    /** Takes over the day of the address: for the API, for the links of the page, for the picker. */
    function look({ first = false } = {}) {
        asked = parameters().get(AS_OF);
        answerAsOf(past ? currentDay() : null);
        keepDayInLinks();
        picker.show();
        if (first) return;
        context.forget();
        reload();
    }

    function reload() {
        freshness.reload();
        showZone(context);
        return Promise.allSettled(regions.map((region) => region.reload()));
    }

    function ended(run) {
        context.forget();
        reload();
        if (run) announce((run.mode === 'verify' ? text.sync.compared : text.sync.ended)[run.status] ?? '');
    }

    // A sync ended between two requests: what is shown must come from one snapshot.
    listenForGeneration(() => {
        context.forget();
        reload();
    });
    onBackOrForward(() => asked !== parameters().get(AS_OF) && look());
    const goToFragment = fragmentOf();
    reload().then(goToFragment);
    watch.start();
}

/**
 * What shows the part of the page that the address's fragment names: once everything is there, since the browser looked for it while
 * nothing was. Who has scrolled or typed by then stays where they are.
 */
function fragmentOf() {
    const moves = ['wheel', 'touchmove', 'keydown', 'pointerdown'];
    const target = document.getElementById(location.hash.slice(1));
    let moved = !target;
    const note = () => (moved = true);
    for (const move of moves) addEventListener(move, note, { passive: true });
    return () => {
        for (const move of moves) removeEventListener(move, note);
        if (moved || !target.isConnected) return;
        target.scrollIntoView();
        target.focus({ preventScroll: true });
    };
}

/** The links that stand in the HTML take the day along. */
function keepDayInLinks() {
    for (const link of document.querySelectorAll('a[data-path]')) link.setAttribute('href', pageLink(link.dataset.path));
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
