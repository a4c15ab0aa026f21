// Home in the order of work: what needs attention, what changed, the figures, and their trend.

import { createAttention } from '../home/attention.js';
import { createChanges } from '../home/changes.js';
import { createFigures } from '../home/figures.js';
import { createTrend } from '../home/trend.js';
import { startPage } from '../shell/shell.js';

const part = (id) => document.getElementById(id);

// The figures are requested first, because a browser opens only a few connections at once.
startPage(
    ({ context }) => [
        createFigures(part('figures'), { context }),
        createAttention(part('attention'), { context }),
        createChanges(part('changes'), { context }),
        createTrend(part('trend'), { context }),
    ],
    { whole: true },
);
