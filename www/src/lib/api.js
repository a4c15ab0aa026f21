// The client of the API under /api/: reads, calls of functions, and errors that say what went
// wrong.

const BASE = '/api/';
const TIMEOUT_MS = 30_000;
const LONGEST_RETRY_S = 5;

let clockOffset = 0;
let asOf = null;
let generation = null;
let onNewGeneration = () => {};
const shared = new Map();

/** Makes later reads of rows ask for answers as of a day; null means as of the last sync. */
export function answerAsOf(day) {
    asOf = day;
}

/** Sets what is called when an answer comes from a newer snapshot than the answers before it. */
export function listenForGeneration(callback) {
    onNewGeneration = callback;
}

/** Notes the generation of the snapshot that an answer was read from. */
function noteGeneration(response) {
    const seen = Number(response.headers.get('Snapshot-Generation') ?? NaN);
    if (!Number.isFinite(seen) || seen <= generation) return;
    const isNewer = generation !== null;
    generation = seen;
    if (isNewer) onNewGeneration();
}

/**
 * Returns the time by the server's clock, so that a wrong clock in the browser makes no run look
 * dead.
 */
export function serverNow() {
    return Date.now() + clockOffset;
}

/**
 * The error for an answer other than 2xx, for an answer that can't be understood, or for no answer
 * at all (status 0). `kind` is the key of its words in the texts.
 */
export class ApiError extends Error {
    constructor(status, body) {
        super(body?.message ?? '');
        this.status = status;
        this.code = body?.code ?? (status ? `HTTP ${status}` : null);
        this.details = body?.details ?? null;
        this.hint = body?.hint ?? null;
        this.kind = kindOf(status, body?.code);
    }
}

const KINDS_BY_CODE = {
    57014: 'timeout',
    NG001: 'running',
    NG004: 'tooMany',
    55000: 'notReady',
    PGRST103: 'beyond',
};
const KINDS_BY_STATUS = {
    0: 'network',
    400: 'refused',
    401: 'notSignedIn',
    403: 'notAllowed',
    404: 'missing',
    409: 'conflict',
    429: 'busy',
    502: 'down',
    503: 'down',
    504: 'down',
};

/** Returns the kind of an error: each kind has words of its own. */
function kindOf(status, code) {
    return KINDS_BY_CODE[code] ?? KINDS_BY_STATUS[status] ?? 'server';
}

/**
 * Reads rows of a view. `query` has PostgREST's parameters (order, limit, filters), as an object or
 * as pairs. With `count`, `total` is the number of all rows that match.
 */
export async function readRows(view, query = {}, { signal, count = false } = {}) {
    const parameters = new URLSearchParams(query).toString();
    const headers = { ...(count && { Prefer: 'count=exact' }), ...(asOf && { 'As-Of': asOf }) };
    const response = await send(`${view}${parameters && `?${parameters}`}`, { headers, signal });
    const total = Number(response.headers.get('Content-Range')?.split('/')[1]);
    return {
        rows: await readBody(response),
        total: count && Number.isFinite(total) ? total : null,
    };
}

/**
 * Reads rows that several parts of a page read at the same time: they share one request. It is not
 * aborted when one part no longer needs it. Parts that read again because a newer snapshot was seen
 * do not share a request that was sent before.
 */
export function readShared(view, query) {
    const key = JSON.stringify([view, query, asOf, generation]);
    if (!shared.has(key)) {
        shared.set(
            key,
            readRows(view, query).finally(() => shared.delete(key)),
        );
    }
    return shared.get(key);
}

/** Reads the first row of a view; null if there is none. */
export async function readRow(view, query, options) {
    const { rows } = await readRows(view, query, options);
    return rows[0] ?? null;
}

/**
 * Reads rows synchronously, for printing: the browser does not wait for an asynchronous request
 * before it prints. Throws an error if the rows can't be read.
 */
export function readRowsNow(view, query = {}) {
    const request = new XMLHttpRequest();
    request.open('GET', `${BASE}${view}?${new URLSearchParams(query)}`, false);
    if (asOf) request.setRequestHeader('As-Of', asOf);
    request.send();
    if (request.status !== 200) throw new ApiError(request.status, { message: request.statusText });
    return JSON.parse(request.responseText);
}

/** Reads a file of the API as text. Any status but 200 is an error, also 206 (incomplete). */
export async function readFile(path) {
    const response = await fetch(path, { cache: 'no-store' });
    if (response.status !== 200) throw await errorOf(response);
    return response.text();
}

/**
 * Calls a function that changes something. The API requires the header X-Ngeshare, which forms on
 * other sites cannot send.
 */
export async function callFunction(name, parameters = {}) {
    const headers = { 'Content-Type': 'application/json', 'X-Ngeshare': 'sync' };
    const response = await send(`rpc/${name}`, {
        method: 'POST',
        headers,
        body: JSON.stringify(parameters),
    });
    return response.status === 204 ? null : readBody(response);
}

/**
 * Sends a request. If PostgREST or the database does not answer a read (a 503), and Retry-After is
 * at most LONGEST_RETRY_S, the read is tried once more after that time.
 */
async function send(path, options) {
    const response = await sendOnce(path, options);
    if (response.ok) return response;
    const wait = Number(response.headers.get('Retry-After') ?? NaN);
    if (response.status === 503 && !options.method && wait <= LONGEST_RETRY_S) {
        await new Promise((resolve) => setTimeout(resolve, wait * 1000));
        const second = await sendOnce(path, options);
        if (second.ok) return second;
        throw await errorOf(second);
    }
    throw await errorOf(response);
}

/**
 * Sends a request once: sets a time limit, notes the server's clock, and turns a lost connection
 * into an ApiError.
 */
async function sendOnce(path, { signal, ...options }) {
    const limit = AbortSignal.timeout(TIMEOUT_MS);
    const signals = signal ? AbortSignal.any([signal, limit]) : limit;
    try {
        const response = await fetch(BASE + path, {
            ...options,
            signal: signals,
            cache: 'no-store',
        });
        const date = Date.parse(response.headers.get('Date') ?? '');
        if (Number.isFinite(date)) clockOffset = date - Date.now();
        noteGeneration(response);
        return response;
    } catch (error) {
        if (signal?.aborted) throw error;
        // The browser's own message would be in the browser's language, and add nothing.
        throw new ApiError(0, { message: '', code: limit.aborted ? '57014' : undefined });
    }
}

/** Reads the body as JSON. Any other body comes from a wrong server, so it is an error. */
async function readBody(response) {
    try {
        return await response.json();
    } catch {
        throw new ApiError(response.status, {
            message: response.headers.get('Content-Type') ?? '',
        });
    }
}

/**
 * Makes an error from an answer that is no success, with the server's own words if it sent some.
 */
async function errorOf(response) {
    try {
        return new ApiError(response.status, await response.json());
    } catch {
        return new ApiError(response.status, { message: response.statusText });
    }
}
