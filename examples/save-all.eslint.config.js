import tseslint from 'typescript-eslint';

export default [
  {
    files: ['**/*.{js,ts}'],
    // The rules need types, so they need a tsconfig.json that includes the files.
    languageOptions: { parser: tseslint.parser, parserOptions: { projectService: true } },
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error', // finds `rows.forEach(async (row) => …)`
    },
  },
];
