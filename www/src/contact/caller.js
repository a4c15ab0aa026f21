// Who uses the page: the login that the API knows, else the name that they gave in this browser.

import { readRow } from '../lib/api.js';
import { readStored, writeStored } from '../lib/language.js';

const NAME_KEY = 'ngeshare.name';
const CHANNEL_KEY = 'ngeshare.channel';
let pending = null;

/** The row of api.caller: { login, may_note, may_sync }; read once, a failure isn't kept. */
export function readCaller() {
    pending ??= readRow('caller').catch((error) => {
        pending = null;
        throw error;
    });
    return pending;
}

/** The name that was given in this browser. */
export const storedName = () => readStored(NAME_KEY) ?? '';
export const storeName = (name) => writeStored(NAME_KEY, name);

/** How whoever uses this browser last contacted a group. */
export const storedChannel = () => readStored(CHANNEL_KEY);
export const storeChannel = (channel) => writeStored(CHANNEL_KEY, channel);
