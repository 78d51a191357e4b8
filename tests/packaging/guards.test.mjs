/** What the packed tarball says of itself: publint, and whether TypeScript finds the types that belong to each file (attw). */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { npm, pack, root } from './helpers.mjs';

/** Entries that are files to copy or to load, with nothing to import from them. */
const FILES = [
  './service-worker',
  './codec-worker',
  './base64.wasm',
  './core.wasm',
  './csv.wasm',
  './deflate.wasm',
  './digest.wasm',
  './encoding.wasm',
  './inflate.wasm',
  './text.wasm',
  './zstd-compress.wasm',
  './zstd.wasm',
];

/** Entries that are ES modules only: CommonJS can name no asset beside a module (docs/COMPATIBILITY.md). */
const MODULES_ONLY = [
  './slim',
  './slim/archives',
  './slim/codecs',
  './slim/inspect',
  './slim/monitor',
  './slim/multipart',
];

let folder;
let tarball;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-guards-'));
  tarball = await readFile(await pack(folder));
});
after(() => rm(folder, { recursive: true, force: true }));

test('publint finds nothing to mend', async () => {
  const packed = tarball.buffer.slice(tarball.byteOffset, tarball.byteOffset + tarball.byteLength);
  const { messages } = await publint({ pack: { tarball: packed }, strict: true });
  assert.deepEqual(messages, []);
});

test('TypeScript resolves each entry to its types, in node10, node16 and bundlers', async () => {
  const { entrypoints, problems } = await checkPackage(createPackageFromTarballData(tarball), {
    excludeEntrypoints: FILES,
  });
  const { exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  assert.deepEqual(
    Object.keys(entrypoints).sort(),
    Object.keys(exports)
      .filter((name) => !FILES.includes(name))
      .sort(),
  );
  const real = problems.filter(
    ({ kind, entrypoint }) => !(kind === 'CJSResolvesToESM' && MODULES_ONLY.includes(entrypoint)),
  );
  assert.deepEqual(real, []);
});

test('npm publish would accept it', async () => {
  const said = await npm(root, 'publish', '--dry-run', '--ignore-scripts', '--json', '--tag', 'latest');
  assert.match(said, /"name": "tidegate"/);
});
