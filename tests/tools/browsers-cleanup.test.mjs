import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { endOwned, removeDirectory, spawnOwned, temporaryDirectory } from '../../tools/browsers/cleanup.mjs';

const run = promisify(execFile);
const cleanup = JSON.stringify(new URL('../../tools/browsers/cleanup.mjs', import.meta.url).href);

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function untilGone(pid) {
  for (let i = 0; i < 100 && isAlive(pid); i += 1) await new Promise((resolve) => setTimeout(resolve, 50));
  return !isAlive(pid);
}

test('a process that ignores being asked is ended all the same', async () => {
  const child = spawnOwned(process.execPath, [
    '-e',
    'process.on("SIGTERM", () => {}); console.error("up"); setInterval(() => {}, 1000)',
  ]);
  await once(child.stderr, 'data');
  await endOwned(child, 50);
  assert.equal(child.signalCode, 'SIGKILL');
});

test('what a process started in its group ends with it', async () => {
  const child = spawnOwned(process.execPath, [
    '-e',
    'console.error(require("child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]).pid); setInterval(() => {}, 1000)',
  ]);
  const grandchild = Number(String((await once(child.stderr, 'data'))[0]));
  assert.equal(isAlive(grandchild), true);
  await endOwned(child);
  assert.equal(await untilGone(grandchild), true);
});

test('a program that ends without closing its browser leaves no process and no directory', async () => {
  const { stdout } = await run(process.execPath, [
    '--input-type=module',
    '-e',
    `
    import { spawnOwned, temporaryDirectory } from ${cleanup};
    const child = spawnOwned(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    console.log(JSON.stringify({ pid: child.pid, path: temporaryDirectory('test') }));
    process.exit(0);`,
  ]);
  const { pid, path } = JSON.parse(stdout);
  assert.equal(await untilGone(pid), true);
  assert.equal(existsSync(path), false);
});

test('a temporary directory is made and removed', () => {
  const path = temporaryDirectory('test');
  assert.equal(existsSync(path), true);
  removeDirectory(path);
  assert.equal(existsSync(path), false);
});
