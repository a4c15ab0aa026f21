// Tests the message about groups: its subject and text in each language, and links that mail
// programs accept.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messageLink } from '../src/contact/message.js';
import { createFormat } from '../src/lib/format.js';
import { isPlainAddress, mailLink } from '../src/lib/mail.js';
import english from '../src/text/en.js';
import indonesian from '../src/text/id.js';

const GROUP = {
    group_name: 'Sungai & Co',
    course_name: 'Hijrah',
    last_meeting_date: '2026-10-12',
    episodes_remaining: 2,
};
const tools = (texts, locale) => ({
    words: texts.contact.message,
    format: createFormat(locale, 'Asia/Jakarta', ''),
});
const ENGLISH = tools(english, 'en-GB');
const read = (link) => {
    const { pathname, searchParams } = new URL(link);
    return {
        to: decodeURIComponent(pathname),
        subject: searchParams.get('subject'),
        body: searchParams.get('body'),
    };
};

test('one group: its name, its course, its last meeting, what is left', () => {
    const { to, subject, body } = read(messageLink('siti+a@x.org', [GROUP], ENGLISH));
    assert.equal(to, 'siti+a@x.org');
    assert.equal(subject, 'Sungai & Co: when do you meet next?');
    assert.match(
        body,
        /^Hello,\r\n\r\nyour group “Sungai & Co” \(Hijrah\) last met on 12 Oct 2026\. Only 2 episodes are left\.\r\n/,
    );
});

test('in Indonesian: subject, text and day', () => {
    const { subject, body } = read(messageLink('siti@x.org', [GROUP], tools(indonesian, 'id-ID')));
    assert.equal(subject, 'Kabar grup Sungai & Co');
    assert.match(
        body,
        /grup “Sungai & Co” \(Hijrah\) terakhir bertemu pada 12 Okt 2026\. Tinggal 2 episode lagi\./,
    );
    assert.doesNotMatch(body, /Hello|last|group\b/);
});

test('a group that never met says so', () => {
    const link = messageLink('a@x.org', [{ ...GROUP, last_meeting_date: null }], ENGLISH);
    assert.match(read(link).body, /has not met yet\.\r\n/);
});

test('one message covers many groups, and stays short enough for mail programs', () => {
    const groups = Array.from({ length: 60 }, (_, i) => ({ ...GROUP, group_name: `Group ${i}` }));
    const few = read(messageLink('a@x.org', groups.slice(0, 3), ENGLISH));
    assert.equal(few.body.match(/^- Group \d/gm).length, 3);
    assert.doesNotMatch(few.body, /more/);
    const link = messageLink('a@x.org', groups, ENGLISH);
    const named = read(link).body.match(/^- Group \d+ /gm).length;
    assert.ok(link.length <= 1900 && named > 5, `${link.length}, ${named}`);
    assert.match(read(link).body, new RegExp(`and ${60 - named} more`));
    assert.equal(read(link).subject, 'Your 60 groups: when do they meet next?');
});

test('an address that isn’t plain opens nothing', () => {
    for (const address of [null, '', 'a', 'a@b@c', 'a@b?cc=d@e', 'a@b, c@d', 'x <a@b>']) {
        assert.equal(isPlainAddress(address), false, address);
        assert.equal(messageLink(address, [GROUP], ENGLISH), null);
    }
    assert.equal(mailLink('a@b.org'), 'mailto:a@b.org');
});

test('a name can’t add a recipient or a line of the head', () => {
    const link = messageLink(
        'a@b.org',
        [{ ...GROUP, group_name: 'x&bcc=evil@e.org\r\nBcc: y' }],
        ENGLISH,
    );
    assert.deepEqual([...new URL(link).searchParams.keys()], ['subject', 'body']);
});
