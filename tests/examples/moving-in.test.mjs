/** The examples of docs/moving-in/, in Node. Those of native-streams, streamsaver and papaparse run in browsers too: tests/e2e/ends/. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { ReadableStream } from 'tidegate';
import { exampleModule } from './example.mjs';

const TEXT = 'high tide\nlow tide\nhigh seas\n';

test('native-streams: lines are counted, the engine compresses, a stream is a response', async () => {
  const { asResponse, compress, countLines } = await exampleModule('native-streams');
  const server = createServer((request, response) => void response.end(gzipSync(TEXT)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    assert.equal(await countLines(`http://127.0.0.1:${server.address().port}/`, 'high'), 2);
  } finally {
    server.closeAllConnections();
    server.close();
  }
  const { readable, writable } = new TransformStream();
  const done = compress([Buffer.from(TEXT)], writable);
  assert.equal(gunzipSync(Buffer.from(await new Response(readable).arrayBuffer())).toString(), TEXT);
  await done;
  assert.equal(await asResponse(ReadableStream.from([Buffer.from('tide')])).text(), 'tide');
});

test('web-streams-polyfill: the classes of the standard', async () => {
  const { shout } = await exampleModule('web-streams-polyfill');
  assert.deepEqual(await shout(['high', 'tide']), ['HIGH', 'TIDE']);
});

test('node-streams: from file to file', async () => {
  const { keepLines } = await exampleModule('node-streams');
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-moving-'));
  try {
    const [from, to] = [join(folder, 'from.gz'), join(folder, 'to.gz')];
    writeFileSync(from, gzipSync(TEXT));
    await keepLines(from, to, 'high');
    assert.equal(gunzipSync(readFileSync(to)).toString(), 'high tide\nhigh seas\n');
    await assert.rejects(keepLines(join(folder, 'none'), to, 'high'), { code: 'ENOENT' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('papaparse: typed rows, and the columns', async () => {
  const { importRows } = await exampleModule('papaparse');
  const rows = [];
  const file = new Blob(['city,amount,open\r\n"Den Haag, NL",7.5,true\r\nDelft,,false\r\n']);
  assert.deepEqual(await importRows(file, async (row) => void rows.push(row)), ['city', 'amount', 'open']);
  assert.deepEqual(rows, [
    { city: 'Den Haag, NL', amount: 7.5, open: true },
    { city: 'Delft', amount: '', open: false },
  ]);
});
