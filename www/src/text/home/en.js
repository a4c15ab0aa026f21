// The texts of Home in English; see ../en.js.

import { groups, one } from '../words-en.js';

export default {
    attention: 'What needs attention',
    changed: 'What changed in the last 7 days',
    figures: 'Figures',
    trend: {
        title: 'Over time',
        finding: ({ active, before, first, last }) =>
            `${active} active groups on ${last}, ${before} on ${first}.`,
        active: 'Active',
        stalled: 'Stalled',
        graduated: 'Graduated',
        day: 'Day',
        point: ({ day, active, stalled, graduated }) =>
            `${day}: ${active} active, ${stalled} stalled, ${graduated} graduated`,
        from: 'From',
        to: 'To',
        show: 'Show',
        reset: 'The last 53 weeks',
        ignored: 'This range of days can’t be shown: these are the last 53 weeks.',
        rule:
            'What is known now about each day: attendance that was entered late is counted on ' +
            'its day.',
    },
    cards: {
        active: 'Active groups',
        at_risk: 'At risk',
        stalled: 'Stalled',
        rescuable: 'To rescue',
        graduated: 'Graduated',
        graduations_last_month: (month) => `Graduated in ${month}`,
        groups_total: 'All groups',
        active_facilitators: 'Active facilitators',
        new_facilitators_last_month: (month) => `New facilitators in ${month}`,
        alumni_pct: 'Were members first',
    },
    notes: {
        active: (percent) => `${percent} of all groups`,
        at_risk: () => 'active, but on the way to stalling',
        stalled: (percent) => `${percent} of all groups`,
        rescuable: (percent) => `stalled with at least ${percent}% done`,
        graduated: (percent) => `${percent} of all groups`,
        groups_total: (count) => `${count} of them not started`,
        active_facilitators: (days) => `lead a group that met in the last ${days} days`,
        alumni_pct: ([part, whole]) => `${part} of ${whole} facilitators`,
    },
    inMonth: (month) => `in ${month}`,
    onDay: (day) => `on ${day}`,
    compares: {
        number: (n, shown, when) =>
            n === 0 ? `As many as ${when}` : `${shown} ${n > 0 ? 'more' : 'fewer'} than ${when}`,
        percent: (n, shown, when) =>
            n === 0
                ? `The same as ${when}`
                : `${shown} points ${n > 0 ? 'more' : 'less'} than ${when}`,
    },
    changes: {
        NEW: (n, count) => [count, `new ${one(n, 'group', 'groups')}`],
        STARTED: (n, count) => [count, 'met for the first time'],
        RESUMED: (n, count) => [count, 'met again after stalling'],
        STALLED: (n, count) => [count, 'stalled'],
        GRADUATED: (n, count) => [count, 'graduated'],
    },
    changesRule: (day) => `Compared with ${day}. What went back in between is not shown.`,
    findings: {
        rescuable: (n, count, rules) =>
            `${groups(n, count)} ${one(n, 'is', 'are')} stalled with at least ` +
            `${rules.rescue_min_pct}% of the course behind ${one(n, 'it', 'them')}.`,
        at_risk: (n, count) =>
            `${groups(n, count)} still ${one(n, 'meets', 'meet')}, but ` +
            `${one(n, 'is', 'are')} on the way to stalling.`,
        anomalies: (n, count) => `${count} ${one(n, 'anomaly needs', 'anomalies need')} a look.`,
        not_started: (n, count) =>
            `${groups(n, count)} ${one(n, 'is', 'are')} new and ${one(n, 'has', 'have')} ` +
            'not met yet.',
        awaiting: (n, count, rules) =>
            `${groups(n, count)} graduated in the last ${rules.link_days} days and may ` +
            'still go on to the next course.',
        continued: (n, count) =>
            `${groups(n, count)} went on to the next course after ` +
            `${one(n, 'its', 'their')} graduation.`,
    },
    fine: {
        rescuable: () => 'No group is stalled near the end of its course.',
        at_risk: () => 'No active group is on the way to stalling.',
        anomalies: () => 'No group breaks a rule that needs a look.',
    },
    next: 'Contact next',
    nobodyNext: 'Nobody is waiting to be contacted.',
    silent: (n, days) => `${days} ${one(n, 'day', 'days')} without a meeting`,
    stalls: (n, days) => (n === 0 ? 'stalls today' : `stalls in ${days} ${one(n, 'day', 'days')}`),
};
