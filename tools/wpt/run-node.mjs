/** Runs tests in Node, each file in a worker thread of its own. */
import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { Worker } from 'node:worker_threads';
import { filePath } from './checkout.mjs';

const NORMAL = 10_000;
const LONG = 60_000;
/** How much longer than the harness the thread itself may take before it is ended. */
const GRACE = 5000;

/** Whether Node can run a test: one that needs no document or frame, and not idlharness, which knows only browsers' globals. */
export function runsInNode({ path }) {
  return path.endsWith('.any.js') && !path.includes('idlharness');
}

/**
 * @param {import('./suites.mjs').TestFile[]} tests
 * @param {{ root: string, script: string, onResult?: (result: import('./run-browser.mjs').TestResult) => void, concurrency?: number }} options
 * @returns {Promise<import('./run-browser.mjs').TestResult[]>}
 */
export async function runInNode(tests, { root, script, onResult = () => {}, concurrency = 2 }) {
  const results = new Array(tests.length);
  let next = 0;
  async function work() {
    while (next < tests.length) {
      const index = next++;
      results[index] = await runFile(tests[index], root, script);
      onResult(results[index]);
    }
  }
  await Promise.all(Array.from({ length: concurrency }, work));
  return results;
}

async function runFile(test, root, script) {
  const paths = [
    'resources/testharness.js',
    ...test.scripts.map((name) => (name.startsWith('/') ? name.slice(1) : posix.join(posix.dirname(test.path), name))),
    test.path,
  ];
  const sources = await Promise.all(
    paths.map(async (path) => ({ path, text: await readFile(join(root, filePath(path)), 'utf8') })),
  );
  const limit = test.long ? LONG : NORMAL;
  const worker = new Worker(new URL('./node-worker.mjs', import.meta.url), {
    workerData: { root, script, sources, variant: test.variant, path: test.path, limit },
    stdout: true,
    stderr: true,
  });
  const subtests = [];
  return new Promise((resolve) => {
    const timer = setTimeout(finish, limit + GRACE, 'CRASH', `the thread did not answer within ${limit + GRACE} ms`);
    function finish(status, message, list = subtests) {
      clearTimeout(timer);
      resolve({ id: test.id, status, message, subtests: list });
      worker.terminate();
    }
    worker.on('message', (message) => {
      if (message.subtest) subtests.push(message.subtest);
      else finish(message.status, message.message, message.subtests);
    });
    worker.on('error', (error) => finish('CRASH', String(error?.stack ?? error)));
    worker.on('exit', (code) => finish('CRASH', `the thread ended with code ${code} before the harness did`));
  });
}
