import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as ours from 'tidegate';
import { run as runIn } from '../../benches/engines.mjs';
import { floorWorkloads } from '../../benches/floors.js';
import { measure } from '../../benches/measure.js';
import { kinds, memory } from '../../benches/memory.js';
import { ownWorkloads } from '../../benches/own-workloads.js';
import { formatTable, withSections } from '../../benches/run.mjs';
import { scale } from '../../benches/scale.js';
import { streamxWorkloads } from '../../benches/streamx.js';

const server = createServer((request, response) => {
  response.end(Buffer.alloc(1024 * Number(new URL(request.url, 'http://localhost').searchParams.get('chunks'))));
}).listen(0, '127.0.0.1');
before(() => once(server, 'listening'));
after(() => {
  server.closeAllConnections();
  server.close();
});

for (const [name, { run }] of Object.entries((await ownWorkloads('ours')).workloads)) {
  test(`${name} moves exactly the chunks it is asked for`, async () => {
    const context = { bytesUrl: `http://127.0.0.1:${server.address().port}/bytes` };
    assert.equal(await run(ours, 100, context), 100);
  });
}

for (const [name, run] of Object.entries(streamxWorkloads)) {
  test(`${name} in streamx moves exactly the chunks it is asked for`, async () => {
    assert.equal(await run(100), 100);
  });
}

for (const [name, run] of Object.entries(floorWorkloads)) {
  test(`the floor of ${name} moves exactly the chunks it is asked for`, async () => {
    assert.equal(await run(100, { bytesUrl: `http://127.0.0.1:${server.address().port}/bytes` }), 100);
  });
}

test('an implementation that loses chunks is an error and not a figure', async () => {
  class Lossy extends ReadableStream {
    getReader() {
      const reader = super.getReader();
      let skipped = false;
      return {
        async read() {
          if (!skipped) await reader.read();
          skipped = true;
          return reader.read();
        },
      };
    }
  }
  const {
    workloads: { readLoop },
  } = await measure({ lossy: { ReadableStream: Lossy } }, { only: ['readLoop'], turns: 1, chunks: 10 });
  assert.match(readLoop.lossy.error, /of \d+ chunks arrived/);
});

test('a workload that an implementation cannot run is left out for it', async () => {
  const {
    workloads: { fromAsyncGen },
  } = await measure({ old: { ReadableStream: class {} } }, { only: ['fromAsyncGen'], turns: 1, chunks: 10 });
  assert.equal(fromAsyncGen.old, null);
});

test('the table gives ratios against ours and their geometric mean', () => {
  const figures = (minimum) => ({ minimum, median: minimum });
  const lines = formatTable('node', {
    chunks: 1,
    turns: 1,
    workloads: {
      pipeTo: { ours: figures(10), native: figures(20) },
      tee: { ours: figures(10), native: figures(80) },
      byteRead: { ours: figures(10), native: null },
    },
  });
  assert.match(
    lines.find((line) => line.startsWith('pipeTo')),
    /2\.00$/,
  );
  assert.match(
    lines.find((line) => line.startsWith('byteRead')),
    /none\s+-$/,
  );
  assert.match(
    lines.find((line) => line.startsWith('geometric mean')),
    /4\.00$/,
  );
});

test('the table gives the geometric mean of the medians as well', () => {
  const lines = formatTable('node', {
    chunks: 1,
    turns: 1,
    workloads: { pipeTo: { ours: { minimum: 10, median: 20 }, native: { minimum: 20, median: 60 } } },
  });
  assert.match(
    lines.find((line) => line.startsWith('geometric mean')),
    /2\.00$/,
  );
  assert.match(
    lines.find((line) => line.startsWith('of the medians')),
    /3\.00$/,
  );
});

test('scale moves the same chunks at each size, and counts them', async () => {
  const results = await scale({ ours }, { turns: 1, largest: 10_000 });
  assert.deepEqual(Object.keys(results), ['readLoop', 'writeLoop', 'pipeTo', 'transform3', 'pipes at once']);
  assert.deepEqual(results.pipeTo.sizes, [1_000, 10_000]);
  for (const { figures } of Object.values(results))
    assert.ok(figures.ours.every((figure) => figure > 0 && figure < Infinity));
});

test('scale refuses an implementation that loses chunks', async () => {
  class Lossy extends ours.WritableStream {
    constructor(sink, strategy) {
      let seen = 0;
      super({ write: (chunk) => ((seen += 1) === 5 ? undefined : sink.write(chunk)) }, strategy);
    }
  }
  const lossy = { ...ours, WritableStream: Lossy };
  await assert.rejects(scale({ lossy }, { turns: 1, largest: 1_000, only: ['pipeTo'] }), /of \d+ chunks arrived/);
});

for (const kind of Object.keys(kinds)) {
  test(`memory is measured over live streams of the kind "${kind}"`, async () => {
    let heap = 0;
    const found = await memory(ours, { kind, count: 10, heap: () => (heap += 500), wasm: () => 0 });
    assert.deepEqual(found, { heap: 50, wasm: 0 });
  });
}

test('memory leaves out what an implementation lacks', async () => {
  assert.equal(await memory({}, { kind: 'transform', count: 1, heap: () => 0, wasm: () => 0 }), null);
});

test('writing the results of one engine keeps those of the others', () => {
  const first = withSections('', { 'node: streams': ['caption', 'table'], 'chromium: streams': ['other', 'row'] });
  const second = withSections(first, { 'node: streams': ['caption', 'new table'] });
  assert.match(second, /## node: streams\n\ncaption\n\n```\nnew table\n```/);
  assert.match(second, /## chromium: streams\n\nother\n\n```\nrow\n```/);
  assert.equal(withSections(second, {}), second);
});

test('another build of this package is measured beside the present one', async () => {
  const before = fileURLToPath(new URL('../../dist/index.js', import.meta.url));
  const { workloads } = await runIn('node', {
    program: 'measure',
    implementations: ['ours', 'before'],
    before,
    only: ['readLoop'],
    turns: 1,
    chunks: 10,
  });
  assert.deepEqual(Object.keys(workloads.readLoop), ['ours', 'before']);
  assert.ok(workloads.readLoop.before.minimum > 0, workloads.readLoop.before.error);
});

test('the package is measured with its instruments absent, off and on, by turns', async () => {
  const { workloads } = await runIn('node', {
    program: 'measure',
    implementations: [],
    instruments: ['absent', 'off', 'on'],
    only: ['pipeTo', 'generatorMapForAwait'],
    turns: 1,
    chunks: 10,
  });
  for (const row of Object.values(workloads)) {
    assert.deepEqual(Object.keys(row), ['absent', 'off', 'on']);
    for (const { minimum, error } of Object.values(row)) assert.ok(minimum > 0, error);
  }
});

test('a table of instruments says how fast the package is with them, as a share of what it is without', () => {
  const lines = formatTable('node', {
    chunks: 1,
    turns: 1,
    workloads: {
      pipeTo: {
        absent: { minimum: 10, median: 10 },
        off: { minimum: 10, median: 10 },
        on: { minimum: 20, median: 20 },
      },
    },
  });
  assert.match(lines[1], /absent\/off\s+absent\/on$/);
  assert.match(lines[2], /1\.00\s+0\.50$/);
});
