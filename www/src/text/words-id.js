// What many Indonesian texts share.

/** So many groups: `count` is how the number is written. */
export const groups = (n, count) => `${count} grup`;
