/** The tracks of a pipeline in the Performance panel, as measures, which is what Node and other engines than Chromium get. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { PerformanceObserver, performance } from 'node:perf_hooks';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import 'tidegate/inspect';
import { pipeline, WritableStream } from 'tidegate';
import { sleep } from './helpers.mjs';

/** Runs a pipeline, and gives the entries of its tracks. */
async function traced(run) {
  const entries = [];
  const observer = new PerformanceObserver((list) => entries.push(...list.getEntries()));
  observer.observe({ entryTypes: ['measure'] });
  await run().catch(() => {});
  await sleep(50);
  observer.disconnect();
  return entries.map(({ name, startTime, duration, detail }) => {
    assert.match(name, /^tidegate: /);
    return { name: name.slice('tidegate: '.length), startTime, duration, ...detail.devtools };
  });
}

const numbers = function* numbers() {
  for (let n = 0; n < 8; n++) yield n;
};

test('each part has a track that says what it did', async () => {
  const sink = new WritableStream({ write: () => sleep(80) });
  const entries = await traced(() => pipeline(numbers, (n) => n, sink, { trace: 'import' }));
  assert.ok(entries.every(({ dataType, trackGroup }) => dataType === 'track-entry' && trackGroup === 'import'));
  const tracks = [...new Set(entries.map(({ track }) => track))].sort();
  assert.deepEqual(
    tracks.map((track) => track.slice(0, 2)),
    ['0 ', '1 ', '2 '],
  );
  assert.ok(entries.some(({ name, track }) => track.startsWith('2 ') && name === 'working'));
  assert.ok(entries.some(({ name, track }) => track.startsWith('0 ') && name === 'waiting for downstream'));
});

test('the entries of a track follow one another without overlapping', async () => {
  const sink = new WritableStream({ write: () => sleep(150) });
  const entries = await traced(() => pipeline(numbers, sink, { trace: 'import' }));
  for (const track of new Set(entries.map((entry) => entry.track))) {
    const own = entries.filter((entry) => entry.track === track);
    own
      .slice(1)
      .forEach(({ startTime }, n) => assert.ok(startTime >= own[n].startTime + own[n].duration - 0.01, track));
  }
});

test('a failure is on the track of the part that failed, and the others are torn down', async () => {
  const entries = await traced(() =>
    pipeline(
      numbers,
      async (n) => {
        await sleep(60);
        if (n === 2) throw new Error('broken');
        return n;
      },
      new WritableStream(),
      { trace: 'import' },
    ),
  );
  assert.deepEqual(
    entries.filter(({ name }) => name === 'failed').map(({ track }) => track[0]),
    ['1'],
  );
  assert.deepEqual(
    entries.filter(({ name }) => name === 'torn down').map(({ track }) => track[0]),
    ['0', '2'],
  );
});

test('the engine keeps none of the entries', async () => {
  await traced(() => pipeline(numbers, new WritableStream({ write: () => sleep(20) }), { trace: 'import' }));
  assert.deepEqual(performance.getEntriesByType('measure'), []);
});

test("the page's own measures stay, whatever they are called", async () => {
  for (const name of ['working', 'waiting for upstream', 'failed']) performance.measure(name, { start: 0, end: 1 });
  try {
    await pipeline(numbers, new WritableStream({ write: () => sleep(20) }), { trace: 'import' });
    assert.deepEqual(
      performance.getEntriesByType('measure').map(({ name }) => name),
      ['working', 'waiting for upstream', 'failed'],
    );
  } finally {
    performance.clearMeasures();
  }
});

test('a name is wanted', () =>
  assert.rejects(pipeline([], new WritableStream(), { trace: true }), {
    name: 'TypeError',
    message: /^pipeline\(\): options\.trace must be a name; got /,
  }));

test('without tidegate/inspect the option is refused, and the error says what to import', async () => {
  const program =
    "import { pipeline, WritableStream } from 'tidegate'; await pipeline([], new WritableStream(), { trace: 'import' }).catch((error) => console.log(error.message));";
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
  });
  assert.equal(stdout, "pipeline(): options.trace needs import 'tidegate/inspect' before the pipeline begins\n");
});
