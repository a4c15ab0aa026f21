// The texts of the groups' and facilitators' lists and of their own pages, in English; see
// ../en.js.

import { groups, one } from '../words-en.js';

export default {
    groupsPage: {
        caption: 'Groups',
        count: groups,
        empty: 'There is no group in the curriculum.',
        one: 'Group',
        all: 'All groups',
        why: 'Why this status',
        timeline: 'Meetings',
        roster: 'People',
        kin: 'Before and after',
        unknown: (day) => `On ${day} there is no group with this id:`,
        unknownWhy:
            'It may not exist yet on that day, or not any more, or its course isn’t part ' +
            'of the curriculum.',
        unknownShort: 'There is no such group.',
        neverMet: 'This group has never met: no attendance is known.',
        episodes: (reached, whole) => `episode ${reached} of ${whole}`,
        bothRoles: (n) =>
            `(${n} more ${one(n, 'is a member and leads', 'are members and lead')} it, too)`,
        reasons: {
            GRADUATED: (group, format) =>
                'Graduated: it attended episode ' +
                `${format.number(group.max_episode_reached)} of ` +
                `${format.number(group.max_episodes)}; the last one first on ` +
                `${format.day(group.graduated_on)}.`,
            ACTIVE: (group, format, rules) =>
                `Active: it last met ${format.number(group.days_inactive)} ` +
                `${one(group.days_inactive, 'day', 'days')} ago; up to ` +
                `${rules.active_days} count as active.`,
            STALLED: (group, format, rules) =>
                `Stalled: it last met ${format.number(group.days_inactive)} days ago; more ` +
                `than ${rules.active_days} count as stalled.`,
            NOT_STARTED_NEVER_MET: (group, format, rules) =>
                'Not started: it has never met, and was planned to start on ' +
                `${format.day(group.started_on)}; up to ${rules.active_days} days after ` +
                'that it counts as not started.',
            STALLED_NEVER_MET: (group, format, rules) =>
                'Stalled: it has never met, although it was planned to start on ' +
                `${format.day(group.started_on)}, more than ${rules.active_days} days ago.`,
        },
        fact: 'Fact',
        value: 'Value',
        because: 'Why',
        sentences: {
            progress_pct: ({ reached, whole }) =>
                `Episode ${reached} of ${whole} is the furthest of its own course that ` +
                'somebody attended.',
            total_meetings: ({ first, last }) =>
                first ? `Days with attendance, from ${first} to ${last}.` : 'Days with attendance.',
            started_on: ({ first }) =>
                first ? 'Its first meeting.' : 'Its planned start, as it has never met.',
            facilitator_id: ({ facilitator }) =>
                facilitator
                    ? 'Of the users with a facilitator’s record the first to join.'
                    : 'No user has a facilitator’s record.',
            member_count: () =>
                'Different people with a member’s record and no facilitator’s record.',
            is_rescuable: ({ rescueFrom }) =>
                `The rescue list has stalled groups from ${rescueFrom}% of their course on.`,
        },
        linked: ({ course, days, members, percent }) =>
            `${course}, ${days} days after the graduation, with the same facilitator and ` +
            `${members} members in both, ${percent} of the smaller group.`,
        facts: {
            facilitator_id: 'Facilitator',
            is_rescuable: 'On the rescue list',
            went_on_as: 'Went on as',
            came_from: 'Came from',
            anomaly: 'Anomaly',
        },
        role: 'Role',
        joined: 'Joined',
        comes: 'Still comes',
        comesUnknown: 'attendance that old is not kept person by person',
        people: (n, count) => `${count} ${one(n, 'person or role', 'people and roles')}`,
        nobody: 'Nobody belongs to this group.',
        cameFrom: 'Came from',
        cameFromNone: 'No earlier group is known that these people came from.',
        wentOn: 'Went on as',
        wentOnNone: 'It has not been found again in a next course.',
    },
    timeline: {
        finding: ({ days: [n, days], first, last, steps: [m, steps], reached, whole }) =>
            n === 1
                ? `Met on one day, ${first}, and reached episode ${reached} of ${whole}.`
                : `Met on ${days} days from ${first} to ${last}; ${steps} ` +
                  `${one(m, 'meeting', 'meetings')} brought it further, to episode ` +
                  `${reached} of ${whole}.`,
        goal: (episode) => `Graduates at episode ${episode}`,
        marks: {
            milestone: 'brought it further',
            own: 'met, no further',
            foreign: 'another course’s episode',
        },
        day: 'Day',
        episode: 'Episode',
        title: 'Title',
        attendances: 'Attendances',
        milestone: 'Brought it further',
        own: 'Own course',
        noEpisode: 'the episode is not there any more',
        episodeOf: (episode, title) => `episode ${episode}${title && `, ${title}`}`,
    },
    facilitatorsPage: {
        caption: 'Facilitators',
        count: (n, count) => `${count} ${one(n, 'facilitator', 'facilitators')}`,
        empty: 'There is no facilitator.',
        growth: 'How many there are',
        list: 'All facilitators',
        figures: {
            total_facilitators: 'All facilitators',
            active_facilitators: 'Active',
            alumni_facilitators: 'Were members first',
        },
        ofAll: (percent, total) => `${percent} of ${total}`,
        counted: {
            total_facilitators: () => 'who lead or led a group, in the curriculum or not',
            active_facilitators: (rules) =>
                `lead a group of the curriculum that met in the last ${rules.active_days} ` +
                'days, graduated or not',
            alumni_facilitators: () =>
                'joined a group as a member before they last became a facilitator',
        },
    },
    facilitator: {
        title: 'Facilitator',
        all: 'All facilitators',
        unknown: 'On this day there is no facilitator with this id:',
        asMember: 'as a member',
        statuses: {
            ACTIVE: 'Active groups',
            STALLED: 'Stalled groups',
            GRADUATED: 'Graduated groups',
            NOT_STARTED: 'Groups not started',
        },
        emailStalled: (n, count) =>
            `Email about ${n === 1 ? 'the stalled group' : `the ${count} stalled groups`}`,
        groups: 'Groups',
        noGroups: 'No group of the curriculum has this facilitator.',
        life: 'From start to end',
        lifeOf: (start, end) => (end ? `${start} to ${end}` : `${start}, no meeting yet`),
        noNotes: 'Nobody has noted a follow-up for these groups.',
    },
    newcomers: {
        title: 'New ones, month by month',
        span: 'Months',
        spans: { 12: 'the last 12', 24: 'the last 24', all: 'all' },
        soFar: 'so far',
        new: (n, count) => `${count} new ${one(n, 'facilitator', 'facilitators')}`,
        newOnes: 'New',
        allOnes: 'All, up to its end',
        noWholeMonth: 'New facilitators by month; a comparison needs two whole months.',
        finding: ({ n, count, month, difference, shown, before }) =>
            `${count} new ${one(n, 'facilitator', 'facilitators')} in ${month}, ${
                difference === 0
                    ? 'as many as'
                    : `${shown} ${difference > 0 ? 'more' : 'fewer'} than`
            } in ${before}.`,
        rule:
            'A facilitator is new in the month in which they first led any group. The hatched ' +
            'month isn’t over: it counts only so far, and isn’t compared.',
    },
    journey: {
        all: 'All members',
        caption: 'The groups, in the order of joining',
        courses: 'Course by course',
        empty: 'This user is in no group of the curriculum.',
        unknown: (id) => `There is no user “${id}”, or there was none on this day.`,
        leads: 'As a facilitator in',
        asFacilitator: '(see the facilitator)',
        leading: 'leads it',
        role: 'As',
        roles: {
            MEMBER: 'member',
            FACILITATOR: 'facilitator',
            'MEMBER, FACILITATOR': 'member and facilitator',
        },
        joined: 'Joined',
        joinedAtNoTime: 'the record has no time',
        completed: 'Completed',
        rule:
            'A course is completed when the group graduated and the member had joined it by ' +
            'then. Who joined later has not completed it.',
        places: {
            completed: ({ day }) => `completed on ${day}`,
            underWay: ({ percent }) => `under way, ${percent}`,
            stalled: ({ percent }) => `stalled at ${percent}`,
            notStarted: () => 'the group has not started',
            joinedLate: () => 'joined after its graduation',
            none: 'not joined',
        },
    },
};
