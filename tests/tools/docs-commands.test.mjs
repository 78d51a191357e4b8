/** The commands, steps, variables and dependencies that the documents name are those of the repository. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { plan } from '../../tools/test/plan.mjs';
import { documents, filesBelow, root } from './documents.mjs';

const CONTRIBUTING = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');
const { scripts, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const steps = plan(root).map(({ name }) => name);

test('every step, and every npm script, that a document names exists', () => {
  const named = documents.flatMap(({ text }) => [
    ...[...text.matchAll(/npm test -- --only ([a-z][\w,-]*)/g)].flatMap(([, names]) =>
      names.split(',').filter((name) => !steps.includes(name)),
    ),
    ...[...text.matchAll(/npm run ([\w:-]*\w)/g)].flatMap(([, name]) => (scripts[name] ? [] : [`npm run ${name}`])),
  ]);
  assert.deepEqual(named, []);
});

test('CONTRIBUTING.md gives a reason for every development dependency', () => {
  const table = CONTRIBUTING.slice(CONTRIBUTING.indexOf('## Dependencies'));
  const named = new Set([...table.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, names]) => names.split(/, | with | \d+/)));
  assert.deepEqual(
    Object.keys(devDependencies).filter((name) => !named.has(name)),
    [],
  );
});

test('every variable of the environment that CONTRIBUTING.md names is read somewhere', () => {
  const sources = ['tools', 'tests']
    .flatMap(filesBelow)
    .filter((file) => /\.(mjs|js|rs)$/.test(file) && !file.startsWith('tests/tools/docs-'))
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .join('\n');
  const names = new Set(CONTRIBUTING.match(/\b[A-Z]+_[A-Z_]+\b/g));
  names.delete('PROPTEST_CASES'); // proptest reads it
  assert.ok(names.size > 8);
  assert.deepEqual(
    [...names].filter((name) => !sources.includes(name)),
    [],
  );
});
