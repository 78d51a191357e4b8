/** Which version of an engine is installed. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { someDisplay, webkitEnvironment } from './bare.mjs';
import { removeDirectory, temporaryDirectory } from './cleanup.mjs';
import { requireProgram } from './executables.mjs';

const run = promisify(execFile);

/**
 * An engine's name and version as its program prints them, such as "Chromium 156.0"; "node" is this process.
 * @param {'node' | 'chromium' | 'firefox' | 'webkit'} engine
 * @returns {Promise<string>}
 */
export async function engineVersion(engine) {
  if (engine === 'node') return `Node ${process.versions.node}`;
  const { stdout } =
    engine === 'webkit' ? await miniBrowserVersion() : await run(requireProgram(engine), ['--version']);
  return (/[A-Z]\w+(?: \w+)? \d+(?:\.\d+)*/.exec(stdout)?.[0] ?? stdout.trim()).replace(/^Mozilla /, '');
}

/** MiniBrowser wants a display even for this. */
async function miniBrowserVersion() {
  const home = temporaryDirectory('webkit');
  const display = await someDisplay();
  try {
    return await run(requireProgram('webkit'), ['--version'], { env: webkitEnvironment(home, display.display) });
  } finally {
    await display.close();
    removeDirectory(home);
  }
}
