/**
 * Runs tests in a browser that nobody is attached to. One page runs one test, posts its result and goes to the next by
 * itself; a page that does not answer costs that browser, and a fresh one goes on with the test after it.
 */
import { openBare } from '../browsers/index.mjs';
import { startServer } from './server.mjs';

/** Seconds that the harness itself grants a test, before its multiplier. */
const NORMAL = 10;
const LONG = 60;

/**
 * @param {string} engine
 * @param {import('./suites.mjs').TestFile[]} tests
 * @param {{ root: string, script: string, onResult?: (result: TestResult) => void, multiplier?: number }} options
 * @returns {Promise<TestResult[]>}
 *
 * @typedef {object} TestResult
 * @property {string} id
 * @property {'OK' | 'ERROR' | 'TIMEOUT' | 'CRASH'} status Of the harness; CRASH where the page never answered.
 * @property {string} message
 * @property {{ name: string, status: 'PASS' | 'FAIL' | 'TIMEOUT' | 'NOTRUN', message: string }[]} subtests
 */
export async function runInBrowser(engine, tests, { root, script, onResult = () => {}, multiplier = 2 }) {
  const results = [];
  let index = 0;
  let wake = () => {};
  const server = await startServer(root, {
    script,
    multiplier,
    onResult({ url, ...result }) {
      const test = tests[index];
      // A page that was given up may still post; only the test under way counts.
      if (test === undefined || url !== test.url) return undefined;
      record(result);
      return tests[index]?.url;
    },
  });

  function record(result) {
    const entry = { id: tests[index].id, ...result };
    results.push(entry);
    index += 1;
    onResult(entry);
    wake('result');
  }

  let browser;
  try {
    while (index < tests.length) {
      if (browser === undefined) {
        browser = await openBare(engine, server.origin + tests[index].url);
        browser.exited.then(() => wake('exit'));
      }
      const patience = ((tests[index].long ? LONG : NORMAL) * multiplier + 10) * 1000;
      const event = await new Promise((resolve) => {
        const timer = setTimeout(resolve, patience, 'timeout');
        wake = (what) => {
          clearTimeout(timer);
          resolve(what);
        };
      });
      if (event === 'result') continue;
      const message = event === 'exit' ? await browser.exited : `the page did not answer within ${patience} ms`;
      await browser.close();
      browser = undefined;
      record({ status: 'CRASH', message, milliseconds: patience, subtests: [] });
    }
  } finally {
    await browser?.close();
    await server.close();
  }
  return results;
}
