// Links inside the page, with readable parameters. filters.js says what the parameters of a list
// mean.

import { addressOf } from './address.js';
import { AS_OF, currentDay } from './as-of.js';
import { currentPlace } from './place.js';

/** Returns the address of a page with parameters, as of `day`; by default the day shown now. */
export function pageLink(path, parameters = {}, day = currentDay()) {
    return addressOf(path, { ...parameters, [AS_OF]: day });
}

/**
 * Links to the groups that match filters, any of GROUP_FILTERS, as in groupsLink({ course:
 * 'Hijrah', status: 'STALLED', episode: 4 }).
 */
export function groupsLink(filters = {}, day) {
    return pageLink('/groups.html', filters, day);
}

/** Links to the groups whose status changed in the last seven days; takes any of CHANGE_FILTERS. */
export function changesLink(filters = {}, day) {
    return pageLink('/groups.html', { list: 'changes', ...filters }, day);
}

/** Links to a page of the navigation, and keeps the place. */
export function navigationLink(path) {
    return pageLink(path, currentPlace());
}

/** Links to one group's page: its status, its timeline, its members. */
export function groupLink(id, day) {
    return pageLink('/groups.html', { id, ...currentPlace() }, day);
}

/** Links to one member's page: their way through the curriculum. */
export function memberLink(id, day) {
    return pageLink('/members.html', { id, ...currentPlace() }, day);
}

/** Links to one facilitator's page: their groups, how to reach them, the follow-ups. */
export function facilitatorLink(id, day) {
    return pageLink('/facilitators.html', { id, ...currentPlace() }, day);
}

/** Links to the facilitators that match filters, any of FACILITATOR_FILTERS. */
export function facilitatorsLink(filters = {}, day) {
    return pageLink('/facilitators.html', filters, day);
}

/** Links to the rescue list, or to those of its groups that match filters. */
export function rescueLink(filters = {}, day) {
    return pageLink('/contact.html', filters, day);
}

/** Links to the groups at risk. */
export function atRiskLink(filters = {}, day) {
    return pageLink('/contact.html', { tab: 'at_risk', ...filters }, day);
}

/** Links to the anomalies that match filters, any of ANOMALY_FILTERS. */
export function qualityLink(filters = {}, day) {
    return pageLink('/quality.html', filters, day);
}

/** Links to one run of the sync: what it did to each table. */
export function runLink(run) {
    return `${pageLink('/sync.html', { run })}#run-title`;
}

/** Links to the errors of one run. */
export function errorsLink(run) {
    return `${pageLink('/sync.html', { run, errors_run: run })}#errors-title`;
}

/**
 * Links to a list as a file: `query` has the filters and the order of the list on screen as
 * PostgREST's pairs, but no limit.
 */
export function exportLink(view, query, day = currentDay()) {
    const path = day ? `/export/as-of/${day}/${view}.csv` : `/export/${view}.csv`;
    const search = new URLSearchParams(query).toString();
    return search ? `${path}?${search}` : path;
}
