// Links inside the page, with parameters in words. What the parameters of a list mean stands in
// filters.js.

import { addressOf } from './address.js';
import { AS_OF, currentDay } from './as-of.js';
import { currentPlace } from './place.js';

/** A page with parameters, as of the day that is being looked at. */
export function pageLink(path, parameters = {}, day = currentDay()) {
    return addressOf(path, { ...parameters, [AS_OF]: day });
}

/**
 * The groups that fit: any of GROUP_FILTERS, as in groupsLink({ course: 'Hijrah', status:
 * 'STALLED', episode: 4 }).
 */
export function groupsLink(filters = {}, day) {
    return pageLink('/groups.html', filters, day);
}

/** The groups whose status changed in the last seven days: any of CHANGE_FILTERS. */
export function changesLink(filters = {}, day) {
    return pageLink('/groups.html', { list: 'changes', ...filters }, day);
}

/** A page of the navigation: it takes the place along. */
export function navigationLink(path) {
    return pageLink(path, currentPlace());
}

/** One group: its status, its timeline, its members. */
export function groupLink(id, day) {
    return pageLink('/groups.html', { id, ...currentPlace() }, day);
}

/** One member's way through the curriculum. */
export function memberLink(id, day) {
    return pageLink('/members.html', { id, ...currentPlace() }, day);
}

/** One facilitator: their groups, how to reach them, what was noted. */
export function facilitatorLink(id, day) {
    return pageLink('/facilitators.html', { id, ...currentPlace() }, day);
}

/** The facilitators that fit: any of FACILITATOR_FILTERS. */
export function facilitatorsLink(filters = {}, day) {
    return pageLink('/facilitators.html', filters, day);
}

/** The rescue list, or what of it fits. */
export function rescueLink(filters = {}, day) {
    return pageLink('/contact.html', filters, day);
}

/** The groups on their way to stalling. */
export function atRiskLink(filters = {}, day) {
    return pageLink('/contact.html', { tab: 'at_risk', ...filters }, day);
}

/** The anomalies that fit: any of ANOMALY_FILTERS. */
export function qualityLink(filters = {}, day) {
    return pageLink('/quality.html', filters, day);
}

/** One run of the sync: what it did to each table. */
export function runLink(run) {
    return `${pageLink('/sync.html', { run })}#run-title`;
}

/** The errors of one run. */
export function errorsLink(run) {
    return `${pageLink('/sync.html', { run, errors_run: run })}#errors-title`;
}

/**
 * A list as a file: the same filters and order as on screen (PostgREST's pairs), and never a limit.
 */
export function exportLink(view, query, day = currentDay()) {
    const path = day ? `/export/as-of/${day}/${view}.csv` : `/export/${view}.csv`;
    const search = new URLSearchParams(query).toString();
    return search ? `${path}?${search}` : path;
}
