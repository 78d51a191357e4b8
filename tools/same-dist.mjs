#!/usr/bin/env node
/**
 * Whether the JavaScript that is built from this tree is that of another commit: `node tools/same-dist.mjs [COMMIT]`, by default HEAD~1.
 * For changes that touch types, names of files, comments or the format, and nothing else. Both are built with this tree's tools and Wasm modules and
 * compared byte for byte, minified but for the names of variables: the bundler chooses the short ones by how often letters occur in the
 * sources, comments and types included, and puts the names of the sources into those of the shared chunks.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';
import { filesUnder } from './build/stamps.mjs';
import { runMain, say } from './steps.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const build = (folder) =>
  execFileSync(process.execPath, ['tools/build.mjs', '--js', '--debug'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });

/** A chunk is told by its place among the names in the entries. */
function scripts(folder) {
  const files = filesUnder(join(folder, 'dist')).filter((file) => /\.js$/.test(file));
  const minified = (file) =>
    transformSync(readFileSync(file, 'utf8'), { minifyWhitespace: true, minifySyntax: true, legalComments: 'none' })
      .code;
  const texts = new Map(files.map((file) => [relative(join(folder, 'dist'), file), minified(file)]));
  const entries = ['index.js', 'codecs.js', 'polyfill.js'].map((name) => texts.get(name)).join('');
  const chunks = [...new Set([...entries.matchAll(/chunk-[A-Z0-9]{8}/g)].map(([name]) => name))];
  const renamed = (text) => text.replaceAll(/chunk-[A-Z0-9]{8}/g, (name) => `chunk-${chunks.indexOf(name)}`);
  return new Map([...texts].map(([name, text]) => [renamed(name), renamed(text)]));
}

runMain(async () => {
  const commit = process.argv[2] ?? 'HEAD~1';
  const other = mkdtempSync(join(tmpdir(), 'tidegate-same-dist-'));
  try {
    const archive = execFileSync('git', ['archive', commit, 'js', 'package.json'], {
      cwd: root,
      maxBuffer: 1 << 28,
    });
    execFileSync('tar', ['-x', '-C', other], { input: archive });
    cpSync(join(root, 'tools'), join(other, 'tools'), { recursive: true, filter: (path) => !path.endsWith('target') });
    symlinkSync(join(root, 'node_modules'), join(other, 'node_modules'));
    cpSync(join(root, 'build'), join(other, 'build'), { recursive: true });
    build(root);
    build(other);
    const [ours, theirs] = [scripts(root), scripts(other)];
    execFileSync(process.execPath, ['tools/build.mjs', '--js'], { cwd: root, stdio: 'ignore' });
    const names = new Set([...ours.keys(), ...theirs.keys()]);
    const different = [...names].filter(
      (name) => !ours.has(name) || !theirs.has(name) || ours.get(name) !== theirs.get(name),
    );
    for (const name of different) say(`differs: dist/${name}`);
    if (different.length === 0)
      say(
        `dist/ is that of ${commit}: ${names.size} scripts, ${[...ours.values()].reduce((sum, { length }) => sum + length, 0)} bytes`,
      );
    else process.exitCode = 1;
  } finally {
    rmSync(other, { recursive: true, force: true });
  }
});
