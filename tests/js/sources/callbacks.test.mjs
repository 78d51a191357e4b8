/** Callbacks of sources and sinks that are async, or return what they should not. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import { after, afterEach, before, describe, test } from 'node:test';
import { fromEvents, fromFetch, fromQueue, pipeline, toArray, toFetch } from 'tidegate';
import { within } from '../pipeline/pipeline-parts.mjs';

const broken = new Error('broken');
let server;
let url;
let requests = [];
before(async () => {
  server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    request.resume().on('end', () => response.end('done'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${server.address().port}/`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});
afterEach(() => void (requests = []));

describe('part of toFetch()', () => {
  test('may be async', async () => {
    const part = async ({ index }) => ({ url: `${url}${index}`, method: 'PUT' });
    await pipeline(['abc'], toFetch(url, { part, partSize: 2 }));
    assert.deepEqual(requests, ['PUT /0', 'PUT /1']);
  });

  test('fails the upload where it rejects', () =>
    assert.rejects(
      pipeline(['abc'], toFetch(url, { part: () => Promise.reject(broken) })),
      (error) => error === broken,
    ));

  for (const wrong of [undefined, null, 'https://example.com/', 7]) {
    test(`fails the upload where it returns ${wrong}, and says what to return`, async () => {
      await assert.rejects(pipeline(['abc'], toFetch(url, { part: () => wrong })), {
        name: 'TypeError',
        message: /^toFetch\(\): part must return an object { url\?, method\?, headers\? }; got /,
      });
      assert.deepEqual(requests, []);
    });
  }
});

describe('onResponse of fromFetch()', () => {
  test('may be async, and the body waits for it', async () => {
    const order = [];
    const onResponse = async ({ status }) => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      order.push(status);
    };
    for await (const chunk of fromFetch(url, { onResponse })) order.push(String(Buffer.from(chunk)));
    assert.deepEqual(order, [200, 'done']);
  });

  test('fails the stream where it rejects', () =>
    assert.rejects(toArray(fromFetch(url, { onResponse: () => Promise.reject(broken) })), (error) => error === broken));

  test('must be a function', () =>
    assert.throws(
      () => fromFetch(url, { onResponse: {} }),
      /^TypeError: fromFetch\(\): onResponse must be a function; got/,
    ));
});

describe('a callback of fromEvents()', () => {
  const soon = (emitter) =>
    setTimeout(() => {
      for (let n = 0; n < 3; n += 1) emitter.emit('item', n);
    }, 1);

  test('that maps must not be async', async () => {
    const emitter = new EventEmitter();
    const events = toArray(fromEvents(emitter, 'item', { map: async (event) => event }));
    soon(emitter);
    await assert.rejects(within(5000, events), {
      name: 'TypeError',
      message: /^fromEvents\(\): map must not return a promise; do asynchronous work in a stage/,
    });
    assert.equal(emitter.listenerCount('item'), 0);
  });

  for (const name of ['pause', 'resume']) {
    test(`fails the stream where it rejects: ${name}`, async () => {
      const emitter = new EventEmitter();
      const options = { highWaterMark: 1, [name]: () => Promise.reject(broken) };
      const events = toArray(fromEvents(emitter, 'item', options));
      soon(emitter);
      await assert.rejects(within(5000, events), (error) => error === broken);
    });
  }

  for (const name of ['pause', 'resume', 'map']) {
    test(`must be a function: ${name}`, () =>
      assert.throws(() => fromEvents(new EventEmitter(), 'item', { [name]: 7 }), {
        name: 'TypeError',
        message: `fromEvents(): ${name} must be a function; got number`,
      }));
  }
});

test('what subscribe of fromQueue() returns must be a function', () =>
  assert.rejects(within(5000, toArray(fromQueue({ subscribe: () => new EventEmitter(), ack() {} }))), {
    name: 'TypeError',
    message: /^fromQueue\(\): what subscribe returns must be a function; got an EventEmitter/,
  }));
