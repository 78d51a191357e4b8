#!/usr/bin/env node
/**
 * Whether another folder builds the same bytes: `node tools/reproduce.mjs` builds the committed tree from scratch below the system's temporary
 * folder, Wasm modules included, and compares every file of dist/ with the one here. Takes as long as the first build of a clone. `npm test` compares the
 * JavaScript only (tests/tools/dist.test.mjs).
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesUnder } from './build/stamps.mjs';
import { runMain, say, StepError } from './steps.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

runMain(async () => {
  const other = mkdtempSync(join(tmpdir(), 'tidegate-reproduce-'));
  try {
    const archive = execFileSync('git', ['archive', 'HEAD'], { cwd: root, maxBuffer: 1 << 28 });
    execFileSync('tar', ['-x', '-C', other], { input: archive });
    symlinkSync(join(root, 'node_modules'), join(other, 'node_modules'));
    for (const folder of [root, other])
      execFileSync(process.execPath, ['tools/build.mjs'], { cwd: folder, stdio: 'inherit' });
    const list = (folder) => filesUnder(join(folder, 'dist')).map((file) => relative(join(folder, 'dist'), file));
    const names = [...new Set([...list(root), ...list(other)])].sort();
    const read = (folder, name) => {
      try {
        return readFileSync(join(folder, 'dist', name));
      } catch {
        return undefined;
      }
    };
    const different = names.filter((name) => {
      const [ours, theirs] = [read(root, name), read(other, name)];
      return ours === undefined || theirs === undefined || !ours.equals(theirs);
    });
    if (different.length) {
      throw new StepError('Reproduce dist/', {
        reason: `these differ: ${different.join(', ')}`,
        advice: 'Commit what has changed, and build again.',
      });
    }
    say(`Both folders have the same ${names.length} files`);
  } finally {
    rmSync(other, { recursive: true, force: true });
  }
});
