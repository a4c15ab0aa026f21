// The texts of "To contact", of messages and of follow-ups, in English. Functions get formatted
// values; `n` is the plain number.

import { groups, one } from '../words-en.js';

export default {
    copy: 'Copy',
    copyOf: (contact) => `Copy ${contact}`,
    copied: 'Copied',
    notCopied: 'Select it and copy it by hand',
    tabs: 'Which groups',
    rescue: {
        tab: 'Rescue list',
        caption: 'Groups to rescue',
        count: (n, count) => `${groups(n, count)} to rescue`,
        empty: (rules) =>
            'No group needs rescuing. That is good news: none is stalled with at least ' +
            `${rules.rescue_min_pct}% of its course behind it.`,
        rule: (rules) =>
            `Stalled (no meeting for more than ${rules.active_days} days) with at least ` +
            `${rules.rescue_min_pct}% of the course behind them.`,
    },
    atRisk: {
        tab: 'At risk',
        caption: 'Groups at risk',
        count: (n, count) => `${groups(n, count)} at risk`,
        empty: 'No group is at risk. That is good news: all active groups meet as often as usual.',
        rule: (rules) =>
            `Still active, but without a meeting for half of the ${rules.active_days} days ` +
            'after which a group counts as stalled, or for more than twice as long as ' +
            'usual.',
    },
    states: {
        label: 'Contact',
        all: 'All',
        NEW: 'Not contacted',
        DUE: 'Contact again',
        WAITING: 'Waiting',
        CLOSED: 'Closed',
    },
    stateMeans: {
        NEW: 'Not contacted: nobody has contacted the group since its last meeting.',
        DUE:
            'Contact again: the day that was set has come, 14 days have passed, or the contact ' +
            'was wrong.',
        WAITING: 'Waiting: it was contacted in the last 14 days, or a later day was set.',
        CLOSED: 'Closed: the last follow-up says that the group has ended.',
    },
    lastFollowUp: (outcome, day, who) => `${outcome}, ${day}, ${who}`,
    nextOn: (day) => `again on ${day}`,
    often: (n, count) => `${count} follow-ups`,
    byFacilitator: 'Group by facilitator',
    noFacilitator: 'No facilitator',
    groupsOf: (n, count) => groups(n, count),
    usually: (days) => `usually every ${days} days`,
    met: (count) => `met ${count} times`,
    actions: 'Contact',
    email: 'Email',
    emailTo: (group) => `Email about ${group}`,
    emailAll: (n, count) => `Email about ${n === 2 ? 'both' : `all ${count}`} groups`,
    note: 'Note',
    noteOn: (group) => `Note a follow-up for ${group}`,
    noAddress: {
        unknown: 'No address of a facilitator.',
        wrong: 'The last follow-up says that the facilitator’s address is wrong.',
    },
    askMember: (who, n, count) =>
        `${n > 0 ? `Comes most often (${count} ${one(n, 'day', 'days')})` : 'Longest a member'}: ` +
        `${who}`,
    nobody: 'No member’s address is known either.',
    copyAll: 'Copy addresses',
    copiedAll: (n, count, lacking) =>
        `${count} ${one(n, 'address', 'addresses')} ` +
        `copied.${lacking ? ` ${lacking} of the groups have none.` : ''} Paste them as ` +
        'blind copies (Bcc).',
    noneToCopy: 'None of these groups has an address.',
    copyByHand: 'The browser doesn’t let this page copy. Copy the addresses from here:',
    chanceUnknown: 'too few such silences to say',
    chances: (value) => (value === 'unknown' ? 'too few to say' : `at least ${value}%`),
    chanceWhat:
        'Chance: of the silences of this course that lasted as long, the share after which the ' +
        'group met again within the next 28 days. It is no verdict on a group.',
    message: {
        subject: (group) => `${group}: when do you meet next?`,
        subjectMany: (count) => `Your ${count} groups: when do they meet next?`,
        hello: 'Hello,',
        toMember: 'we write to you as a member, because we can’t reach the facilitator:',
        last: (group, course, day) => `your group “${group}” (${course}) last met on ${day}.`,
        never: (group, course) => `your group “${group}” (${course}) has not met yet.`,
        many: 'these groups of yours have not met for a while:',
        lineLast: (group, course, day) => `- ${group} (${course}): last met on ${day}`,
        lineNever: (group, course) => `- ${group} (${course}): has not met yet`,
        rest: (n, count) => `and ${count} more`,
        left: (n, count) => `Only ${count} ${one(n, 'episode is', 'episodes are')} left.`,
        ask: 'How are you? Is there anything that we can do, so that you can meet again?',
        askMany: 'How are they? Is there anything that we can do, so that they can meet again?',
        thanks: 'Thank you!',
    },
    form: {
        title: 'Note a follow-up',
        name: 'Your name',
        nameWhy: 'Nobody logs in here, so the name is shown as you write it.',
        what: 'What happened? A sentence is enough.',
        hint: 'Everybody who can open this page can read it. Write nothing private.',
        channel: 'How',
        next: 'Again on (if you like)',
        save: 'Save as',
        cancel: 'Cancel',
        nameMissing: 'Write your name first.',
        saving: 'Saving…',
        saved: (group, outcome) => `Noted for ${group}: ${outcome}.`,
        undo: 'Undo',
        undone: 'The follow-up was withdrawn.',
        notSaved: 'It was not saved.',
        mayNot: 'You may look, but not note follow-ups.',
        notInPast: 'You are looking at an earlier day. Go back to today to note a follow-up.',
    },
    channels: {
        email: 'email',
        whatsapp: 'WhatsApp',
        phone: 'phone',
        in_person: 'in person',
        other: 'other',
    },
    outcomes: {
        no_answer: 'No answer yet',
        will_meet: 'Will meet',
        paused: 'Taking a break',
        closed: 'Group has ended',
        wrong_contact: 'Wrong contact',
    },
    followUps: {
        title: 'Follow-ups',
        count: (n, count) => `${count} ${one(n, 'follow-up', 'follow-ups')}`,
        none: 'Nobody has noted a follow-up for this group.',
        when: 'When',
        who: 'Who',
        how: 'How',
        outcome: 'Outcome',
        note: 'Note',
        noNote: 'no words',
        next: 'Again on',
        noNext: 'no day was set',
        unverified: 'name as typed',
        withdraw: 'Withdraw',
        withdrawOf: (day, who) => `Withdraw the follow-up of ${day}, ${who}`,
        sureWhat: 'It no longer counts. Who withdrew it, and when, is kept.',
        keep: 'Keep it',
    },
    effect: {
        title: 'Did it help?',
        caption: 'Groups that were contacted, by course',
        all: 'All courses',
        contacted: 'Contacted',
        metAgain: 'Met again within 28 days',
        share: 'Of the contacted',
        expected: 'Similar silences without a follow-up',
        tooFew: 'too few to say',
        interval: (low, high) => `${low} to ${high}`,
        none: 'Nothing to compare yet: a follow-up counts here 28 days after it was noted.',
        rule:
            'This is a comparison and no proof: the groups that were contacted were chosen, ' +
            'and may differ from the others. Below 50 contacted groups there are too few to ' +
            'say. The range is where the true share lies with 95% confidence.',
    },
};
