// The two lists (tabs) of "To contact": the view behind each, its columns and its words.

import { courseColumn, placedGroupColumn } from '../list/columns.js';
import { AT_RISK_FILTERS, RESCUE_FILTERS } from '../list/filters.js';
import { h } from '../lib/dom.js';
import { text } from '../text/index.js';
import { contactActions, facilitatorCell } from './contact.js';
import { contactState } from './latest.js';

/** Makes the column that says why a group is at risk, and how often it used to meet. */
const reasonColumn = () => ({
    name: 'reason',
    cell: ({ reason, rhythm_days: days }, { format }) => [
        text.riskReasons[reason] ?? reason,
        days !== null &&
            h('span', { class: 'block muted' }, text.contact.usually(format.number(days))),
    ],
});

/** Makes the column that says what was done about the group since its last meeting. */
const stateColumn = () => ({
    name: 'contact_state',
    cell: (row, { format }) => contactState(row, format),
});

/**
 * Returns the columns of a tab. `own` are those that only this tab has: the last of them goes after
 * the progress, the others before it. If the last is null, nothing goes after the progress.
 */
function columnsOf(own, noted) {
    return [
        placedGroupColumn(),
        courseColumn(),
        { name: 'facilitator_name', kind: 'who', cell: facilitatorCell },
        { name: 'last_meeting_date', type: 'day', minor: true },
        { name: 'days_inactive', type: 'number' },
        ...own.slice(0, -1),
        { name: 'progress_pct', type: 'percent' },
        ...own.slice(-1),
        {
            name: 'resume_28_days_pct',
            type: 'percent',
            missing: text.contact.chanceUnknown,
            showMissing: true,
        },
        stateColumn(),
        {
            name: 'actions',
            sortable: false,
            kind: 'act',
            cell: (row, shared) => contactActions(row, shared, noted),
        },
    ].filter(Boolean);
}

/**
 * What each tab shows. columns(noted) makes its columns; noted() is called when a follow-up was
 * saved.
 */
export const TABS = {
    rescue: {
        view: 'rescue_list',
        words: () => text.contact.rescue,
        fallback: { column: 'days_inactive', direction: 'asc' },
        filters: RESCUE_FILTERS,
        columns: (noted) => columnsOf([{ name: 'episodes_remaining', type: 'number' }], noted),
    },
    at_risk: {
        view: 'at_risk',
        words: () => text.contact.atRisk,
        fallback: { column: 'days_until_stalled', direction: 'asc' },
        filters: AT_RISK_FILTERS,
        columns: (noted) =>
            columnsOf(
                [{ name: 'days_until_stalled', type: 'number' }, reasonColumn(), null],
                noted,
            ),
    },
};
