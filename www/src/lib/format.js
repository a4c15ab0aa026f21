// Numbers, dates and times as a person reads them, in the page's language and in the reporting
// zone.

/** The sign for a missing value. */
export const NOTHING = '—';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * Makes the formatters for one locale (a language tag) and the reporting zone of the API.
 * `justNow` is the text for less than a minute ago.
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
        /** Formats a value that is a percentage already, as the API's values are. */
        percent: unlessMissing((value) => percent.format(value / 100)),
        /** Formats a calendar day, "2026-11-23", in UTC, so that no time zone shifts it. */
        day: unlessMissing((value) => day.format(new Date(`${value}T00:00:00Z`))),
        /** Formats the month of a day, or a month as "2026-11". */
        month: unlessMissing((value) =>
            month.format(new Date(`${value.slice(0, 7)}-01T00:00:00Z`)),
        ),
        shortMonth: unlessMissing((value) =>
            shortMonth.format(new Date(`${value.slice(0, 7)}-01T00:00:00Z`)),
        ),
        instant: unlessMissing((value) => instant.format(new Date(value))),
        /** Formats a number of seconds ago, in the largest unit of which there is at least one. */
        ago: unlessMissing((value) =>
            value < MINUTE ? justNow : relative.format(...relativeParts(value)),
        ),
        duration: unlessMissing((value) =>
            value < MINUTE ? seconds.format(roundDuration(value)) : clock(value),
        ),
    };
}

/** Returns `part` as a percentage of `whole` with one decimal; null if `whole` is 0 or missing. */
export function share(part, whole) {
    return whole ? Math.round((1000 * part) / whole) / 10 : null;
}

/** Returns a time of at least a minute as RelativeTimeFormat takes it: a number and a unit. */
function relativeParts(seconds) {
    if (seconds >= DAY) return [-Math.floor(seconds / DAY), 'day'];
    if (seconds >= HOUR) return [-Math.floor(seconds / HOUR), 'hour'];
    return [-Math.floor(seconds / MINUTE), 'minute'];
}

/** Rounds seconds: times below ten seconds keep a decimal. */
function roundDuration(seconds) {
    return seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds);
}

/** Returns 62 seconds as 1:02, 3,723 seconds as 1:02:03. */
function clock(seconds) {
    const whole = Math.round(seconds);
    const two = (value) => String(value).padStart(2, '0');
    const [hours, minutes] = [Math.floor(whole / HOUR), Math.floor((whole % HOUR) / MINUTE)];
    return hours
        ? `${hours}:${two(minutes)}:${two(whole % MINUTE)}`
        : `${minutes}:${two(whole % MINUTE)}`;
}

/** Returns the seconds from one instant to another; null if one is missing. */
export function secondsBetween(from, to) {
    return from && to ? Math.max(0, (new Date(to) - new Date(from)) / 1000) : null;
}
