// The texts of Quality in English; see ../en.js.

import { one } from '../words-en.js';

export default {
    details: {
        NEEDS_FACILITATOR: () => 'It has no facilitator’s record of a user.',
        MULTIPLE_FACILITATORS: ({ facilitators }) =>
            `${facilitators} users have a facilitator’s record.`,
        MEMBER_COUNT_OUT_OF_RANGE: ({ members }) => `It has ${members} members, not 2 to 5.`,
        EPISODE_BEYOND_MAX: ({ episode, episodes }) =>
            `It attended episode ${episode} of ${episodes}.`,
        FOREIGN_EPISODE: ({ days }) =>
            `On ${days} days somebody attended an episode of another course.`,
        NO_PREDECESSOR: () => 'No related group of an earlier course explains where it came from.',
        FUTURE_ATTENDANCE: ({ day }) => `Somebody attended on ${day}, which is yet to come.`,
    },
    notGraduated: ({ started_on: day, course, group_id: id, other_started_on: other }) =>
        `It started on ${day}; group ${id} of ${course}, which started on ${other}, has ` +
        'not graduated.',
    graduated: ({ started_on: day, course, group_id: id, graduated_on: graduated }) =>
        `It started on ${day}; group ${id} of ${course} graduated on ${graduated}.`,
    named: 'Value',
    meanings: {
        null_values: 'The column is empty in these rows.',
        orphan_reference: 'They point to rows that are not here, and wait in quarantine.',
        quarantine: 'They can’t be stored here as they are, and wait in quarantine.',
        drift: 'The table in production is no longer as it was when it was connected.',
        end_before_start:
            'The group ends before it starts. Its start counts as planned; its end decides ' +
            'nothing.',
        updated_before_created:
            'The sync mirrors the row nevertheless, because it compares contents.',
        deleted_before_created: 'The user is shown as deleted from that time on.',
        in_future: 'It does not count before then.',
        attendance_before_group:
            'Somebody attended before the group was made. ' +
            'The attendance counts from when the group exists.',
        joined_before_group:
            'Somebody joined more than a day before the group was made. ' +
            'The membership counts from when the group exists.',
        joined_at_null: 'Every answer ignores the membership.',
        implausible_date: 'Before the year 2000 it is a typing error: every answer ignores it.',
        ignored_person:
            'Every answer ignores the membership: it names neither a user nor an address.',
        group_without_hangout: 'The group has no course.',
        duplicate_email: 'Each of these users is a person of its own.',
        near_miss_course:
            'The course’s name is nearly one of the curriculum, so its groups are not counted.',
        role_seen: 'Only members and facilitators count; other roles are ignored.',
        membership_status_seen: 'It decides nothing.',
        group_status_seen: 'It decides nothing.',
        place_spelling: 'If they are one place, its groups are counted apart.',
    },
    forecast: {
        title: 'How good the forecast is',
        finding: ({ course, forecast, observed, isUseful }) =>
            `${course}: ${forecast} forecast on average, ${observed} met again. ` +
            (isUseful ? 'Better' : 'No better') +
            ' than always saying the average.',
        tooFew: (course, n, count) =>
            `${course}: ${count} ${one(n, 'forecast', 'forecasts')}, too few to say.`,
        bin: (from, to) => `${from} to ${to}%`,
        point: ({ bin, observed, n, count }) =>
            `Forecast ${bin}: ${observed} met again, of ${count} ` +
            `${one(n, 'forecast', 'forecasts')}`,
        across: 'Forecast',
        upwards: 'Met again within 28 days',
        forecasts: 'Forecasts',
        few: 'too few forecasts to say',
        none: 'There is no forecast yet whose 28 days are over.',
        rule:
            'What was forecast at the last 12 month ends whose 28 days are over, for each ' +
            'group that had been silent for 1 to 180 days. Points on the slanted line came ' +
            'true as often as was forecast; a larger point has more forecasts. Points of fewer ' +
            'than 20 are left out.',
    },
    kinds: 'Checks',
    anomalies: 'Groups that break a rule',
    data: 'Findings in the data',
    count: (n, count) => `${count} ${one(n, 'anomaly', 'anomalies')}`,
    findingCount: (n, count) => `${count} ${one(n, 'finding', 'findings')}`,
    where: 'Where',
    none: 'none',
    means: 'What it means',
    remedy: 'What to do',
    noAnomalies: 'No group breaks a rule. That is good news.',
    noFindings: 'Nothing is odd in the data. That is good news.',
    dataRule:
        'Each finding counts its rows in the database and names one of them. It is mended ' +
        'in production, where the data is kept; the next sync brings it here.',
    dataNow: 'The findings are always those of the last sync, whatever day you look at.',
    advice: {
        NEEDS_FACILITATOR: ['Nobody with a user account leads it.', 'Name a facilitator.'],
        MULTIPLE_FACILITATORS: [
            'Several people have led it; the one who joined first counts.',
            'End the records that are wrong.',
        ],
        MEMBER_COUNT_OUT_OF_RANGE: [
            'It has fewer than 2 or more than 5 members.',
            'Merge or split the group, or add the members who are missing.',
        ],
        SKIPPED_COURSE: [
            'It came from a group of an earlier course than the one before.',
            'Ask the facilitator: a wrong date or a wrong facilitator looks the same.',
        ],
        EARLY_START: [
            'It began well before the group it came from had graduated.',
            'Ask the facilitator: a wrong date or a wrong facilitator looks the same.',
        ],
        NO_PREDECESSOR: [
            'No group of the course before went on as this one.',
            'Nothing: often they are new people.',
        ],
        LATE_START: [
            'It began long after the group it came from had graduated.',
            'Ask the facilitator: a wrong date or a wrong facilitator looks the same.',
        ],
        FOREIGN_EPISODE: [
            'It attended an episode of another course: that is activity, but no progress.',
            'Move the attendance to the right episode.',
        ],
        EPISODE_BEYOND_MAX: [
            'It attended an episode of its own course after the last one.',
            'Correct the course’s number of episodes, or the episode’s place.',
        ],
        FUTURE_ATTENDANCE: [
            'It has attendance that lies in the future.',
            'Correct the time of the attendance.',
        ],
    },
    findingAdvice: {
        null_values: 'Nothing, unless a column surprises.',
        orphan_reference: 'Restore what the row points to, or delete the row.',
        quarantine: 'Restore what the row points to, or delete it; each sync tries it again.',
        drift: 'Tell who runs this database: the extension may need an update.',
        end_before_start: 'Correct the dates.',
        updated_before_created: 'Nothing: a sync compares contents, not times of change.',
        deleted_before_created: 'Correct the time of deletion.',
        in_future: 'Correct the date.',
        attendance_before_group: 'Correct when the group was created.',
        joined_before_group: 'Correct when the group was created.',
        joined_at_null: 'Fill in when they joined.',
        implausible_date: 'Correct the date; until then it counts for nothing.',
        ignored_person: 'Link the record to a user.',
        group_without_hangout: 'Set the group’s course.',
        duplicate_email:
            'Merge the users; until then members may not be recognised in the next course.',
        near_miss_course: 'Rename it, or add the name to the list of courses.',
        role_seen: 'Correct a role that is neither MEMBER nor FACILITATOR.',
        membership_status_seen: 'Nothing: it decides nothing.',
        group_status_seen: 'Nothing: it decides nothing.',
        place_spelling: 'Choose one spelling of the place for all of its groups.',
    },
};
