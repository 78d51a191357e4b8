import js from '@eslint/js';
import globals from 'globals';

export default [
  { ignores: ['build/', 'dist/', 'target/', '**/target/', 'node_modules/', 'fuzz/', 'examples/**/dist/'] },
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: 2024, sourceType: 'module', globals: globals.node },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-empty': ['error', { allowEmptyCatch: false }],
      'no-unused-vars': ['error', { argsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_', ignoreRestSiblings: true }],
      'no-var': 'error',
      'object-shorthand': ['error', 'properties'],
      'prefer-const': 'error',
    },
  },
  {
    // What the package ships runs in pages, workers and Node: only what all of them have.
    files: ['js/**/*.js'],
    languageOptions: { globals: { ...globals['shared-node-browser'], WebAssembly: 'readonly' } },
  },
  { files: ['www/**/*.js'], languageOptions: { globals: { ...globals.browser, ...globals.worker } } },
  {
    // Functions in these files are also handed to a page and run there.
    files: ['tests/**/*.{js,mjs}', 'tools/browsers/**', 'tools/wpt/**', 'benches/**'],
    languageOptions: { globals: { ...globals.node, ...globals.browser } },
  },
];
