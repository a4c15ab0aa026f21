// Which language the page speaks, and with which regional habits.

export const LANGUAGES = ['en', 'id'];
const STORAGE_KEY = 'ngeshare.language';
const COOKIE = 'ngeshare_language';

/** The language chosen before, else the first of the browser's that we speak, else English. */
export function chooseLanguage(stored, preferred) {
    if (LANGUAGES.includes(stored)) return stored;
    return (
        preferred
            .map((tag) => tag.split('-')[0].toLowerCase())
            .find((language) => LANGUAGES.includes(language)) ?? 'en'
    );
}

/**
 * The browser's own variant of the language (en-GB writes dates differently from en-US), else the
 * plain one.
 */
export function chooseLocale(language, preferred) {
    return preferred.find((tag) => tag.toLowerCase().split('-')[0] === language) ?? language;
}

/** The language stored by storeLanguage, if the browser lets us store anything. */
export function storedLanguage() {
    return readStored(STORAGE_KEY);
}

/**
 * Remembers a choice of language for the next page: here, and for the server, which sends that
 * language's page.
 */
export function storeLanguage(language) {
    writeStored(STORAGE_KEY, language);
    document.cookie = `${COOKIE}=${language}; path=/; max-age=31536000; samesite=lax`;
}

/** Reads a remembered choice; null where storage is refused. */
export function readStored(key) {
    try {
        return localStorage.getItem(key);
    } catch {
        return null;
    }
}

/** Remembers a choice; forgets it silently where storage is refused. */
export function writeStored(key, value) {
    try {
        localStorage.setItem(key, value);
    } catch {
        // A browser that refuses storage asks again on the next page; nothing is lost but the
        // choice.
    }
}
