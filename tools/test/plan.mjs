/** The steps of `npm test`, in order. A step that `needs` another is left out when that one failed. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { availableEngines } from '../browsers/executables.mjs';
import { filesUnder } from '../build/stamps.mjs';
import { findPostgres } from '../setup/servers.mjs';
import { cargoCounts, nodeCounts } from './counts.mjs';
import { whyNotHere } from './oldest.mjs';
import { FAMILIES } from '../build/wasm.mjs';

const COMPONENTS =
  'Mend what is named above; if cargo does not know the command, `rustup component add rustfmt clippy`.';

/** What runs in the oldest Chromium too: what README.md promises, and the pages that try the most of an engine. */
const OLDEST = ['readme', 'ends', 'from-fetch', 'matrix', 'native-ends', 'polyfill', 'recipe-polyfill', 'transfer'];

/** Not `transferable`: some of its tests can only time out, which takes minutes in each engine. */
const WPT_SUITES = ['streams', 'compression', 'encoding'];

/**
 * Steps `{ name, title, command, args, counts?, noteOf?, needs?, advice?, missing? }`; `missing` says why a step cannot run
 * on this tree or machine, which is reported and is not a failure. `noteOf` finds in the output of a step what its line of the summary adds.
 */
export function plan(root, env = process.env) {
  const node = process.execPath;
  const bin = (path) => join('node_modules', path);
  const nodeTests = (name, title, folders, { args = [], ...more } = {}) => {
    const files = folders
      .flatMap((folder) => filesUnder(join(root, folder)))
      .filter((file) => file.endsWith('.test.mjs'));
    return {
      name,
      title,
      command: node,
      args: ['--test', '--test-reporter=spec', ...args, ...files],
      counts: nodeCounts,
      missing: files.length ? undefined : `there is no test in ${folders.join(', ')}`,
      ...more,
    };
  };
  return [
    {
      name: 'fmt',
      title: 'Rust format',
      command: 'cargo',
      args: ['fmt', '--check'],
      advice: `Run \`cargo fmt\`. ${COMPONENTS}`,
    },
    {
      name: 'clippy',
      title: 'Rust lints',
      command: 'cargo',
      args: ['clippy', '--locked', '--all-targets', '--', '-D', 'warnings'],
      advice: COMPONENTS,
    },
    {
      name: 'clippy',
      title: 'Rust lints of the JavaScript host',
      command: 'cargo',
      args: [
        'clippy',
        '--locked',
        '--lib',
        '--features',
        'brotli,brotli-compress,encoding,zstd',
        '--target-dir',
        'target/npm-host',
        '--config',
        // All families at once, though a module has one.
        `build.rustflags=${JSON.stringify(['tidegate_npm', ...FAMILIES.map((family) => `tidegate_family="${family}"`)].flatMap((cfg) => ['--cfg', cfg]))}`,
        '--',
        '-D',
        'warnings',
      ],
      advice: COMPONENTS,
    },
    {
      name: 'cargo',
      title: 'Rust tests',
      command: 'cargo',
      args: ['test', '--locked', '--no-fail-fast'],
      counts: cargoCounts,
    },
    {
      name: 'cargo',
      title: 'Build of the example server, which an interoperability test runs',
      command: 'cargo',
      args: [
        'build',
        '--locked',
        '--manifest-path',
        'examples/cursor-server/Cargo.toml',
        '--target-dir',
        'target/cursor-server',
      ],
      missing: findPostgres() ? undefined : 'there is no PostgreSQL server',
    },
    { name: 'build', title: 'Build', command: node, args: ['tools/build.mjs'] },
    {
      name: 'lint',
      title: 'JavaScript lints',
      command: node,
      args: [bin('eslint/bin/eslint.js'), '.', '--max-warnings=0'],
    },
    {
      name: 'format',
      title: 'JavaScript format',
      command: node,
      args: [bin('prettier/bin/prettier.cjs'), '--check', '.', '--log-level', 'warn'],
      advice: 'Run `npm run format`.',
    },
    {
      name: 'house',
      title: 'Floors and circles of js/',
      command: node,
      args: [bin('dependency-cruiser/bin/dependency-cruise.mjs'), '--config', 'tools/lint/house.config.mjs', 'js'],
    },
    {
      name: 'dead',
      title: 'Dead exports and unused dependencies',
      command: node,
      args: [bin('knip/bin/knip.js'), '--config', 'tools/lint/knip.config.mjs', '--no-progress'],
      needs: 'build',
      advice: 'Take away what nobody uses, or say in tools/lint/knip.config.mjs why it stays.',
    },
    {
      name: 'types',
      title: 'Types',
      command: node,
      args: [bin('typescript/bin/tsc'), '-p', 'tsconfig.json'],
      needs: 'build',
    },
    {
      name: 'type-tests',
      title: 'Tests of the published types',
      command: node,
      args: [bin('typescript/bin/tsc'), '-p', 'tests/types/tsconfig.json'],
      needs: 'build',
      missing: existsSync(join(root, 'tests/types/tsconfig.json'))
        ? undefined
        : 'there is no tests/types/tsconfig.json',
    },
    nodeTests('node', 'Node tests', ['tests/tools', 'tests/js', 'tests/matrix', 'tests/examples'], {
      needs: 'build',
      args: ['--test-timeout=120000'],
    }),
    { name: 'size', title: 'Size budget', command: node, args: ['tools/size.mjs'], needs: 'build' },
    {
      name: 'docs',
      title: 'Documentation',
      command: node,
      args: ['tools/docs.mjs'],
      needs: 'build',
    },
    nodeTests('interop', 'Interoperability tests', ['tests/interop'], {
      needs: 'build',
      args: ['--test-concurrency=1', '--test-timeout=120000'],
      servers: true,
    }),
    nodeTests('e2e', 'Browser tests', ['tests/e2e'], {
      needs: 'build',
      args: ['--test-concurrency=1', '--test-timeout=600000'],
      browsers: true,
    }),
    {
      name: 'clients',
      title: 'Packages of others on every kind of streams',
      command: node,
      args: [
        'tools/test/clients.mjs',
        ...['node', 'stream-iter', 'browsers'].map((name) => `tests/clients/${name}.test.mjs`),
      ],
      counts: nodeCounts,
      noteOf: (output) => /^- (Node [\d.]+)$/m.exec(output)?.[1],
      needs: 'build',
      browsers: true,
    },
    {
      name: 'oldest',
      title: 'Browser tests in the oldest Chromium',
      command: node,
      args: ['tools/test/oldest.mjs', ...OLDEST.map((name) => `tests/e2e/${name}.test.mjs`)],
      counts: nodeCounts,
      noteOf: (output) => /^- (\w+\/[\d.]+)$/m.exec(output)?.[1],
      needs: 'build',
      missing: whyNotHere(),
    },
    nodeTests('packaging', 'Packaging tests', ['tests/packaging'], {
      needs: 'build',
      args: ['--test-concurrency=1', '--test-timeout=600000'],
      browsers: true,
    }),
    {
      name: 'wpt',
      title: 'Web Platform Tests',
      command: node,
      args: [
        'tools/wpt/run.mjs',
        '--dir',
        env.WPT_DIR ?? '',
        ...['node', ...availableEngines()].flatMap((engine) => ['--engine', engine]),
        ...WPT_SUITES.flatMap((suite) => ['--suite', suite]),
      ],
      needs: 'build',
      missing: wptMissing(root, env),
    },
  ];
}

function wptMissing(root, env) {
  if (!existsSync(join(root, 'tools/wpt/run.mjs'))) return 'there is no runner for them yet';
  if (!env.WPT_DIR) return 'WPT_DIR does not name a checkout of https://github.com/web-platform-tests/wpt';
  if (!existsSync(join(env.WPT_DIR, 'streams'))) return `WPT_DIR=${env.WPT_DIR} holds no streams/ folder`;
  return undefined;
}

/** The steps that `--only` and `--skip` (lists of names, or undefined) leave; throws on an unknown name. */
export function choose(steps, { only, skip }) {
  const names = steps.map((step) => step.name);
  for (const name of [...(only ?? []), ...(skip ?? [])]) {
    if (!names.includes(name)) throw new TypeError(`there is no step "${name}"; the steps are ${names.join(', ')}`);
  }
  return steps.filter((step) => (only ? only.includes(step.name) : true) && !skip?.includes(step.name));
}
