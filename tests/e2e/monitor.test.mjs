/** `<tidegate-monitor>` in a page with a strict policy, in every engine. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { engines, launch } from '../../tools/browsers/index.mjs';
import { serveFile } from '../../tools/lab/static.mjs';
import { seriousFaults } from './lab-helpers.mjs';
import { serve } from './serve.mjs';

const LIMIT = { timeout: 120_000 };
const folder = (path) => fileURLToPath(new URL(path, import.meta.url));
const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; require-trusted-types-for 'script'";

const served = () =>
  serve((pathname, response) => {
    response.setHeader('Content-Security-Policy', POLICY);
    return pathname.startsWith('/dist/')
      ? serveFile(response, folder('../../dist'), pathname.slice('/dist/'.length))
      : serveFile(response, folder('./monitor'), pathname === '/' ? 'index.html' : pathname);
  });

for (const engine of engines) {
  describe(engine, LIMIT, () => {
    let server;
    let browser;
    const ask = (call, ...args) => browser.evaluate((name, given) => globalThis.page[name](...given), call, args);
    /** Waits until what is shown satisfies `is`, and gives it. */
    async function shown(is, what) {
      const end = Date.now() + 20_000;
      for (;;) {
        const now = await ask('shown');
        if (is(now)) return now;
        if (Date.now() > end) throw new Error(`${what}: ${JSON.stringify(now)}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }

    before(async () => {
      server = await served();
      browser = await launch(engine);
      await browser.open(`${server.url}/`);
      await browser.waitFor(() => globalThis.page !== undefined);
    }, LIMIT);

    after(async () => {
      try {
        await browser?.close();
      } finally {
        await server?.close();
      }
    });

    test('it says that nothing is shown, and refuses what is no pipeline', async () => {
      assert.equal((await ask('shown')).why, 'No pipeline is shown.');
      assert.match((await ask('refusal', 'target', 5))[0], /inspect\(\)/);
    });

    test('it shows every part of a pipeline that runs, open', async () => {
      await ask('start');
      const { parts, news } = await shown(({ parts: all }) => all.length === 4, 'four parts');
      assert.deepEqual(
        parts.map(({ name }) => name),
        ['function lines', 'gzip', 'gunzip', 'function save'],
      );
      assert.match(news, /sets the pace|runs/);
    });

    test('what it refuses changes nothing', async () => {
      for (const [name, value, message] of [
        ['target', {}, /^inspect\(\): the argument must be/],
        ['target', 0, /^inspect\(\): the argument must be/],
        ['report', 5, /^tidegate-monitor: report must be what inspect\(pipeline\) returns; got number/],
        ['report', {}, /^tidegate-monitor: report must be/],
      ]) {
        const [said, isKept] = await ask('refusal', name, value);
        assert.match(said, message);
        assert.equal(isKept, true);
      }
    });

    test('a report of null shows nothing', async () =>
      assert.deepEqual(await ask('reportOfNothing'), [4, 0, 'undefined']));

    test('what was set before the element was defined is taken over', async () =>
      assert.deepEqual(await ask('upgraded'), [4, true, [], '60']));

    test('the pipeline of a stream is shown to its own end', async () => {
      const [why, flows] = await ask('ofStream');
      assert.match(why, /^Done in /);
      assert.equal(flows, 0);
    });

    test('its pace can be changed while it looks', async () =>
      assert.deepEqual(await ask('paced'), [true, true, true]));

    test('a consumer that stops closes the gates and is named', async () => {
      await ask('hold', true);
      const { why, parts, news } = await shown(
        ({ parts: all, why: sentence }) => /has taken nothing for/.test(sentence) && all.at(-1).pace,
        'the sink is named',
      );
      assert.match(why, /function save/);
      assert.match(news, /function save sets the pace/);
      assert.equal(parts.at(-2).gate, 'closed');
      assert.ok(
        parts.some(({ level }) => level > 0),
        JSON.stringify(parts),
      );
    });

    test("its figures are those of inspect() and of the page's own count", async () => {
      const taken = await ask('taken');
      await browser.waitFor(() => {
        const [one, other] = [globalThis.page.report(), globalThis.page.inspected()];
        const figures = ({ held, stages }) => [held, ...stages.map(({ bytesIn, bytesOut }) => [bytesIn, bytesOut])];
        return JSON.stringify(figures(one)) === JSON.stringify(figures(other));
      });
      const { stages } = await ask('report');
      // The chunk that the sink has and has not counted.
      const ahead = stages.at(-1).bytesIn - taken;
      assert.ok(ahead >= 0 && ahead <= 65_536, `the sink got ${ahead} bytes more than it has counted`);
    });

    if (engine === 'chromium') {
      for (const scheme of ['light', 'dark'])
        test(`axe finds nothing serious, ${scheme}`, async () => {
          await browser.page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
          if (process.env.SHOTS) await browser.screenshot(`${process.env.SHOTS}/monitor-${scheme}.png`);
          assert.deepEqual(await seriousFaults(browser), []);
        });

      test('the keyboard opens the figures of a part', async () => {
        await browser.page.keyboard.press('Tab');
        await browser.page.keyboard.press('Enter');
        assert.equal(
          await browser.evaluate(
            () => document.querySelector('tidegate-monitor').shadowRoot.querySelector('details').open,
          ),
          true,
        );
      });

      test('no part is wider than a phone', async () => {
        await browser.setSize(390, 844);
        const [wide, screen] = await browser.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
        assert.ok(wide <= screen, `${wide} wide`);
        await browser.setSize(1280, 900);
      });
    }

    test('a failure is shown where it happened, with its error', async () => {
      await ask('fail');
      const { why, parts } = await shown(({ parts: all }) => all.at(-1).state === 'failed', 'the sink has failed');
      assert.match(why, /the disk is full/);
      assert.ok(
        parts.slice(0, -1).every(({ state }) => state === 'torn down'),
        JSON.stringify(parts),
      );
    });

    if (engine !== 'webkit')
      test('the page reports no error to the console', () =>
        assert.deepEqual(
          browser.messages.filter(({ type }) => type === 'error' || type === 'pageerror'),
          [],
        ));
  });
}
