/** A display for browsers that have no headless mode: a virtual X server on a display number of the server's choosing. */
import { endOwned, spawnOwned } from './cleanup.mjs';
import { requireProgram } from './executables.mjs';

/**
 * Starts Xvfb; it picks a free display itself, so that two runs never fight over a number.
 * @returns {Promise<{ display: string, close(): Promise<void> }>} `display` is a value for `DISPLAY`, such as ":7".
 */
export async function startDisplay({ width = 1280, height = 900, timeout = 15_000 } = {}) {
  const server = spawnOwned(
    requireProgram('xvfb'),
    ['-displayfd', '3', '-screen', '0', `${width}x${height}x24`, '-nolisten', 'tcp', '-noreset'],
    { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] },
  );
  try {
    const number = await new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`Xvfb did not start within ${timeout} ms: ${server.diagnostics}`)),
        timeout,
      );
      let text = '';
      server.stdio[3].setEncoding('utf8').on('data', (data) => {
        text += data;
        if (text.includes('\n')) {
          clearTimeout(timer);
          resolve(text.trim());
        }
      });
      server.once('error', reject);
      server.once('exit', (code) => {
        clearTimeout(timer);
        reject(new Error(`Xvfb ended with code ${code}: ${server.diagnostics}`));
      });
    });
    return { display: `:${number}`, close: () => endOwned(server) };
  } catch (error) {
    await endOwned(server);
    throw error;
  }
}
