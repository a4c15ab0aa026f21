// Tests that no page costs the browser more than the budget of budget.mjs, and prints what each
// costs. Only Home has a target for the time; its case fails above five times the target.

import assert from 'node:assert/strict';
import { ANY_PAGE, describeWeight, HOME, weigh } from './budget.mjs';
import { PATHS } from './harness.mjs';

async function homeKeepsItsBudget({ open }) {
    const home = await weigh(open, '/');
    const words = describeWeight(home);
    console.log(`# budget: ${words}`);
    assert.ok(home.kilobytes <= HOME.kilobytes && home.requests <= HOME.requests, words);
    assert.ok(home.milliseconds > 0 && home.milliseconds <= 5 * HOME.milliseconds, words);
}

async function everyPageKeepsItsBudget({ open }) {
    for (const path of PATHS) {
        const page = await weigh(open, path);
        const words = describeWeight(page);
        console.log(`# budget: ${words}`);
        assert.ok(page.requests > 1 && page.kilobytes <= ANY_PAGE.kilobytes, words);
    }
}

export const budgetCases = [
    ['Home: within its budget', homeKeepsItsBudget],
    ['every page: within its budget', everyPageKeepsItsBudget],
];
