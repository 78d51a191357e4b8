/** A lab and a browser for a test file, and questions to the server about its side of a download. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startLabServer } from '../../tools/lab/server.mjs';
import { launch } from '../../tools/browsers/index.mjs';

/**
 * Starts both before the file's tests and ends both after them.
 *
 * @param {{ engine?: 'chromium' | 'firefox' | 'webkit', args?: string[], prepare?: (browser: any) => Promise<void> }} [options] `args` are flags
 *   of the browser, `prepare` runs before the page is opened
 */
export function labInBrowser({ engine = 'chromium', args = [], prepare } = {}) {
  const context = { lab: null, browser: null };
  before(async () => {
    context.lab = await startLabServer();
    context.browser = await launch(engine, { args });
    await prepare?.(context.browser);
    await context.browser.open(`${context.lab.url}/`);
  });
  after(async () => {
    try {
      await context.browser?.close();
    } finally {
      await context.lab?.close();
    }
  });
  return context;
}

/**
 * What the tests ask of the lab's page, and do to it.
 *
 * @param {{ lab?: any, browser: any }} context as of `labInBrowser`; looked at when something is asked
 */
export function labPage(context) {
  return {
    /** Opens the page, and waits until all of it is there. @param {string} [query] */
    async open(query = '') {
      await context.browser.open(`${context.lab.url}/${query}`);
      await context.browser.waitFor(() => document.documentElement.dataset.ready === 'true');
    },
    text: (selector) => context.browser.evaluate((s) => document.querySelector(s).textContent, selector),
    click: (id) => context.browser.evaluate((name) => document.getElementById(name).click(), id),
    /** Waits until the text of an element matches. @param {string} id @param {RegExp} pattern */
    says: (id, pattern) =>
      context.browser.waitFor((name, source) => new RegExp(source).test(document.getElementById(name).textContent), {
        timeout: 60_000,
        args: [id, pattern.source],
      }),
    /** What the page has told the console to be wrong. */
    errors: () => context.browser.messages.filter(({ type }) => type === 'error' || type === 'pageerror'),
  };
}

/** Asks until the answer is truthy, at most for `limit` milliseconds. */
export async function until(check, limit, what) {
  const end = Date.now() + limit;
  for (;;) {
    const answer = await check();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`not within ${limit} ms: ${what}`);
    await sleep(20);
  }
}

/** Resolves with a count once it has not grown for a second; rejects after 15. */
export async function untilSteady(count) {
  const end = Date.now() + 15_000;
  for (let last = count(); Date.now() < end;) {
    await sleep(1000);
    const now = count();
    if (now === last) return now;
    last = now;
  }
  throw new Error('the count went on growing for 15 s');
}

/** Resolves with the milliseconds it took until the server saw the download end early; rejects after a second. */
export async function whenAborted(lab, id) {
  const began = Date.now();
  await until(() => lab.connections.get(id).state === 'aborted', 1000, 'the server sees the connection end');
  return Date.now() - began;
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core calls serious or critical in the page as it is, each with the elements it means. */
export async function seriousFaults({ page }) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document));
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map(({ target, failureSummary }) => `${target} (${failureSummary})`).join('; ')}`,
    );
}
