import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { crates, shipped } from '../../tools/licenses.mjs';
import { problems, versions } from '../../tools/release.mjs';
import { root } from './documents.mjs';

const read = (path) => readFileSync(join(root, path), 'utf8');

test('package, crate and both lock files have the same version', () => {
  assert.equal(new Set(Object.values(versions(read))).size, 1, JSON.stringify(versions(read)));
});

test('a tag is released if every file has its version and the change log a section', () => {
  const { version } = JSON.parse(read('package.json'));
  const released = (path) => (path === 'CHANGELOG.md' ? `# Changelog\n\n## ${version} - 2027-01-31\n` : read(path));
  assert.deepEqual(problems(`v${version}`, released), []);
  assert.deepEqual(
    problems(`v${version}`, (path) => (path === 'CHANGELOG.md' ? '## Unreleased' : read(path))),
    [`CHANGELOG.md has no section "## ${version}"`],
  );
  assert.equal(problems('v99.0.0', released).length, 5);
});

test('THIRD-PARTY-LICENSES.md lists the crates that are compiled into the Wasm modules, each with the text of its licence', () => {
  const text = readFileSync(shipped, 'utf8');
  const listed = [...text.matchAll(/^\| (\S+) \| (\S+) \| (.+) \|$/gm)].slice(1);
  assert.deepEqual(
    listed.map(([, name, version, license]) => [`${name} ${version}`, license]),
    [...crates()],
    'Run `node tools/licenses.mjs --update`.',
  );
  for (const [, name, version] of listed)
    assert.match(
      text,
      new RegExp(`^## .*\\b${name} ${version.replaceAll('.', '\\.')}\\b.*\n\n\`\`\`text\n[^]{300}`, 'm'),
    );
});
