// The rules of ESLint: they find undefined and unused names, which the build does not notice.

import globals from 'globals';

export default [
    {
        files: ['**/*.js', '**/*.mjs'],
        languageOptions: { globals: { ...globals.browser, ...globals.node } },
        rules: {
            'no-const-assign': 'error',
            'no-dupe-keys': 'error',
            'no-redeclare': 'error',
            'no-undef': 'error',
            'no-unused-vars': ['error', { args: 'none' }],
        },
    },
];
