// The texts in the language of this browser's user. Importing this module loads only this language.

import { chooseLanguage, chooseLocale, storedLanguage } from '../lib/language.js';

export const language = chooseLanguage(storedLanguage(), navigator.languages);
export const locale = chooseLocale(language, navigator.languages);

const loaders = { en: () => import('./en.js'), id: () => import('./id.js') };

export const text = (await loaders[language]()).default;

/** Returns the text under a dotted key, as the HTML's data-text attributes have it. */
export function lookUp(key, texts = text) {
    return key.split('.').reduce((part, word) => part?.[word], texts);
}

const fileLoaders = { en: () => import('./files/en.js'), id: () => import('./files/id.js') };

/** Loads the texts for CSV files, which few visits need. */
export const loadFileTexts = async () => (await fileLoaders[language]()).default;
