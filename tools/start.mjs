#!/usr/bin/env node
/** `start.mjs PROGRAM [ARGUMENT]...`: the set-up and the build, then the program of this project, with the arguments. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';
import { setup } from './setup.mjs';
import { runMain, start } from './steps.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Runs the program until it ends or this one is told to end; resolves with its exit code. */
function execute(program, args) {
  return new Promise((resolve, reject) => {
    const child = start(process.execPath, [join(root, program), ...args], { stdio: 'inherit' });
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(signal ? 1 : code));
  });
}

runMain(async () => {
  const [program, ...args] = process.argv.slice(2);
  const folder = process.cwd();
  await setup();
  await build();
  process.chdir(folder);
  process.exitCode = await execute(program, args);
});
