/** The job in a page of Chromium: its answer, its memory, its backpressure and its teardown, seen from both ends. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CHROMIUM_ARGS, recordWasmMemories, watchMemory } from '../../tools/lab/memory.mjs';
import { labInBrowser, until, untilSteady, whenAborted } from './lab-helpers.mjs';

const MB = 1e6;
const context = labInBrowser({
  args: CHROMIUM_ARGS,
  prepare: ({ page }) => page.evaluateOnNewDocument(recordWasmMemories),
});

/** Starts a job in the page, as `globalThis.job`, and resolves once its first rows have been added up. */
async function startJob(id, options = {}) {
  await context.browser.evaluate(startInPage, id, options);
  await context.browser.waitFor(() => globalThis.job.state().rows > 0);
}

async function startInPage(id, { size = '1GB', stopAfter } = {}) {
  const { Job } = await import('/job.js');
  globalThis.aborter = new AbortController();
  globalThis.job = new Job({
    source: { url: `/data/${size}.csv.gz?id=${id}`, gzip: true },
    signal: globalThis.aborter.signal,
    stopAfter,
  });
  globalThis.outcome = globalThis.job.result.then(
    (value) => ({ value }),
    (error) => ({ error }),
  );
}

/** What became of every stream of the last job: "closed" or "errored" if all is well, and whether it is locked. */
async function streamsInPage() {
  const { source, bytes, stages } = globalThis.job.chain;
  const streams = {
    source: source.input.body,
    'bytes, writable': bytes.writable,
    'bytes, readable': bytes.readable,
    'codecs, writable': stages.inflate.writable,
    'codecs, readable': stages.rows.readable,
  };
  const states = {};
  for (const [name, stream] of Object.entries(streams)) {
    if (stream.locked) {
      states[name] = 'locked';
      continue;
    }
    const end = stream.getReader ? stream.getReader() : stream.getWriter();
    states[name] = await Promise.race([
      end.closed.then(
        () => 'closed',
        () => 'errored',
      ),
      new Promise((resolve) => setTimeout(resolve, 1000, 'still open')),
    ]);
  }
  return states;
}

async function assertTornDown(id) {
  const states = await context.browser.evaluate(streamsInPage);
  for (const [name, state] of Object.entries(states)) assert.match(state, /^(closed|errored)$/, name);
  const { bytes } = context.lab.connections.get(id);
  await sleep(200);
  assert.equal(context.lab.connections.get(id).bytes, bytes, 'the server generates no more');
}

test('256 MB arrive as the server made them, within 64 MB of memory', { timeout: 240_000 }, async (t) => {
  const { start, raw, live: collected, samples, seconds, result } = await watchMemory(context.browser.page, '256MB');
  const server = await (await fetch(`${context.lab.url}/api/summary?size=256MB`)).json();
  assert.equal(result.rows, server.rows);
  assert.deepEqual(result.totals, server.totals);
  assert.equal(result.sha256, server.sha256);

  const grown = (at, ...parts) => parts.reduce((sum, part) => sum + at[part] - start[part], 0) / MB;
  const garbage = grown(raw, 'heap', 'wasm');
  const live = grown(collected, 'heap', 'wasm', 'buffers');
  t.diagnostic(`${(256 / seconds).toFixed(0)} MB/s, halted and collected at each of ${samples} samples`);
  t.diagnostic(
    `over the start: JS heap and Wasm ${garbage.toFixed(1)} MB, garbage included; with array buffers ${live.toFixed(1)} MB after collections`,
  );
  assert.ok(samples >= 3, `${samples} samples say nothing`);
  assert.ok(garbage < 64, `JS heap and Wasm grew by ${garbage} MB, garbage included`);
  assert.ok(live < 16, `everything that is alive grew by ${live} MB`);
});

