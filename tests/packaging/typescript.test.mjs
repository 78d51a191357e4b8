/**
 * The type tests compile with every version of TypeScript that the types promise, and with the types of a browser, of Node, or of both.
 * `npm test` runs the oldest version, the newest and the repository's own; `TIDEGATE_TYPESCRIPT=all` (or a list, such as `5.6,5.8`) others.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { chooseVersions, compilers, pinnedVersions, whyNotHere } from '../../tools/test/compilers.mjs';
import { root } from './helpers.mjs';

const PROJECTS = [
  ['a browser and Node', 'tests/types'],
  ['a browser', 'tests/types/dom'],
  ['Node', 'tests/types/node'],
];

/** Resolves with what the compiler has to say of a project: nothing, where it compiles. */
const compile = (tsc, project) =>
  new Promise((resolve, reject) => {
    execFile(process.execPath, [tsc, '-p', project], { cwd: root }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve(stdout + stderr + (error && !stdout && !stderr ? `exit code ${error.code}` : ''));
    });
  });

describe('the type tests compile', { concurrency: 2 }, async () => {
  for (const { version, tsc, own } of await compilers(process.env.TIDEGATE_TYPESCRIPT)) {
    // The first project is a step of its own, type-tests, with the repository's compiler.
    for (const [types, project] of own ? PROJECTS.slice(1) : PROJECTS) {
      test(`with TypeScript ${version} and the types of ${types}`, { skip: whyNotHere(version) }, async () => {
        assert.equal(await compile(tsc, join(root, project)), '');
      });
    }
  }
});

test('a type error makes a compiler fail', async () => {
  const { tsc } = (await compilers()).find(({ version }) => whyNotHere(version) === undefined);
  assert.match(await compile(tsc, join(root, 'tests/types/wrong')), /wrong\.ts.*error TS\d+/);
});

test('the oldest version, the newest and the own one are compiled with where nothing else is said', () => {
  assert.deepEqual(chooseVersions(undefined, ['5.4', '5.5', '7.0'], '6.0'), ['5.4', '6.0', '7.0']);
  assert.deepEqual(chooseVersions(undefined, ['5.4', '7.0'], '7.0'), ['5.4', '7.0']);
  assert.deepEqual(chooseVersions('all', ['5.4', '7.0'], '7.0'), ['5.4', '7.0']);
  assert.deepEqual(chooseVersions('5.5', ['5.4', '5.5'], '7.0'), ['5.5']);
  assert.throws(() => chooseVersions('4.9', ['5.4'], '7.0'), /there is no TypeScript 4\.9; there are 5\.4/);
});

test('the oldest version is 5.4', () => {
  assert.equal(pinnedVersions()[0], '5.4');
});
