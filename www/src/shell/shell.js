// What all pages share: texts, language and colours, the freshness line, and following the sync.

import { watchAddress } from '../lib/address.js';
import { answerAsOf, listenForGeneration } from '../lib/api.js';
import { AS_OF, currentDay } from '../lib/as-of.js';
import { createAsOfPicker } from './as-of-picker.js';
import { createContext } from '../lib/context.js';
import { announce, h } from '../lib/dom.js';
import { createFreshness } from './freshness.js';
import { navigationLink } from '../lib/links.js';
import { PLACE } from '../lib/place.js';
import { keepPlace, placeToGoTo } from '../lib/scroll.js';
import { listenForFiles } from '../list/file.js';
import { startFinder } from './finder.js';
import { LANGUAGES, readStored, storeLanguage, writeStored } from '../lib/language.js';
import { startMenu } from './menu.js';
import { showPlaceNote } from './place-note.js';
import { createSyncWatch } from '../sync/sync-watch.js';
import { language, lookUp, text } from '../text/index.js';

const THEME_KEY = 'ngeshare.theme';
const LANGUAGE_NAMES = { en: 'English', id: 'Bahasa Indonesia' };

/**
 * Starts a page. `build({ context, watch })` makes its regions and returns them; each has reload().
 * They reload in place after every sync, and when the reader chooses another day. `whole` is true
 * if the page needs the whole row of api.home, `past` is false if the page is always about now, and
 * `placed` is true if its lists have the place as a filter.
 */
export function startPage(build, { whole = false, past = true, placed = false } = {}) {
    applyTheme(readStored(THEME_KEY));
    fillTexts();
    fillSwitches();
    startMenu();
    startFinder();
    keepPlace();
    if (!placed) showPlaceNote();
    const context = createContext({ whole });
    listenForFiles(context);
    const watch = createSyncWatch({ onEnd: ended });
    const picker = createAsOfPicker({ applies: past });
    look();
    const freshness = createFreshness(document.getElementById('freshness'), {
        context,
        watch,
        picker,
    });
    const regions = build({ context, watch });

    /**
     * Passes the day in the page's address to the API, to the page's links and to the picker. If
     * the day has changed (`moved`), everything is read again.
     */
    function look({ moved = false } = {}) {
        answerAsOf(past ? currentDay() : null);
        keepInLinks();
        picker.show({ moved });
        if (!moved) return;
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
        if (run)
            announce(
                (run.mode === 'verify' ? text.sync.compared : text.sync.ended)[run.status] ?? '',
            );
    }

    // A sync ended between two requests. All parts of the page must come from one snapshot.
    listenForGeneration(() => {
        context.forget();
        reload();
    });
    watchAddress([AS_OF], () => look({ moved: true }), { isWhole: true });
    watchAddress(PLACE, keepInLinks);
    reload().then(placeToGoTo());
    watch.start();
}

/** Adds the day and the place to the links that are in the HTML. */
function keepInLinks() {
    for (const link of document.querySelectorAll('a[data-path]'))
        link.setAttribute('href', navigationLink(link.dataset.path));
}

/** Writes the texts into the elements of the HTML that name one. */
function fillTexts() {
    document.documentElement.lang = language;
    document.title = `${text.pages[document.body.dataset.page].title} · ngeShare analytics`;
    for (const element of document.querySelectorAll('[data-text]'))
        element.textContent = lookUp(element.dataset.text);
    for (const element of document.querySelectorAll('[data-label]'))
        element.setAttribute('aria-label', lookUp(element.dataset.label));
}

/** Makes the switches in the footer: language and colours. */
function fillSwitches() {
    const languages = LANGUAGES.map((code) => [code, LANGUAGE_NAMES[code]]);
    document.getElementById('switches').append(
        choice('language', text.shell.language, languages, language, (value) => {
            storeLanguage(value);
            location.reload();
        }),
        choice(
            'theme',
            text.shell.theme,
            Object.entries(text.shell.themes),
            readStored(THEME_KEY) ?? 'system',
            (value) => {
                writeStored(THEME_KEY, value);
                applyTheme(value);
            },
        ),
    );
    // If another tab changes the colours, this tab follows.
    addEventListener('storage', ({ key }) => {
        if (key !== THEME_KEY) return;
        const theme = readStored(THEME_KEY) ?? 'system';
        applyTheme(theme);
        document.getElementById('theme').value = theme;
    });
}

/** Makes a drop-down list with a label. */
function choice(id, label, options, current, onChoose) {
    const items = options.map(([value, words]) =>
        h('option', { value, selected: value === current }, words),
    );
    return h(
        'label',
        { class: 'choice' },
        `${label} `,
        h('select', { id, onchange: (event) => onChoose(event.target.value) }, items),
    );
}

/** Sets light or dark colours; any other value follows the system. */
function applyTheme(theme) {
    if (['light', 'dark'].includes(theme)) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
}

/** Shows the reporting zone in the footer. If it can't be read, the freshness line says why. */
function showZone(context) {
    const zone = document.getElementById('zone');
    context.get().then(
        ({ home }) => (zone.textContent = text.shell.zone(home.zone)),
        () => (zone.textContent = ''),
    );
}
