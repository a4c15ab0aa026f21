// What the parameters of a list's address mean to PostgREST. A filter is { type, conditions(value)
// }: `type` says how its value is put into words, `conditions` gives PostgREST's pairs, or null
// where the value means nothing.

import { firstOfMonth, isDay, isMonth } from '../lib/days.js';
import { NO_PLACE } from '../lib/place.js';

/** A pattern beyond this is no name. */
export const LONGEST_SEARCH = 200;

/** The column is exactly this text. */
export const text = (column) => ({
    type: 'text',
    conditions: (value) => (value === '' ? null : [[column, `eq.${value}`]]),
});

/** The column is one of a few words; `words` names where their texts are. */
export const word = (column, values, words) => ({
    type: 'word',
    words,
    values,
    conditions: (value) => (values.includes(value) ? [[column, `eq.${value}`]] : null),
});

/** The column compared with a whole number: eq, gte, lte. */
export const number = (column, operator = 'eq') => ({
    type: 'number',
    conditions: (value) => (/^\d{1,9}$/.test(value) ? [[column, `${operator}.${value}`]] : null),
});

/** "yes" or "no": one condition for each. */
const yesOrNo = (column, yes, no) => ({
    type: 'yesNo',
    values: ['yes', 'no'],
    conditions: (value) =>
        value === 'yes' ? [[column, yes]] : value === 'no' ? [[column, no]] : null,
});

/** The column is true, or false; where it is NULL neither fits. */
export const flag = (column) => yesOrNo(column, 'is.true', 'is.false');

/** The column has a value, or none. */
export const present = (column) => yesOrNo(column, 'not.is.null', 'is.null');

/** The column is at or after a day, or a month's first. */
export const from = (column) => ({
    type: 'period',
    conditions: (value) =>
        isDay(value)
            ? [[column, `gte.${value}`]]
            : isMonth(value)
              ? [[column, `gte.${firstOfMonth(value)}`]]
              : null,
});

/** The column is at or before a day, or a month's last. */
export const to = (column) => ({
    type: 'period',
    conditions: (value) =>
        isDay(value)
            ? [[column, `lte.${value}`]]
            : isMonth(value)
              ? [[column, `lt.${firstOfMonth(value, 1)}`]]
              : null,
});

/** The column is this place, or has none. `clears` are filters that mean nothing in another one. */
const place = (column, clears = []) => ({
    type: 'place',
    clears,
    conditions: (value) => [[column, value === NO_PLACE ? 'is.null' : `eq.${value}`]],
});

/** Where a group is: of every list of groups. */
export const PLACE_FILTERS = { province: place('province', ['city']), city: place('city') };

export const STATUSES = ['ACTIVE', 'STALLED', 'GRADUATED', 'NOT_STARTED'];

/** The list of groups (api.group_status). */
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

/** What may have happened to a group. */
export const CHANGES = ['STALLED', 'RESUMED', 'STARTED', 'GRADUATED', 'NEW'];

/** The groups whose status changed in the last seven days (api.status_changes). */
export const CHANGE_FILTERS = {
    change: word('change', CHANGES, 'changeKinds'),
    course: text('course_name'),
    facilitator: text('facilitator_id'),
};

/** The column is at least so many percent, or missing. */
const chance = (column) => ({
    type: 'value',
    conditions: (value) =>
        value === 'unknown'
            ? [[column, 'is.null']]
            : /^\d{1,2}$/.test(value)
              ? [[column, `gte.${value}`]]
              : null,
});

/** What the chance of a group is filtered by: at least so many percent, or not known. */
export const CHANCES = ['5', '10', '20', '30', '50', 'unknown'];

/** What was done about a group since its last meeting. */
export const CONTACT_STATES = ['NEW', 'DUE', 'WAITING', 'CLOSED'];

/** The groups to contact: the rescue list (api.rescue_list). */
export const RESCUE_FILTERS = {
    course: text('course_name'),
    ...PLACE_FILTERS,
    facilitator: text('facilitator_id'),
    chance: chance('resume_28_days_pct'),
    state: word('contact_state', CONTACT_STATES, 'contactStates'),
};

/** The groups to contact: those at risk (api.at_risk). */
export const AT_RISK_FILTERS = {
    ...RESCUE_FILTERS,
    reason: word('reason', ['SILENT', 'RHYTHM'], 'riskReasons'),
};

/** The groups of one facilitator. */
export const LED_FILTERS = { status: word('status', STATUSES, 'groupStatuses') };

/** The people of groups (api.member_roster). */
export const ROSTER_FILTERS = { role: word('role', ['MEMBER', 'FACILITATOR'], 'roles') };

/** The facilitators (api.facilitators). */
export const FACILITATOR_FILTERS = {
    active: flag('is_active'),
    alumni: flag('is_alumni'),
    since_from: from('facilitator_since'),
    since_to: to('facilitator_since'),
};

/** The members (api.members). */
export const MEMBER_FILTERS = {
    id: text('user_id'),
    course: text('current_course'),
    facilitating: flag('is_facilitator_now'),
    completed: number('courses_completed', 'gte'),
};

/** The anomalies (api.anomalies). */
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

/** The findings in the data (api.data_quality). */
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

/** The groups that took far less or far more time than others (api.graduation_outliers). */
export const OUTLIER_FILTERS = {
    course: text('course_name'),
    ...PLACE_FILTERS,
    outlier: word('outlier', ['FAST', 'SLOW'], 'outliers'),
};

/** The links between groups of a course and the next (api.pipeline). */
export const LINK_FILTERS = { course: text('course_a'), group: text('group_a_id') };

/** The runs of the sync (api.sync_runs). */
export const RUN_FILTERS = {
    status: word(
        'status',
        ['running', 'success', 'warning', 'failed', 'cancelled', 'crashed'],
        'statuses',
    ),
    mode: word('mode', ['incremental', 'full', 'verify'], 'syncModes'),
    trigger: word('trigger', ['worker', 'cron', 'call'], 'syncTriggers'),
};

/** The errors of the sync (api.sync_errors). */
export const ERROR_FILTERS = {
    run: text('run_id'),
    class: word('class', ['transient', 'permanent', 'row'], 'errorClasses'),
};

/** Text in double quotes, as PostgREST wants what has commas, parentheses or dots in it. */
export function quote(value) {
    return `"${value.replace(/["\\]/g, '\\$&')}"`;
}

/**
 * The condition for rows that have a text anywhere in one of the columns, in capitals or not; null
 * where nothing is asked. "***=" makes PostgreSQL take the rest as plain text: with `ilike`,
 * PostgREST would read each asterisk as a wildcard.
 */
export function searchCondition(columns, value) {
    const plain = [...value.replaceAll('\0', '').trim()].slice(0, LONGEST_SEARCH).join('');
    if (plain === '') return null;
    const pattern = quote(`***=${plain}`);
    return ['or', `(${columns.map((column) => `${column}.imatch.${pattern}`).join(',')})`];
}
