// Helpers that many Indonesian texts share.

/** Returns "3 grup" for n = 3; `count` is the number as it is written. */
export const groups = (n, count) => `${count} grup`;
