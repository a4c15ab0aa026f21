// Notes follow-ups in the database for the cases of "To contact", and removes them.

/** The instant for SQL: none, because follow-ups count up to now and not up to the last sync. */
export const NOW = 'NULL';
export const ME = 'A Tester';
export const TABS = {
    rescue: { path: '/contact.html', view: 'v_rescue_list', order: 'days_inactive' },
    at_risk: { path: '/contact.html?tab=at_risk', view: 'v_at_risk', order: 'days_until_stalled' },
};
export const OUTCOMES = {
    no_answer: 'No answer yet',
    will_meet: 'Will meet',
    paused: 'Taking a break',
    closed: 'Group has ended',
    wrong_contact: 'Wrong contact',
};
export const literal = (value) => `'${value.replaceAll("'", "''")}'`;

/** Removes the follow-ups that the cases noted from the database. */
export const forgetNotes = (run) =>
    run(`DELETE FROM ngeshare.follow_up WHERE noted_by = ${literal(ME)};`);

/** Notes follow-ups, so that both lists have groups in each contact state. */
export function noteSome(run) {
    const add = (
        view,
        offset,
        outcome,
        next,
        ago = '1 hour',
    ) => `INSERT INTO ngeshare.follow_up (group_id, group_name, noted_at, noted_by, channel,
         outcome, note, next_on)
      SELECT group_id, group_name, now() - interval '${ago}', ${literal(ME)}, 'email', '${outcome}',
          'noted', ${next}
      FROM (SELECT * FROM ${view} ORDER BY group_id LIMIT 2 OFFSET ${offset}) AS chosen;`;
    for (const { view } of Object.values(TABS)) {
        run(
            add(view, 0, 'no_answer', 'NULL') +
                add(view, 2, 'closed', 'NULL') +
                add(view, 4, 'will_meet', 'current_date + 5') +
                add(view, 6, 'wrong_contact', 'NULL'),
        );
    }
}
