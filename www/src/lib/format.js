// Numbers, dates and times as a person reads them: in the page's language, and always in the
// reporting zone.

/** What stands where there is no value. */
export const NOTHING = '—';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * Makes the formatters for one locale (a language tag) and one zone (as in api.home); `justNow` is
 * the word for less than a minute.
 */
export function createFormat(locale, zone, justNow) {
    const number = new Intl.NumberFormat(locale);
    const percent = new Intl.NumberFormat(locale, {
        style: 'percent',
        minimumFractionDigits: 1,
        maximumFractionDigits: 1,
    });
    const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' });
    const month = new Intl.DateTimeFormat(locale, {
        month: 'long',
        year: 'numeric',
        timeZone: 'UTC',
    });
    const shortMonth = new Intl.DateTimeFormat(locale, { month: 'short', timeZone: 'UTC' });
    const instant = new Intl.DateTimeFormat(locale, {
        dateStyle: 'medium',
        timeStyle: 'short',
        timeZone: zone,
    });
    const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'always' });
    const seconds = new Intl.NumberFormat(locale, {
        style: 'unit',
        unit: 'second',
        unitDisplay: 'narrow',
        maximumFractionDigits: 1,
    });
    const unlessMissing = (show) => (value) =>
        value === null || value === undefined ? NOTHING : show(value);
    return {
        zone,
        number: unlessMissing((value) => number.format(value)),
        /** A value that is a percentage already, as the API's are. */
        percent: unlessMissing((value) => percent.format(value / 100)),
        /** A calendar day, "2026-11-23": it has no zone, so none may move it. */
        day: unlessMissing((value) => day.format(new Date(`${value}T00:00:00Z`))),
        /** The month of a day, or of "2026-11". */
        month: unlessMissing((value) =>
            month.format(new Date(`${value.slice(0, 7)}-01T00:00:00Z`)),
        ),
        shortMonth: unlessMissing((value) =>
            shortMonth.format(new Date(`${value.slice(0, 7)}-01T00:00:00Z`)),
        ),
        instant: unlessMissing((value) => instant.format(new Date(value))),
        /** Seconds in the past, in the largest unit of which there is one. */
        ago: unlessMissing((value) =>
            value < MINUTE ? justNow : relative.format(...relativeParts(value)),
        ),
        duration: unlessMissing((value) =>
            value < MINUTE ? seconds.format(roundDuration(value)) : clock(value),
        ),
    };
}

/**
 * The share of `part` in `whole` as a percentage with one decimal; null where there is no whole.
 */
export function share(part, whole) {
    return whole ? Math.round((1000 * part) / whole) / 10 : null;
}

/** A stretch of at least a minute as RelativeTimeFormat wants it. */
function relativeParts(seconds) {
    if (seconds >= DAY) return [-Math.floor(seconds / DAY), 'day'];
    if (seconds >= HOUR) return [-Math.floor(seconds / HOUR), 'hour'];
    return [-Math.floor(seconds / MINUTE), 'minute'];
}

/** Short times keep a decimal, longer ones don't need it. */
function roundDuration(seconds) {
    return seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds);
}

/** 62 seconds as 1:02, 3,723 as 1:02:03. */
function clock(seconds) {
    const whole = Math.round(seconds);
    const two = (value) => String(value).padStart(2, '0');
    const [hours, minutes] = [Math.floor(whole / HOUR), Math.floor((whole % HOUR) / MINUTE)];
    return hours
        ? `${hours}:${two(minutes)}:${two(whole % MINUTE)}`
        : `${minutes}:${two(whole % MINUTE)}`;
}

/** The seconds from one instant of the API to another, or null. */
export function secondsBetween(from, to) {
    return from && to ? Math.max(0, (new Date(to) - new Date(from)) / 1000) : null;
}
