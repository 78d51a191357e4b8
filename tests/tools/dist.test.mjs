/** dist/ as it ships: readable, with source maps that lead to js/, and the same bytes wherever it is built. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { filesUnder } from '../../tools/build/stamps.mjs';
import { MODULES } from '../../tools/build/wasm.mjs';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const dist = join(root, 'dist');
const scripts = filesUnder(dist).filter((file) => /\.c?js$/.test(file));
const named = (file) => relative(dist, file);

/** Files that hold a Wasm module as JavaScript: minified, without a map. */
const isTranslated = (text) => /\bMath\.clz32\b/.test(text) && !/^\/\/# sourceMappingURL=/m.test(text);

/** The longest line that no string literal accounts for. */
const longestLine = (text) =>
  Math.max(
    ...text
      .replace(/"(?:[^"\\\n]|\\.)*"/g, '""')
      .split('\n')
      .map(({ length }) => length),
  );

/** An entry, or the one of its chunks, that has these words. */
async function withWords(entry, words) {
  const files = new Set([entry]);
  for (const file of files) {
    const text = await readFile(file, 'utf8');
    if (text.includes(words)) return file;
    for (const [, name] of text.matchAll(/(?:\bfrom|\bimport|\brequire\()\s*["'](\.[^"']+)["']/g))
      files.add(join(dirname(file), name));
  }
  return assert.fail(`neither ${named(entry)} nor its chunks have "${words}"`);
}

describe('the source maps', () => {
  test('are named by each script, and hold the text of each source', async () => {
    let seen = 0;
    for (const file of scripts) {
      const text = await readFile(file, 'utf8');
      if (isTranslated(text)) continue;
      seen += 1;
      const [, link] = /\n\/\/# sourceMappingURL=(.*)\n?$/.exec(text) ?? [];
      assert.equal(link, `${basename(file)}.map`, named(file));
      const { sources, sourcesContent } = JSON.parse(await readFile(join(dirname(file), link), 'utf8'));
      assert.equal(sources.length, sourcesContent.length, named(file));
      for (const [index, source] of sources.entries()) {
        const content = sourcesContent[index];
        assert.equal(typeof content, 'string', `${named(file)}: ${source}`);
        const original = join(dirname(file), source);
        if (/\bjs\/.*\.[jt]s$/.test(source) && existsSync(original))
          assert.equal(content, await readFile(original, 'utf8'), `${named(file)}: ${source}`);
      }
    }
    assert.ok(seen > 10, `only ${seen} scripts have one`);
  });

  for (const name of ['index.js', 'index.cjs', 'slim/index.js', 'tidegate.global.js', 'tidegate.module.js']) {
    test(`lead from ${name} to the line in js/`, async () => {
      const words = 'to receive all chunks, make it an async generator function';
      const file = await withWords(join(dist, name), words);
      const text = await readFile(file, 'utf8');
      const at = text.indexOf(words);
      const before = text.slice(0, at).split('\n');
      const map = new SourceMap(JSON.parse(await readFile(`${file}.map`, 'utf8')));
      const { originalSource, originalLine } = map.findEntry(before.length - 1, before.at(-1).length);
      const original = join(dirname(file), originalSource);
      assert.match(relative(root, original), /^js\/pipeline\//);
      const line = (await readFile(original, 'utf8')).split('\n')[originalLine];
      assert.ok(line.includes(words), line);
    });
  }
});

test('the entries and their chunks are readable, the files for pages without a bundler minified', async () => {
  for (const file of scripts) {
    const text = await readFile(file, 'utf8');
    const whole = /^(tidegate\.\w+|service-worker|codec-worker)\.js$/.test(named(file));
    if (!isTranslated(text)) assert.equal(longestLine(text) > 5000, whole, `${named(file)}: ${longestLine(text)}`);
  }
});

test('an uncaught error shows the line in js/ when Node is asked for source maps', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-stack-'));
  try {
    const program = join(folder, 'program.mjs');
    await writeFile(program, `import { take } from ${JSON.stringify(join(dist, 'index.js'))};\ntake(-1);\n`);
    const { stderr } = await run(process.execPath, ['--enable-source-maps', program]).catch((error) => error);
    assert.match(stderr, /at take \(.*\bjs\/operators\/\w+\.ts:\d+/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('another folder makes the same bytes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-again-'));
  try {
    const isInput = (path) => !/[\\/](bindgen[\\/]target|node_modules)$/.test(path);
    for (const name of ['js', 'tools', 'package.json', ...Object.keys(MODULES).map((module) => `build/${module}`)])
      await cp(join(root, name), join(folder, name), { recursive: true, filter: isInput });
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    await run(process.execPath, ['tools/build.mjs', '--js'], { cwd: folder });
    const made = filesUnder(join(folder, 'dist')).map((file) => relative(join(folder, 'dist'), file));
    const here = filesUnder(dist).map(named);
    assert.deepEqual(made.sort(), here.filter((name) => !name.startsWith('types/')).sort());
    for (const name of made) {
      const [ours, again] = await Promise.all([readFile(join(dist, name)), readFile(join(folder, 'dist', name))]);
      assert.ok(ours.equals(again), name);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
