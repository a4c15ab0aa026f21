// What the filters in a list's address mean to PostgREST. A filter is { type, conditions(value) }:
// `type` says how its value is put into words; `conditions` returns PostgREST's pairs, or null if
// the value makes no sense.

import { firstOfMonth, isDay, isMonth } from '../lib/days.js';
import { NO_PLACE } from '../lib/place.js';

/** The longest text that can be searched for. The rest of a longer text is ignored. */
export const LONGEST_SEARCH = 200;

/** A search uses this many words and ignores the rest. */
const MOST_WORDS = 8;

/** Makes a filter: the column is exactly this text. */
export const text = (column) => ({
    type: 'text',
    conditions: (value) => (value === '' ? null : [[column, `eq.${value}`]]),
});

/** Makes a filter: the column is one of a few words; `words` is the key of their texts. */
export const word = (column, values, words) => ({
    type: 'word',
    words,
    values,
    conditions: (value) => (values.includes(value) ? [[column, `eq.${value}`]] : null),
});

/** Makes a filter: the column is compared with a whole number by eq, gte or lte. */
export const number = (column, operator = 'eq') => ({
    type: 'number',
    conditions: (value) => (/^\d{1,9}$/.test(value) ? [[column, `${operator}.${value}`]] : null),
});

/** Makes a filter with the values "yes" and "no", and one condition for each. */
const yesOrNo = (column, yes, no) => ({
    type: 'yesNo',
    values: ['yes', 'no'],
    conditions: (value) =>
        value === 'yes' ? [[column, yes]] : value === 'no' ? [[column, no]] : null,
});

/** Makes a filter: "yes" if the column is true, "no" if it is false. NULL matches neither. */
export const flag = (column) => yesOrNo(column, 'is.true', 'is.false');

/** Makes a filter: "yes" if the column has a value, "no" if it is NULL. */
export const present = (column) => yesOrNo(column, 'not.is.null', 'is.null');

/** Makes a filter: the column is not before a given day, or not before a given month begins. */
export const from = (column) => ({
    type: 'period',
    conditions: (value) =>
        isDay(value)
            ? [[column, `gte.${value}`]]
            : isMonth(value)
              ? [[column, `gte.${firstOfMonth(value)}`]]
              : null,
});

/** Makes a filter: the column is not after a given day, or not after a given month ends. */
export const to = (column) => ({
    type: 'period',
    conditions: (value) =>
        isDay(value)
            ? [[column, `lte.${value}`]]
            : isMonth(value)
              ? [[column, `lt.${firstOfMonth(value, 1)}`]]
              : null,
});

/**
 * Makes a filter: the column is this province or city; for NO_PLACE, the column is NULL. A change
 * of this filter removes the filters in `clears`.
 */
const place = (column, clears = []) => ({
    type: 'place',
    clears,
    conditions: (value) => [[column, value === NO_PLACE ? 'is.null' : `eq.${value}`]],
});

/** The filters by place, which most lists of groups have. */
export const PLACE_FILTERS = { province: place('province', ['city']), city: place('city') };

export const STATUSES = ['ACTIVE', 'STALLED', 'GRADUATED', 'NOT_STARTED'];

/** The filters of the list of groups (api.group_status). */
export const GROUP_FILTERS = {
    course: text('course_name'),
    status: word('status', STATUSES, 'groupStatuses'),
    ...PLACE_FILTERS,
    facilitator: text('facilitator_id'),
    episode: number('max_episode_reached'),
    reached: number('max_episode_reached', 'gte'),
    started: present('first_meeting_date'),
    continued: flag('has_continued'),
    awaiting: flag('is_awaiting'),
    rescuable: flag('is_rescuable'),
    met_from: from('first_meeting_date'),
    met_to: to('first_meeting_date'),
    graduated_from: from('graduated_on'),
    graduated_to: to('graduated_on'),
    created_from: from('created_on'),
    created_to: to('created_on'),
    finished: present('days_to_graduate'),
    days_from: number('days_to_graduate', 'gte'),
    days_to: number('days_to_graduate', 'lte'),
};

/** The ways in which a group's status can have changed. */
export const CHANGES = ['STALLED', 'RESUMED', 'STARTED', 'GRADUATED', 'NEW'];

/** The filters of the groups whose status changed in the last seven days (api.status_changes). */
export const CHANGE_FILTERS = {
    change: word('change', CHANGES, 'changeKinds'),
    course: text('course_name'),
    facilitator: text('facilitator_id'),
};

/** Makes a filter: the column is at least so many percent; for "unknown", it is NULL. */
const chance = (column) => ({
    type: 'value',
    conditions: (value) =>
        value === 'unknown'
            ? [[column, 'is.null']]
            : /^\d{1,2}$/.test(value)
              ? [[column, `gte.${value}`]]
              : null,
});

/** The values of the filter by chance: at least so many percent, or not known. */
export const CHANCES = ['5', '10', '20', '30', '50', 'unknown'];

