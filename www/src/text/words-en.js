// What many English texts share.

/** The singular of one, else the plural. */
export const one = (n, singular, plural) => (n === 1 ? singular : plural);

/** So many groups: `count` is how the number is written. */
export const groups = (n, count) => `${count} ${one(n, 'group', 'groups')}`;
