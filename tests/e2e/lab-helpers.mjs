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
