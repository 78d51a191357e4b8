#!/usr/bin/env node
/**
 * Runs the tests of packages that others wrote: `clients.mjs TEST_FILE...`. The lock file in tests/clients/ pins them and the newest Node; the
 * first run installs them there.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Host } from '../setup/host.mjs';
import { isProgram, runMain, start, StepError } from '../steps.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const PLACE = join(root, 'tests/clients');
const ADVICE =
  'Check that npm reaches its registry (`npm ping`) and run the command again; `npm test -- --skip clients` leaves this step out.';

const contents = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : undefined);

/** The newest Node that npm has for this machine, or undefined where it has none. */
export function newestNode({ platform, arch } = process) {
  const program = join(PLACE, `node_modules/node-${platform}-${arch}/bin/node`);
  return existsSync(program) ? program : undefined;
}

async function install(host) {
  const lock = contents(join(PLACE, 'package-lock.json'));
  const stamp = join(PLACE, 'node_modules/.tidegate');
  if (contents(stamp) === lock) return;
  const title = "Install the clients' packages (npm ci)";
  if (!(await host.attempt(title, 'npm', ['ci', '--prefix', PLACE, '--ignore-scripts', '--no-audit', '--no-fund']))) {
    throw new StepError(title, { reason: '`npm ci` failed', tail: host.lastOutput, advice: ADVICE });
  }
  writeFileSync(stamp, lock);
}

if (isProgram(import.meta.url)) {
  runMain(async () => {
    const host = new Host();
    await install(host);
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
