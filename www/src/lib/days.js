// Calendar days and months as text: "2026-03-31", "2026-03". They have no time zone, so they are
// computed in UTC.

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;
const MONTH = /^(\d{4})-(\d{2})$/;

/** The earliest day that can be looked back to. Answers ignore attendance before it. */
export const EARLIEST_DAY = '2000-01-01';

/** Tells whether a text is a day of the calendar. */
export function isDay(value) {
    if (!DAY.test(value ?? '')) return false;
    const time = new Date(`${value}T00:00:00Z`);
    return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(value);
}

/** Tells whether a text is a month of the calendar. */
export function isMonth(value) {
    return MONTH.test(value ?? '') && isDay(`${value}-01`);
}

/** Returns the first day of the month that is `steps` months after `value`, a month or a day. */
export function firstOfMonth(value, steps = 0) {
    const [year, month] = value.split('-').map(Number);
    return new Date(Date.UTC(year, month - 1 + steps, 1)).toISOString().slice(0, 10);
}

/** Returns the day that is `days` days after another. */
export function dayAfter(day, days) {
    const time = new Date(`${day}T00:00:00Z`);
    time.setUTCDate(time.getUTCDate() + days);
    return time.toISOString().slice(0, 10);
}

/** Returns the month of a day. */
export function monthOf(day) {
    return day.slice(0, 7);
}

/** Returns the calendar day of an instant in a time zone. */
export function dayIn(zone, instant) {
    const parts = new Intl.DateTimeFormat('en-CA', {
        timeZone: zone,
        year: 'numeric',
        month: '2-digit',
        day: '2-digit',
    }).formatToParts(new Date(instant));
    const of = (type) => parts.find((part) => part.type === type).value;
    return `${of('year')}-${of('month')}-${of('day')}`;
}
