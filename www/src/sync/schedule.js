// The schedule of the sync in words, where it is one of the usual ones.

const number = (value) => (/^\d+$/.test(value) ? Number(value) : null);

/** What one schedule of cron says: {every} in minutes or hours, or {daily} at a time; else null. */
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

/** The schedule in words; null where it is an unusual one, which only cron's own notation tells. */
export function scheduleWords(schedule, words) {
    const read = readSchedule(schedule);
    if (!read) return null;
    if (read.everyMinutes) return words.everyMinutes(read.everyMinutes);
    if (read.dailyAt)
        return words.dailyAt(read.dailyAt.map((part) => String(part).padStart(2, '0')).join(':'));
    return words.hourlyAt(read.hourlyAt);
}
