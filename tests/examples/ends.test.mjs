/** The examples of docs/ends/ that run in Node; those that need a browser, or run there too, are in tests/e2e/ends/. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { exampleModule } from './example.mjs';

const encoder = new TextEncoder();

test('from-file counts the lines of a file and tells how far it is', async () => {
  const { lineCount } = await exampleModule('from-file');
  let last;
  assert.equal(await lineCount(new Blob(['a\nb\n', 'c']), { onProgress: (progress) => void (last = progress) }), 3);
  assert.equal(last.fraction, 1);
});

test('to-message-port and from-message-port bring rows across', async () => {
  const { sendTo } = await exampleModule('to-message-port');
  const { rowsFrom } = await exampleModule('from-message-port');
  const { port1, port2 } = new MessageChannel();
  const stored = [];
  await Promise.all([sendTo(port1, [1, 2, 3]), rowsFrom(port2, async (row) => stored.push(row))]);
  assert.deepEqual(stored, [1, 2, 3]);
});

test('to-fetch uploads a file: whole, in parts, and with its digest in a header', async () => {
  const { upload, uploadInParts, uploadWithDigest } = await exampleModule('to-fetch');
  let requests = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    requests.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
    response.end('thanks');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}/`;
  const file = new Blob([encoder.encode('tide')]);
  try {
    assert.equal(await upload(file, url), 'thanks');
    assert.deepEqual(
      requests.map(({ body }) => body),
      ['tide'],
    );
    requests = [];
    assert.equal(await uploadInParts(file, url, { partSize: 3 }), 'thanks');
    assert.deepEqual(
      requests.map(({ headers, body }) => [headers['content-range'], body]),
      [
        ['bytes 0-2/*', 'tid'],
        ['bytes 3-3/4', 'e'],
      ],
    );
    requests = [];
    assert.equal(await uploadWithDigest(file, url), 'thanks');
    const digest = createHash('sha256').update('tide').digest('base64');
    assert.deepEqual(
      requests.map(({ headers, body }) => [headers['repr-digest'], body]),
      [[`sha-256=:${digest}:`, 'tide']],
    );
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('to-response answers with a table', async () => {
  const { csvResponse } = await exampleModule('to-response');
  const response = csvResponse([{ name: 'a', size: 1 }]);
  assert.equal(await response.text(), 'name,size\na,1\n');
});

test('from-event-source shows what the server sends until it says that there is no more', async () => {
  const { watchPrices } = await exampleModule('from-event-source');
  const server = createServer((request, response) => {
    if (request.headers['last-event-id']) response.writeHead(204).end();
    else
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end('retry: 1\nid: 1\ndata: 5\n\ndata: 6\n\n');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const prices = [];
    await watchPrices(`http://127.0.0.1:${server.address().port}/`, (price) => prices.push(price));
    assert.deepEqual(prices, ['5', '6']);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('channel stops a sensor while nobody stores its readings, and loses none', async () => {
  const { record } = await exampleModule('channel');
  let stops = 0;
  const sensor = {
    running: false,
    start: () => void (sensor.running = true),
    stop() {
      sensor.running = false;
      stops += 1;
    },
  };
  const stored = [];
  const recording = record(sensor, async (reading) => {
    await new Promise((resolve) => setTimeout(resolve, 0));
    stored.push(reading);
  });
  for (let n = 0; n < 500;) {
    if (sensor.running) sensor.onreading(n++);
    else await new Promise((resolve) => setTimeout(resolve, 0));
  }
  sensor.onend();
  await recording;
  assert.deepEqual(
    stored,
    Array.from({ length: 500 }, (_, n) => n),
  );
  assert.ok(stops > 2);
});

test('from-events tracks a pointer until it is lifted', async () => {
  const { track } = await exampleModule('from-events');
  const element = new EventTarget();
  const points = [];
  const tracking = track(element, (point) => points.push(point));
  for (let n = 0; n < 3; n += 1)
    element.dispatchEvent(Object.assign(new Event('pointermove'), { clientX: n, clientY: -n }));
  element.dispatchEvent(new Event('pointerup'));
  assert.equal(await tracking, 0);
  assert.deepEqual(points, [
    [0, -0],
    [1, -1],
    [2, -2],
  ]);
});
