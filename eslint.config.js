import js from '@eslint/js';
import globals from 'globals';
import ts from 'typescript-eslint';

/** What the oldest engines of docs/COMPATIBILITY.md lack, and the version of Chromium, Firefox and Safari that brought it. */
const TOO_NEW = [
  ['Promise', 'withResolvers', '119, 121, 17.4'],
  ['Promise', 'try', '128, 134, 18.2'],
  ['Array', 'fromAsync', '121, 115, 16.4'],
  ['Object', 'groupBy', '117, 119, 17.4'],
  ['Map', 'groupBy', '117, 119, 17.4'],
  ['AbortSignal', 'any', '116, 124, 17.4'],
  ['URL', 'canParse', '120, 115, 17'],
];

export default [
  {
    ignores: ['build/', 'dist/', 'target/', '**/target/', 'node_modules/', 'fuzz/', 'examples/**/dist/'],
  },
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: 2024, sourceType: 'module', globals: globals.node },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-empty': ['error', { allowEmptyCatch: false }],
      'no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      'no-var': 'error',
      'object-shorthand': ['error', 'properties'],
      'prefer-const': 'error',
    },
  },
  {
    // What the package ships runs in pages, workers and Node: only what all of them have.
    files: ['js/**/*.ts'],
    languageOptions: { globals: { ...globals['shared-node-browser'], WebAssembly: 'readonly' } },
    rules: {
      'no-restricted-properties': [
        'error',
        ...TOO_NEW.map(([object, property, since]) => ({
          object,
          property,
          message: `It is newer than the oldest engines of docs/COMPATIBILITY.md: ${since}.`,
        })),
      ],
    },
  },
  {
    files: ['js/**/*.ts'],
    languageOptions: { parser: ts.parser },
    plugins: { '@typescript-eslint': ts.plugin },
    rules: {
      // The compiler knows these, and more of them.
      'no-undef': 'off',
      'no-redeclare': 'off',
      'no-dupe-class-members': 'off',
      'no-unused-vars': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      // The value is the user's where a type parameter that nobody gives is `any`; nowhere else without a reason.
      'no-restricted-syntax': [
        'error',
        { selector: ':not(TSTypeParameter) > TSAnyKeyword', message: 'Use unknown, or say whose value it is.' },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
    },
  },
  { files: ['www/**/*.js'], languageOptions: { globals: { ...globals.browser, ...globals.worker } } },
  { files: ['examples/**'], languageOptions: { globals: { ...globals.node, ...globals.browser } } },
  {
    // Functions in these files are also handed to a page and run there.
    files: ['tests/**/*.{js,mjs}', 'tools/browsers/**', 'tools/wpt/**', 'benches/**'],
    languageOptions: { globals: { ...globals.node, ...globals.browser } },
  },
];
