#!/usr/bin/env node
/** `npm start`: the set-up, the build, then the lab server. Arguments go to the server. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';
import { setup } from './setup.mjs';
import { runMain, start } from './steps.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Runs the server until it ends or this process is told to end; its exit code becomes this command's. */
function serve(args) {
  return new Promise((resolve, reject) => {
    const server = start(process.execPath, [join(root, 'lab/server.mjs'), ...args], { cwd: root, stdio: 'inherit' });
    server.once('error', reject);
    server.once('close', (code, signal) => resolve(signal ? 0 : code));
  });
}

runMain(async () => {
  await setup();
  await build();
  process.exitCode = await serve(process.argv.slice(2));
});