test('a consumer that stops for 3 seconds stops the server, and nothing is lost', { timeout: 240_000 }, async (t) => {
  const id = 'paused';
  await startJob(id, { size: '256MB' });
  const record = context.lab.connections.get(id);
  await context.browser.evaluate(() => globalThis.job.pace.hold());

  // First the buffers of Node, kernel and browser fill; then nothing moves.
  const full = await untilSteady(() => record.bytes);
  await sleep(3000);
  assert.equal(record.bytes, full, 'bytes handed to the socket while the consumer took nothing');
  assert.equal(record.state, 'open');
  const { bytesIn } = await context.browser.evaluate(() => globalThis.job.state());
  t.diagnostic(
    `${((full - bytesIn) / MB).toFixed(1)} MB are held between the server and the page: Node, kernel and browser`,
  );

  await context.browser.evaluate(() => globalThis.job.pace.release());
  const { value, error } = await context.browser.evaluate(() => globalThis.outcome);
  assert.equal(error, undefined);
  const server = await (await fetch(`${context.lab.url}/api/summary?size=256MB`)).json();
  assert.deepEqual([value.rows, value.sha256, value.totals], [server.rows, server.sha256, server.totals]);
  assert.ok(record.bytes > full);
});

for (const [what, held] of [
  ['while it runs', false],
  ['while its consumer takes nothing', true],
]) {
  test(`a job aborted ${what} rejects with the signal's reason and is torn down`, { timeout: 60_000 }, async () => {
    const id = `abort-${held}`;
    await startJob(id);
    if (held) {
      await context.browser.evaluate(() => globalThis.job.pace.hold());
      await sleep(500);
    }
    await context.browser.evaluate(() => {
      globalThis.reason = new Error('enough');
      globalThis.aborter.abort(globalThis.reason);
    });
    await whenAborted(context.lab, id);
    assert.ok(await context.browser.evaluate(async () => (await globalThis.outcome).error === globalThis.reason));
    await assertTornDown(id);
  });
}

for (const stage of ['totals', 'bytes']) {
  test(
    `a job whose ${stage} stage throws rejects with that very error and is torn down`,
    { timeout: 60_000 },
    async () => {
      const id = `throw-${stage}`;
      await startJob(id);
      await context.browser.evaluate((name) => {
        globalThis.thrown = new Error('this one');
        globalThis.job.fail(name, globalThis.thrown);
      }, stage);
      assert.ok(await context.browser.evaluate(async () => (await globalThis.outcome).error === globalThis.thrown));
      await whenAborted(context.lab, id);
      await assertTornDown(id);
    },
  );
}

test(
  'a job whose gzip is cut off rejects with an error that names the codec and the offset, and is torn down',
  { timeout: 60_000 },
  async () => {
    const id = 'cut-off';
    await startJob(id);
    await context.browser.evaluate(() => globalThis.job.fail('gunzip'));
    const message = await context.browser.evaluate(async () => String((await globalThis.outcome).error));
    await whenAborted(context.lab, id);
    assert.match(message, /gunzip/);
    assert.match(message, /byte \d+/);
    await assertTornDown(id);
  },
);

test('a consumer that leaves its loop cancels the source and ends the connection', { timeout: 60_000 }, async () => {
  const id = 'early';
  await startJob(id, { stopAfter: 10_000 });
  const { value, error } = await context.browser.evaluate(() => globalThis.outcome);
  assert.equal(error, undefined);
  await whenAborted(context.lab, id);
  assert.ok(value.rows >= 10_000 && !value.complete);
  await assertTornDown(id);
});

test('a job aborted before the server has answered rejects with the reason', async () => {
  const same = await context.browser.evaluate(async () => {
    const { runJob } = await import('/job.js');
    const reason = new Error('too late');
    return runJob({ source: { url: '/data/1GB.csv.gz', gzip: true }, signal: AbortSignal.abort(reason) }).catch(
      (error) => error === reason,
    );
  });
  assert.equal(same, true);
});

test('an answer that is no file rejects with what the server said', async () => {
  const message = await context.browser.evaluate(async () => {
    const { runJob } = await import('/job.js');
    return runJob({ source: { url: '/data/99GB.csv.gz', gzip: true } }).catch((error) => error.message);
  });
  assert.match(message, /answered 400/);
});

test('the server sees no open download in the end', async () => {
  await until(() => context.lab.connections.list().every(({ state }) => state !== 'open'), 2000, 'no download is open');
});
