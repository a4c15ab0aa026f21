// Helpers that many English texts share.

/** Returns the singular for 1, else the plural. */
export const one = (n, singular, plural) => (n === 1 ? singular : plural);

/** Returns "3 groups" for n = 3; `count` is the number as it is written. */
export const groups = (n, count) => `${count} ${one(n, 'group', 'groups')}`;
