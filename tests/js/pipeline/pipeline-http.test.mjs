/** pipeline() from a fetch: however it ends, the server sees its connection end within a second. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { TransformStream, WritableStream, pipeline, toNative, ReadableStream } from 'tidegate';
import { digest } from 'tidegate/codecs';
import { within } from './pipeline-parts.mjs';

const LIMIT = 1000;
let server;
let url;
let onConnectionEnd; // resolves `ended` of the request at hand

before(async () => {
  server = createServer((request, response) => {
    if (request.method === 'POST') {
      request.pipe(response);
      return;
    }
    response.once('close', () => onConnectionEnd?.());
    const write = () => {
      while (!response.destroyed && response.write(Buffer.alloc(16384)));
    };
    response.on('drain', write);
    write();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${server.address().port}/`;
});

after(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

/** An endless response of the server, and a promise that its connection has ended. */
async function endless() {
  const ended = new Promise((resolve) => void (onConnectionEnd = resolve));
  return { response: await fetch(url), ended };
}

const failure = new Error('the first error');

const endings = {
  'an abort': {
    parts: () => [new TransformStream(), new WritableStream()],
    abort: true,
  },
  'a stage that throws': {
    parts: () => [
      new TransformStream({
        transform() {
          throw failure;
        },
      }),
      new WritableStream(),
    ],
  },
  "the engine's stage that throws": {
    parts: () => [
      new globalThis.TransformStream({
        transform() {
          throw failure;
        },
      }),
      new WritableStream(),
    ],
  },
  'a sink that throws': {
    parts: () => [
      new WritableStream({
        write() {
          throw failure;
        },
      }),
    ],
  },
  'a consumer that throws': {
    parts: () => [
      async (chunks) => {
        await chunks.next();
        throw failure;
      },
    ],
  },
  'a consumer that leaves its loop': {
    parts: () => [
      new TransformStream(),
      async (chunks) => {
        for await (const chunk of chunks) return chunk.length > 0;
      },
    ],
    resolves: true,
  },
  'a consumer that reads nothing': {
    parts: () => [() => true],
    resolves: true,
  },
};

for (const [name, { parts, abort, resolves }] of Object.entries(endings)) {
  test(`${name} ends the connection within a second`, async () => {
    const { response, ended } = await endless();
    const controller = new AbortController();
    const running = pipeline(response, ...parts(), { signal: controller.signal });
    if (abort) setTimeout(() => controller.abort(failure), 50);
    if (resolves) assert.equal(await within(LIMIT, running), true);
    else await assert.rejects(within(LIMIT, running), (error) => error === failure);
    await within(LIMIT, ended);
    assert.equal(response.body.locked, false);
  });
}

for (const [name, stage] of [
  ['a codec', () => digest('crc32')],
  ['a transform stream', () => new TransformStream()],
]) {
  test(`a consumer that has had enough behind ${name} is no failure where the fetch heeds the signal`, async () => {
    const ended = new Promise((resolve) => void (onConnectionEnd = resolve));
    const first = async (chunks) => {
      for await (const chunk of chunks) return chunk.length;
    };
    assert.ok((await pipeline(({ signal }) => fetch(url, { signal }), stage(), first)) > 0);
    await within(LIMIT, ended);
  });
}

test('a stopped consumer stops the server, and the rest arrives when it goes on', async () => {
  const total = 32 * 1024 * 1024;
  let sent = 0;
  const slow = createServer((request, response) => {
    const write = () => {
      while (sent < total) {
        sent += 65536;
        if (!response.write(Buffer.alloc(65536))) return;
      }
      response.end();
    };
    response.on('drain', write);
    write();
  });
  slow.listen(0, '127.0.0.1');
  await once(slow, 'listening');
  try {
    const response = await fetch(`http://127.0.0.1:${slow.address().port}/`);
    let stoppedAt;
    const received = await pipeline(response, new TransformStream(), async (chunks) => {
      let bytes = 0;
      for await (const chunk of chunks) {
        if (bytes === 0) {
          await new Promise((resolve) => setTimeout(resolve, 400));
          stoppedAt = sent;
        }
        bytes += chunk.length;
      }
      return bytes;
    });
    assert.ok(stoppedAt < total, `the server had handed over all ${stoppedAt} bytes`);
    assert.equal(received, total);
  } finally {
    slow.closeAllConnections();
    slow.close();
  }
});

test('a stream of ours is the body of a request', async () => {
  const encoder = new TextEncoder();
  const body = new ReadableStream({
    start(controller) {
      for (const word of ['ebb', ' and ', 'flow']) controller.enqueue(encoder.encode(word));
      controller.close();
    },
  });
  const response = await fetch(url, { method: 'POST', body: toNative(body), duplex: 'half' });
  assert.equal(await response.text(), 'ebb and flow');
});
