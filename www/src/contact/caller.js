// The person who uses the page: the login that the API knows, else the name typed in this browser.

import { readRow } from '../lib/api.js';
import { readStored, writeStored } from '../lib/language.js';

const NAME_KEY = 'ngeshare.name';
const CHANNEL_KEY = 'ngeshare.channel';
let pending = null;

/**
 * Reads the row of api.caller, { login, may_note, may_sync }, once; after a failure it is read
 * again.
 */
export function readCaller() {
    pending ??= readRow('caller').catch((error) => {
        pending = null;
        throw error;
    });
    return pending;
}

/** Read and store the name that was typed in this browser. */
export const storedName = () => readStored(NAME_KEY) ?? '';
export const storeName = (name) => writeStored(NAME_KEY, name);

/** Read and store the channel (such as email) that was last chosen in this browser. */
export const storedChannel = () => readStored(CHANNEL_KEY);
export const storeChannel = (channel) => writeStored(CHANNEL_KEY, channel);
