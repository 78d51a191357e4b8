import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import * as ours from 'tidegate';
import { measure } from '../../benches/measure.js';
import { formatTable } from '../../benches/run.mjs';
import { streamxWorkloads } from '../../benches/streamx.js';
import { workloads } from '../../benches/workloads.js';

const server = createServer((request, response) => {
  response.end(Buffer.alloc(1024 * Number(new URL(request.url, 'http://localhost').searchParams.get('chunks'))));
}).listen(0, '127.0.0.1');
before(() => once(server, 'listening'));
after(() => {
  server.closeAllConnections();
  server.close();
});

for (const [name, { run }] of Object.entries(workloads)) {
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
  const { workloads: { readLoop } } = await measure({ lossy: { ReadableStream: Lossy } }, { only: ['readLoop'], turns: 1, chunks: 10 });
  assert.match(readLoop.lossy.error, /of \d+ chunks arrived/);
});

test('a workload that an implementation cannot run is left out for it', async () => {
  const { workloads: { fromAsyncGen } } = await measure({ old: { ReadableStream: class {} } }, { only: ['fromAsyncGen'], turns: 1, chunks: 10 });
  assert.equal(fromAsyncGen.old, null);
});

test('the table gives ratios against ours and their geometric mean', () => {
  const figures = (minimum) => ({ minimum, median: minimum });
  const lines = formatTable('node', {
    chunks: 1, turns: 1,
    workloads: {
      pipeTo: { ours: figures(10), native: figures(20) },
      tee: { ours: figures(10), native: figures(80) },
      byteRead: { ours: figures(10), native: null },
    },
  });
  assert.match(lines.find((line) => line.startsWith('pipeTo')), /2\.00$/);
  assert.match(lines.find((line) => line.startsWith('byteRead')), /none\s+-$/);
  assert.match(lines.find((line) => line.startsWith('geometric mean')), /4\.00$/);
});
