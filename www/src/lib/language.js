// The page's language, and the locale (such as en-GB) for its dates and numbers.

export const LANGUAGES = ['en', 'id'];
const STORAGE_KEY = 'ngeshare.language';
const COOKIE = 'ngeshare_language';

/**
 * Returns the language chosen before, else the first of the browser's languages that the page has,
 * else English.
 */
export function chooseLanguage(stored, preferred) {
    if (LANGUAGES.includes(stored)) return stored;
    return (
        preferred
            .map((tag) => tag.split('-')[0].toLowerCase())
            .find((language) => LANGUAGES.includes(language)) ?? 'en'
    );
}

/**
 * Returns the browser's own variant of the language (en-GB writes dates differently from en-US),
 * else the language itself.
 */
export function chooseLocale(language, preferred) {
    return preferred.find((tag) => tag.toLowerCase().split('-')[0] === language) ?? language;
}

/**
 * Returns the language that storeLanguage() stored; null if none is stored or storage is refused.
 */
export function storedLanguage() {
    return readStored(STORAGE_KEY);
}

/**
 * Stores the chosen language for the next page: in the browser's storage, and in a cookie from
 * which nginx knows which page to send.
 */
export function storeLanguage(language) {
    writeStored(STORAGE_KEY, language);
    document.cookie = `${COOKIE}=${language}; path=/; max-age=31536000; samesite=lax`;
}

/** Reads a stored choice; null if there is none or the browser refuses storage. */
export function readStored(key) {
    try {
        return localStorage.getItem(key);
    } catch {
        return null;
    }
}

/** Stores a choice; does nothing if the browser refuses storage. */
export function writeStored(key, value) {
    try {
        localStorage.setItem(key, value);
    } catch {
        // The next page will not know the choice; nothing else is lost.
    }
}
