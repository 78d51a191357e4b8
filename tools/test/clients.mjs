#!/usr/bin/env node
/**
 * Runs the tests of packages that others wrote: `clients.mjs TEST_FILE...`. The lock file in tests/clients/ pins them and the newest Node; the
 * first run installs them there.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Host } from '../setup/host.mjs';
import { isProgram, runMain, start } from '../steps.mjs';
import { installPinned } from './pinned.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const PLACE = join(root, 'tests/clients');
/** The newest Node that npm has for this machine, or undefined where it has none. */
export function newestNode({ platform, arch } = process) {
  const program = join(PLACE, `node_modules/node-${platform}-${arch}/bin/node`);
  return existsSync(program) ? program : undefined;
}

if (isProgram(import.meta.url)) {
  runMain(async () => {
    const host = new Host();
    await installPinned(host, { place: PLACE, what: "the clients' packages", step: 'clients' });
    const newest = newestNode();
    if (newest) host.say(`- Node ${execFileSync(newest, ['--version'], { encoding: 'utf8' }).trim().slice(1)}`);
    else host.say(`- npm has no newer Node for ${process.platform} on ${process.arch}; the tests run in this one`);
    const child = start(
      process.execPath,
      ['--test', '--test-reporter=spec', '--test-concurrency=1', '--test-timeout=180000', ...process.argv.slice(2)],
      {
        cwd: root,
        stdio: 'inherit',
      },
    );
    process.exitCode = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status) => resolve(status ?? 1));
    });
  });
}