/** The contact states: what was done about a group since its last meeting. */
export const CONTACT_STATES = ['NEW', 'DUE', 'WAITING', 'CLOSED'];

/** The filters of the rescue list (api.rescue_list). */
export const RESCUE_FILTERS = {
    course: text('course_name'),
    ...PLACE_FILTERS,
    facilitator: text('facilitator_id'),
    chance: chance('resume_28_days_pct'),
    state: word('contact_state', CONTACT_STATES, 'contactStates'),
};

/** The filters of the groups at risk (api.at_risk). */
export const AT_RISK_FILTERS = {
    ...RESCUE_FILTERS,
    reason: word('reason', ['SILENT', 'RHYTHM'], 'riskReasons'),
};

/** The filters of the groups of one facilitator. */
export const LED_FILTERS = { status: word('status', STATUSES, 'groupStatuses') };

/** The filters of the people in a group (api.member_roster). */
export const ROSTER_FILTERS = { role: word('role', ['MEMBER', 'FACILITATOR'], 'roles') };

/** The filters of the facilitators (api.facilitators). */
export const FACILITATOR_FILTERS = {
    active: flag('is_active'),
    alumni: flag('is_alumni'),
    since_from: from('facilitator_since'),
    since_to: to('facilitator_since'),
};

/** The filters of the members (api.members). */
export const MEMBER_FILTERS = {
    id: text('user_id'),
    course: text('current_course'),
    facilitating: flag('is_facilitator_now'),
    completed: number('courses_completed', 'gte'),
};

/** The filters of the anomalies (api.anomalies). */
export const ANOMALY_FILTERS = {
    kind: word(
        'kind',
        [
            'NEEDS_FACILITATOR',
            'MULTIPLE_FACILITATORS',
            'MEMBER_COUNT_OUT_OF_RANGE',
            'SKIPPED_COURSE',
            'EARLY_START',
            'NO_PREDECESSOR',
            'LATE_START',
            'FOREIGN_EPISODE',
            'EPISODE_BEYOND_MAX',
            'FUTURE_ATTENDANCE',
        ],
        'anomalyKinds',
    ),
    severity: word('severity', ['warning', 'info'], 'severities'),
    course: text('course_name'),
    ...PLACE_FILTERS,
    group: text('group_id'),
};

/** The filters of the findings in the data (api.data_quality). */
export const DATA_FILTERS = {
    finding: word(
        'finding',
        [
            'orphan_reference',
            'quarantine',
            'drift',
            'near_miss_course',
            'group_without_hangout',
            'duplicate_email',
            'joined_at_null',
            'implausible_date',
            'ignored_person',
            'end_before_start',
            'updated_before_created',
            'deleted_before_created',
            'in_future',
            'attendance_before_group',
            'joined_before_group',
            'role_seen',
            'membership_status_seen',
            'group_status_seen',
            'place_spelling',
            'null_values',
        ],
        'findings',
    ),
};

/** The filters of the groups that took far less or far more time (api.graduation_outliers). */
export const OUTLIER_FILTERS = {
    course: text('course_name'),
    ...PLACE_FILTERS,
    outlier: word('outlier', ['FAST', 'SLOW'], 'outliers'),
};

/** The filters of the links between groups of a course and of the next one (api.pipeline). */
export const LINK_FILTERS = { course: text('course_a'), group: text('group_a_id') };

/** The filters of the runs of the sync (api.sync_runs). */
export const RUN_FILTERS = {
    status: word(
        'status',
        ['running', 'success', 'warning', 'failed', 'cancelled', 'crashed'],
        'statuses',
    ),
    mode: word('mode', ['incremental', 'full', 'verify'], 'syncModes'),
    trigger: word('trigger', ['worker', 'cron', 'call'], 'syncTriggers'),
};

/** The filters of the errors of the sync (api.sync_errors). */
export const ERROR_FILTERS = {
    run: text('run_id'),
    class: word('class', ['transient', 'permanent', 'row'], 'errorClasses'),
};

/** Puts a text in double quotes, so that PostgREST accepts commas, parentheses and dots in it. */
export function quote(value) {
    return `"${value.replace(/["\\]/g, '\\$&')}"`;
}

/**
 * Returns PostgREST conditions. They select the rows in which each word of a text occurs in one of
 * the columns, in upper or lower case. "***=" makes PostgreSQL take the rest as plain text. In
 * `ilike`, PostgREST would read each asterisk as a wildcard.
 */
export function searchConditions(columns, value) {
    const plain = [...value.replaceAll('\0', '').trim()].slice(0, LONGEST_SEARCH).join('');
    const words = plain.split(/\s+/).filter(Boolean);
    return [...new Set(words)].slice(0, MOST_WORDS).map((word) => {
        const pattern = quote(`***=${word}`);
        return ['or', `(${columns.map((column) => `${column}.imatch.${pattern}`).join(',')})`];
    });
}
