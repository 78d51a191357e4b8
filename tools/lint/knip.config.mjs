/** Finds exports that nobody imports, files that nothing reaches, and dependencies that nothing uses. Run by `npm run lint` through knip. */
export default {
  entry: [
    'js/{index,archives,codecs,inspect,monitor,multipart,polyfill,js,js-codecs,slim,slim-codecs,codec-worker}.ts',
    // The bundler injects it.
    'js/runtime/globals.ts',
    'tools/*.mjs',
    'tools/{lab,test,wpt}/*.mjs',
    'tools/docs/config.mjs',
    'tools/lint/*.mjs',
    'tests/**/*.test.mjs',
    // Pages, workers and servers, which tests start by their path; programs of the differential tests, which are imported by their name.
    'tests/e2e/*/*.{js,mjs}',
    'tests/packaging/matrix/scenario/*.js',
    'tests/matrix/{page,flood.worker}.js',
    'tests/js/streams/differential/*.mjs',
    'tests/js/polyfill/frozen.mjs',
    'tests/js/inspect/{places,diagnose}-program.mjs',
    'benches/*.{js,mjs}',
    'benches/archives/*.mjs',
    'benches/buffer/*.mjs',
    'benches/codecs/*.{js,mjs}',
    'benches/fetch/*.{js,mjs}',
    'benches/web/*.js',
    'examples/*.js',
    'www/{lab,job}.js',
  ],
  project: ['js/**/*.ts', 'tools/**/*.mjs', 'tests/**/*.{js,mjs}', 'benches/**/*.{js,mjs}', 'www/**/*.js'],
  // It has a package.json of its own.
  ignore: ['tests/clients/**'],
  ignoreIssues: {
    // The whole list of the core's effects, which a test compares with the Rust.
    'js/core/effects.ts': ['exports'],
  },
  ignoreDependencies: [
    // Run as programs, by their path.
    'binaryen',
    'typedoc',
    'typedoc-plugin-markdown',
    'typedoc-vitepress-theme',
    'vite',
    'vitepress',
    // Read as a file.
    'axe-core',
    // BullMQ's own, in the version that it wants.
    'ioredis',
    // A name in the import map of the benchmarks' page.
    'tidegate-bench',
  ],
  // Programs that tests skip by their name where a machine has none.
  ignoreBinaries: ['bsdtar'],
  // What a test's server serves, and files of the reference implementation, which STREAMS_DIR names.
  ignoreUnresolved: ['^/', '-impl\\.js$'],
};
