/** The thread in which one test file runs: a global object with the few extras that the harness looks for. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext, runInThisContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';

const { root, script, sources, variant, path, limit } = workerData;
const testStatus = ['PASS', 'FAIL', 'TIMEOUT', 'NOTRUN', 'PRECONDITION_FAILED'];
const harnessStatus = ['OK', 'ERROR', 'TIMEOUT', 'PRECONDITION_FAILED'];
const { postMessage } = parentPort;
const post = postMessage.bind(parentPort);
const errors = [];

setFlagsFromString('--expose-gc');
globalThis.gc = runInNewContext('gc');
globalThis.self = globalThis;
globalThis.GLOBAL = { isWindow: () => false, isWorker: () => false, isShadowRealm: () => false };
globalThis.location = { pathname: `/${path}`, search: variant, href: `http://localhost/${path}${variant}` };
globalThis.fetch = async (address) => {
  const text = await readFile(join(root, String(address)), 'utf8');
  return { ok: true, text: async () => text, json: async () => JSON.parse(text) };
};

process.on('unhandledRejection', (reason) => errors.push(`unhandled rejection: ${reason?.stack ?? reason}`));
process.on('uncaughtException', (error) => errors.push(`uncaught: ${error?.stack ?? error}`));

if (script) runInThisContext(script, { filename: 'install.js' });

const describe = (test) => ({ name: test.name, status: testStatus[test.status], message: test.message || '' });

// The harness takes the test as loaded in the microtask after it ran, so nothing may be awaited between the scripts.
const [harness, ...rest] = sources;
runInThisContext(harness.text, { filename: harness.path });
globalThis.add_result_callback((test) => post({ subtest: describe(test) }));
globalThis.add_completion_callback((tests, status) => {
  const failed = errors.length > 0 && status.status === 0;
  post({
    status: failed ? 'ERROR' : harnessStatus[status.status],
    message: failed ? errors.join('\n') : status.message || '',
    subtests: tests.map(describe),
  });
});
const giveUp = globalThis.timeout;
setTimeout(() => giveUp(), limit);
try {
  for (const { path: filename, text } of rest) runInThisContext(text, { filename });
} catch (error) {
  errors.push(`uncaught: ${error?.stack ?? error}`);
  globalThis.done();
}
