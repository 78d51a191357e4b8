/** The lab's main job, and its teardown, in the engines other than Chromium. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { availableEngines } from '../../tools/browsers/index.mjs';
import { labInBrowser, until } from './lab-helpers.mjs';

const LIMIT = { timeout: 90_000 };

for (const engine of ['firefox', 'webkit']) {
  describe(engine, { skip: !availableEngines().includes(engine) && `${engine} is not installed` }, () => {
    const context = labInBrowser({ engine });
    const status = () => context.browser.evaluate(() => document.getElementById('status').textContent);
    const ready = () => context.browser.waitFor(() => !document.getElementById('start').disabled, LIMIT);
    const inRows = () =>
      context.browser.waitFor(() => /^[1-9]/.test(document.querySelector('[data-figure="rows"]').textContent), LIMIT);
    const newest = () => context.lab.connections.list().at(-1);

    async function choose(size) {
      await ready();
      await context.browser.evaluate((value) => {
        document.getElementById('size').value = value;
      }, size);
    }

    test('the page arrives at the server’s row count, totals and SHA-256', LIMIT, async () => {
      await choose('16MB');
      await context.browser.click('#start');
      await context.browser.waitFor(() => !document.getElementById('result').hidden, LIMIT);
      assert.match(await status(), /^Done: .* ✓/);
    });

    // Neither engine holds its network back for a body that nobody reads (docs/LAB.md), so only the page's side is asked.
    test('a consumer that takes nothing holds the rows where they are until it goes on', LIMIT, async () => {
      const rows = () => context.browser.evaluate(() => document.querySelector('[data-figure="rows"]').textContent);
      await choose('64MB');
      await context.browser.click('#start');
      await inRows();
      await context.browser.click('#hold');
      await sleep(1000);
      const held = await rows();
      await sleep(1000);
      assert.equal(await rows(), held);
      await context.browser.click('#hold');
      await ready();
      assert.match(await status(), /^Done: .* ✓/);
    });

    test(
      'the file without an end stops for a consumer that takes nothing, whatever the engine reads ahead',
      LIMIT,
      async () => {
        await choose('endless');
        await context.browser.click('#start');
        await inRows();
        await context.browser.click('#hold');
        await context.browser.waitFor(
          () => /the server stopped after/.test(document.getElementById('status').textContent),
          LIMIT,
        );
        const { bytes } = newest();
        await sleep(1000);
        assert.equal(newest().bytes, bytes);
        await context.browser.click('#hold');
        await until(() => newest().bytes > bytes, 30_000, 'the server goes on');
        await context.browser.click('#abort');
        await ready();
      },
    );

    for (const [what, button, said] of [
      ['ended by hand', '#abort', /^You ended it/],
      ['that fails', '#throw', /told to fail/],
    ]) {
      test(`a job ${what} ends its connection and says why`, LIMIT, async () => {
        await choose('10GB');
        await context.browser.click('#start');
        await inRows();
        await context.browser.click(button);
        await ready();
        assert.match(await status(), said);
        await until(() => newest().state === 'aborted', 15_000, 'the server sees the connection end');
      });
    }
  });
}
