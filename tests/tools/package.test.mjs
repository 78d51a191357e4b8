import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path) => readFileSync(join(root, path), 'utf8');
const manifest = JSON.parse(read('package.json'));

/** Every file that `exports` names. */
const exported = Object.values(manifest.exports).flatMap(function files(target) {
  return typeof target === 'string' ? [target] : Object.values(target).flatMap(files);
});

let packed;
before(() => {
  const cache = mkdtempSync(join(tmpdir(), 'tidegate-npm-'));
  try {
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    const json = execFileSync(npm, ['pack', '--dry-run', '--json', '--ignore-scripts', '--cache', cache], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    packed = Object.values(JSON.parse(json))[0].files.map((file) => file.path);
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
});

test('every file that package.json exports is built and packed', () => {
  for (const file of exported) {
    assert(existsSync(join(root, file)), `${file} is not built`);
    assert(packed.includes(file.replace('./', '')), `${file} is not packed`);
  }
});

test('the tarball holds what a user needs and nothing of the sources', () => {
  for (const file of [
    'README.md',
    'CHANGELOG.md',
    'SECURITY.md',
    'THIRD-PARTY-LICENSES.md',
    'docs/COMPATIBILITY.md',
    'docs/ends/to-file.md',
  ]) {
    assert(packed.includes(file), `${file} is not packed`);
  }
  const others = packed.filter(
    (file) =>
      !/^(dist\/.*\.(js|cjs|js\.map|cjs\.map|d\.ts|d\.cts|wasm)|(docs\/.*|[A-Z-]+)\.md|examples\/[\w.-]+\.js|LICENSE-\w+|package\.json)$/.test(
        file,
      ),
  );
  assert.deepEqual(others, []);
});

/** Links of those who change the package, and the picture of the README: whoever follows them has the repository. */
const REPOSITORY = ['fuzz/README.md', 'benches/RESULTS.md', 'docs/lab.png'];

/** The pages for Rust, whose examples are the crate's. */
const RUST = ['docs/CRATE.md', 'docs/WEB.md'];

test('the links of the packed documents lead to packed files', () => {
  for (const file of packed.filter((name) => name.endsWith('.md') && !RUST.includes(name))) {
    for (const [, link] of read(file).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)) {
      const target = posix.join(posix.dirname(file), link);
      const isThere =
        packed.includes(target) || packed.some((name) => name.startsWith(`${target.replace(/\/$/, '')}/`));
      assert(isThere || REPOSITORY.includes(target), `${file} links to ${link}, which is not packed`);
    }
  }
});

test('the package needs no other at run time', () => {
  assert.equal(manifest.dependencies, undefined);
  assert.equal(manifest.peerDependencies, undefined);
});

test('library and glue generator are locked to the same wasm-bindgen', () => {
  const locked = (path) => /name = "wasm-bindgen"\nversion = "(.+)"/.exec(read(path))?.[1];
  const generator = /name = "wasm-bindgen-cli-support"\nversion = "(.+)"/.exec(read('tools/bindgen/Cargo.lock'))[1];
  assert.equal(locked('Cargo.lock'), generator);
});

test('the npm lock file names no registry, so that it installs from the one that is configured', () => {
  assert.doesNotMatch(read('package-lock.json'), /"resolved": "https?:/);
});

test('the npm lock file pins every package, those of other platforms included', () => {
  const { packages } = JSON.parse(read('package-lock.json'));
  const locked = (from, name) => {
    for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
      const found = packages[`${folder}${folder && '/'}node_modules/${name}`];
      if (found || folder === '') return found;
    }
  };
  for (const [path, { version, integrity, dependencies, optionalDependencies }] of Object.entries(packages)) {
    if (path) assert(version && integrity, `${path} is not pinned`);
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      assert(locked(path, name), `${path} needs ${name}, which is not in the lock file; \`npm ci\` will refuse it`);
    }
  }
});
