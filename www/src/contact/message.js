// The message to a group's facilitator, in the page's language, with the group and its last meeting
// filled in. This module does not touch the document, so that tests can run it without a browser.

import { isShort, mailLink } from '../lib/mail.js';

/**
 * Returns a mailto: link about groups (rows of rescue_list, at_risk or group_status), or null if
 * `address` is not an email address. A message about many groups names as many as fit into a link
 * that mail programs accept, and says how many more there are. With `isMember`, a message about one
 * group says why it goes to a member.
 */
export function messageLink(address, groups, { words, format, isMember = false }) {
    if (groups.length === 1) return mailLink(address, aboutOne(groups[0], words, format, isMember));
    for (let named = groups.length; named > 1; named--) {
        const link = mailLink(address, aboutMany(groups, named, words, format));
        if (isShort(link)) return link;
    }
    return mailLink(address, aboutMany(groups, 1, words, format));
}

/** Returns how many episodes are left; 0 if the row has no columns about episodes. */
const episodesLeft = (group) =>
    group.episodes_remaining ?? (group.max_episodes ?? null) - (group.max_episode_reached ?? null);

function aboutOne(group, words, format, isMember) {
    const { group_name: name, course_name: course, last_meeting_date: last } = group;
    const left = episodesLeft(group);
    const what = last ? words.last(name, course, format.day(last)) : words.never(name, course);
    const sentence = left > 0 && last ? `${what} ${words.left(left, format.number(left))}` : what;
    return {
        subject: words.subject(name),
        lines: [
            words.hello,
            '',
            ...(isMember ? [words.toMember] : []),
            sentence,
            words.ask,
            '',
            words.thanks,
            '',
        ],
    };
}

/** Returns a message that names the first `named` of several groups and counts the others. */
function aboutMany(groups, named, words, format) {
    const line = ({ group_name: name, course_name: course, last_meeting_date: last }) =>
        last ? words.lineLast(name, course, format.day(last)) : words.lineNever(name, course);
    const rest = groups.length - named;
    const lines = [
        ...groups.slice(0, named).map(line),
        ...(rest > 0 ? [words.rest(rest, format.number(rest))] : []),
    ];
    return {
        subject: words.subjectMany(format.number(groups.length)),
        lines: [words.hello, '', words.many, ...lines, '', words.askMany, '', words.thanks, ''],
    };
}
