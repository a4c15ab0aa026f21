// Puts the usual schedules of cron into words.

const number = (value) => (/^\d+$/.test(value) ? Number(value) : null);

/**
 * Reads a schedule of cron: { everyMinutes }, { hourlyAt: minute } or { dailyAt: [hour, minute] };
 * null for any other.
 */
export function readSchedule(schedule) {
    const [minute, hour, ...days] = schedule.trim().split(/\s+/);
    if (days.join(' ') !== '* * *') return null;
    const everyMinutes = minute.match(/^\*\/(\d+)$/);
    if (hour === '*' && everyMinutes && 60 % Number(everyMinutes[1]) === 0)
        return { everyMinutes: Number(everyMinutes[1]) };
    if (hour === '*' && number(minute) !== null) return { hourlyAt: number(minute) };
    if (number(minute) !== null && number(hour) !== null)
        return { dailyAt: [number(hour), number(minute)] };
    return null;
}

/**
 * Returns the schedule in words; null for an unusual one, for which only cron's notation is shown.
 */
export function scheduleWords(schedule, words) {
    const read = readSchedule(schedule);
    if (!read) return null;
    if (read.everyMinutes) return words.everyMinutes(read.everyMinutes);
    if (read.dailyAt)
        return words.dailyAt(read.dailyAt.map((part) => String(part).padStart(2, '0')).join(':'));
    return words.hourlyAt(read.hourlyAt);
}
