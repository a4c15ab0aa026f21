// What ESLint looks for: names that are not there or not used, which no build notices.

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
