/**
 * What tools make of the packed tarball's entries: those that do not read `exports`, and programs of which a part imports and another
 * part requires the package.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import ts from 'typescript';
import { root, unpack } from './helpers.mjs';

const run = promisify(execFile);
const { exports, alias } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
const paths = Object.keys(exports).filter((path) => typeof exports[path] !== 'string');
let folder;
let installed;

before(async () => {
  folder = realpathSync(await mkdtemp(join(tmpdir(), 'tidegate-resolve-')));
  installed = await unpack(folder);
});
after(() => rm(folder, { recursive: true, force: true }));

describe('a tool that does not read exports', () => {
  for (const path of paths) {
    const name = `tidegate${path.slice(1)}`;
    const entry = exports[path].import ?? exports[path];

    if (path !== '.')
      test(`finds ${name} by the field alias, which Parcel reads`, () => {
        assert.equal(alias[path], entry.default);
        assert.ok(existsSync(join(installed, alias[path])));
      });

    test(`finds the types of ${name}: TypeScript's node10`, () => {
      const options = { moduleResolution: ts.ModuleResolutionKind.Node10, module: ts.ModuleKind.ESNext };
      const { resolvedModule } = ts.resolveModuleName(name, join(folder, 'main.ts'), options, ts.sys);
      assert.equal(relative(installed, resolvedModule?.resolvedFileName ?? ''), entry.types.slice(2));
    });
  }
});

/** Pipes a stream of the imported package into one of the required package. */
const MIXED = {
  'main.mjs': `
import { ReadableStream, pipeline } from 'tidegate';
import { gunzip } from 'tidegate/codecs';
import required from './part.cjs';

const seen = [];
await new ReadableStream({ start: (controller) => (controller.enqueue(1), controller.close()) }).pipeTo(required.sink(seen));
const same = required.ReadableStream === ReadableStream && required.readable() instanceof ReadableStream && required.gunzip === gunzip;
await pipeline(required.readable(), (value) => value * 2, required.sink(seen));
globalThis.result = JSON.stringify({ seen, same });
if (globalThis.process) console.log(globalThis.result);
`,
  'part.cjs': `
const { ReadableStream, WritableStream } = require('tidegate');
const { gunzip } = require('tidegate/codecs');
exports.ReadableStream = ReadableStream;
exports.gunzip = gunzip;
exports.readable = () => new ReadableStream({ start: (controller) => (controller.enqueue(21), controller.close()) });
exports.sink = (seen) => new WritableStream({ write: (chunk) => void seen.push(chunk) });
`,
};

describe('a program that imports and requires the package has one copy of its classes', () => {
  const expected = { seen: [1, 42], same: true };
  let app;

  before(async () => {
    app = join(folder, 'mixed');
    await mkdir(app);
    for (const [name, text] of Object.entries(MIXED)) await writeFile(join(app, name), text);
  });

  const runs = async (file) => {
    const { stdout, stderr } = await run(process.execPath, [file], { timeout: 30_000 });
    assert.equal(stderr, '');
    assert.deepEqual(JSON.parse(stdout), expected);
  };

  test('in Node', { skip: !process.features.require_module && 'this version of Node cannot require a module' }, () =>
    runs(join(app, 'main.mjs')),
  );

  for (const [platform, conditions] of [
    ['browser', undefined],
    ['node', undefined],
    // It has no condition of its own that both `import` and `require` take.
    ['neutral', ['module']],
  ]) {
    test(`bundled by esbuild for the platform ${platform}${conditions ? `, with the condition ${conditions}` : ''}`, async () => {
      const outfile = join(folder, `esbuild-${platform}.mjs`);
      await build({ entryPoints: [join(app, 'main.mjs')], outfile, bundle: true, format: 'esm', platform, conditions });
      await runs(outfile);
    });
  }
});
