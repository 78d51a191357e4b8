/** The projects whose results come from a program without a page. Each prints the results, as JSON, on a line that begins with RESULTS. */

const bin = (name) => `node_modules/.bin/${name}`;

const say = (from) => `${from}
runHost({ base: process.env.BASE }).then((results) => {
  console.log('RESULTS' + JSON.stringify(results));
  process.exit(0);
});
`;

const module = say("import process from 'node:process';\nimport { runHost } from './host.js';");
const required = say("const { runHost } = require('./host.js');");

/** A test that fails if the results cannot be had; jsdom and happy-dom have no fetch to a server, so they are given the bytes. */
const inTest = (from, useData) => `${from}
test('the scenario', async () => {
  const results = await runHost(${useData ? `{ data: process.env.DATA${useData === 'happy-dom' ? ', connects: false' : ''} }` : '{ base: process.env.BASE }'});
  require('node:fs').writeFileSync(process.env.RESULTS, JSON.stringify(results));
}, 60_000);
`;

const jest = (environment, useData) => ({
  dependencies: { jest: '30.5.2', 'jest-environment-jsdom': '30.5.2' },
  shared: 'jest',
  commonJs: true,
  files: {
    'scenario.test.js': inTest("const { runHost } = require('./host.js');", useData),
    'setup.js':
      "globalThis.TextDecoder ??= require('node:util').TextDecoder;\nglobalThis.TextEncoder ??= require('node:util').TextEncoder;\n",
    'jest.config.js': `module.exports = { testEnvironment: '${environment}', setupFiles: ['./setup.js'] };`,
  },
  run: [bin('jest')],
});

const vitest = (environment, useData) => ({
  dependencies: { vitest: '4.1.12', jsdom: '29.1.1', 'happy-dom': '21.0.4' },
  shared: 'vitest',
  files: {
    'scenario.test.js': inTest(
      "import { test } from 'vitest';\nimport { createRequire } from 'node:module';\nimport { runHost } from './host.js';\nconst require = createRequire(import.meta.url);",
      useData,
    ),
    'vitest.config.js': `export default { test: { environment: '${environment}' } };`,
  },
  run: [bin('vitest'), 'run'],
});

const worker = `import { runHost } from './host.js';
export default {
  fetch: async (request) => Response.json(await runHost({ base: new URL(request.url).searchParams.get('base'), connects: false })),
};
`;

export const hosts = [
  { name: 'Node, import', dependencies: {}, files: { 'main.mjs': module }, run: ['node', 'main.mjs'], short: true },
  {
    name: 'Node, require',
    dependencies: {},
    commonJs: true,
    files: { 'main.js': required },
    run: ['node', 'main.js'],
    short: true,
  },
  { name: 'Bun', dependencies: { bun: '1.4.5' }, files: { 'main.mjs': module }, run: [bin('bun'), 'run', 'main.mjs'] },
  {
    name: 'Deno',
    dependencies: { deno: '2.9.6' },
    files: { 'main.mjs': module },
    run: [
      bin('deno'),
      'run',
      '--quiet',
      '--allow-net',
      '--allow-env',
      '--allow-read',
      '--node-modules-dir=manual',
      'main.mjs',
    ],
  },
  {
    name: 'Wrangler (workerd)',
    dependencies: { wrangler: '4.86.0' },
    files: {
      'worker-main.js': worker,
      'wrangler.toml':
        'name = "app"\nmain = "worker-main.js"\ncompatibility_date = "2026-01-01"\nsend_metrics = false\n',
    },
    serve: (port) => [
      bin('wrangler'),
      'dev',
      '--ip',
      '127.0.0.1',
      '--port',
      String(port),
      '--inspector-port',
      '0',
      '--log-level',
      'error',
      '--show-interactive-dev-session=false',
    ],
    url: '/',
  },
  { name: 'Jest, Node', ...jest('node', false) },
  { name: 'Jest, jsdom', ...jest('jsdom', true) },
  { name: 'Vitest, Node', ...vitest('node', false) },
  { name: 'Vitest, jsdom', ...vitest('jsdom', true) },
  { name: 'Vitest, happy-dom', ...vitest('happy-dom', 'happy-dom') },
];
