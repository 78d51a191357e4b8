/** fromFetch() against a server that drops connections, changes files and answers otherwise than it should. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FetchError, fromFetch, pipeline, toBytes, WritableStream } from 'tidegate';

const FILE = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 7 + (i >> 8)) & 255);
const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');

let server;
let origin;
/** What the server is to do with the requests of one path, and what it saw. */
const scripts = new Map();

before(async () => {
  server = createServer((request, response) => {
    const script = scripts.get(request.url);
    script.seen.push({ range: request.headers.range, ifRange: request.headers['if-range'] });
    script.answer(request, response, script.seen.length);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${server.address().port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

/** A URL of its own whose requests `answer(request, response, number)` answers. */
function serve(answer) {
  const path = `/${scripts.size}`;
  const script = { seen: [], answer };
  scripts.set(path, script);
  return { url: origin + path, seen: script.seen };
}

/** Answers with the file, from the asked range on, and drops the connection after `drop` bytes. */
function send(request, response, { drop = Infinity, headers = { etag: '"one"' }, file = FILE } = {}) {
  const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
  const start = Number(from ?? 0);
  const part = file.subarray(start);
  response.writeHead(from === undefined ? 200 : 206, {
    'content-length': part.length,
    ...headers,
    ...(from === undefined ? {} : { 'content-range': `bytes ${start}-${file.length - 1}/${file.length}` }),
  });
  if (drop < part.length) response.write(part.subarray(0, drop), () => setTimeout(() => response.destroy(), 5));
  else response.end(part);
}

const fast = { delay: 1 };

describe('fromFetch', () => {
  test('gives the body whole', async () => {
    const { url } = serve((request, response) => send(request, response));
    assert.equal(digest(await toBytes(fromFetch(url))), digest(FILE));
  });

  test('goes on where the connection broke, and neither loses nor repeats a byte', async () => {
    const { url, seen } = serve((request, response, number) =>
      send(request, response, { drop: number < 4 ? 700_000 : Infinity }),
    );
    assert.equal(digest(await toBytes(fromFetch(url, fast))), digest(FILE));
    assert.equal(seen.length, 4);
    assert.deepEqual(seen[0], { range: undefined, ifRange: undefined });
    for (const { range, ifRange } of seen.slice(1)) {
      assert.match(range, /^bytes=\d+-$/);
      assert.equal(ifRange, '"one"');
    }
  });

  test('asks no more often than it may', async () => {
    const { url, seen } = serve((request, response) => send(request, response, { drop: 1000 }));
    await assert.rejects(toBytes(fromFetch(url, { ...fast, retries: 2 })), (error) => {
      assert.ok(error instanceof FetchError);
      assert.match(error.message, /broke off after \d+ bytes \(.*\), and no retries are left/);
      assert.ok(error.cause instanceof Error);
      return true;
    });
    assert.equal(seen.length, 3);
  });

  for (const [what, headers, init] of [
    ['no validator', {}],
    ['a POST', { etag: '"one"' }, { method: 'POST', body: 'x' }],
  ]) {
    test(`does not go on with ${what}`, async () => {
      const { url, seen } = serve((request, response) => send(request, response, { headers, drop: 1000 }));
      await assert.rejects(toBytes(fromFetch(url, { ...fast, ...init })), FetchError);
      assert.equal(seen.length, 1);
    });
  }

  test('never mixes two versions of a file', async () => {
    const { url } = serve((request, response, number) =>
      number === 1
        ? send(request, response, { drop: 1000 })
        : response.writeHead(200, { etag: '"two"' }).end('another file'),
    );
    await assert.rejects(toBytes(fromFetch(url, fast)), {
      name: 'FetchError',
      message: /has changed since the download began/,
      status: 200,
    });
  });

  for (const [what, range, status] of [
    ['another place', 'bytes 5-2999999/3000000', 206],
    ['another length', undefined, 206],
    ['416', 'bytes */3000000', 416],
  ]) {
    test(`refuses an answer for ${what}`, async () => {
      const { url } = serve((request, response, number) => {
        if (number === 1) return send(request, response, { drop: 1000 });
        const from = /\d+/.exec(request.headers.range)[0];
        return response.writeHead(status, { 'content-range': range ?? `bytes ${from}-4/5` }).end('12345');
      });
      await assert.rejects(toBytes(fromFetch(url, fast)), { name: 'FetchError', status });
    });
  }

  test('goes on after a server error in between', async () => {
    const { url, seen } = serve((request, response, number) => {
      if (number === 2) response.writeHead(503).end();
      else send(request, response, { drop: number === 1 ? 1000 : Infinity });
    });
    assert.equal(digest(await toBytes(fromFetch(url, fast))), digest(FILE));
    assert.equal(seen.length, 3);
  });

  test('fails with the status of an answer that is no success', async () => {
    const { url } = serve((request, response) => response.writeHead(404).end('nothing'));
    await assert.rejects(
      toBytes(fromFetch(url)),
      (error) => error instanceof FetchError && error.status === 404 && error.response.status === 404,
    );
  });

  test('tells of the answer before its body', async () => {
    const { url } = serve((request, response) => send(request, response));
    let length;
    await toBytes(
      fromFetch(url, {
        onResponse: (response) => {
          length = response.headers.get('content-length');
        },
      }),
    );
    assert.equal(length, String(FILE.length));
  });

  test('asks for nothing before it is read', async () => {
    const { url, seen } = serve((request, response) => send(request, response));
    const stream = fromFetch(url);
    await sleep(20);
    assert.equal(seen.length, 0);
    await stream.cancel();
  });

  /** A server without end that counts what it sent, and notices when the connection ends. */
  function endless() {
    const state = { sent: 0, closed: undefined };
    state.served = serve((request, response) => {
      state.closed = once(response, 'close');
      const block = Buffer.alloc(65536);
      const write = () => {
        do state.sent += block.length;
        while (!response.destroyed && response.write(block));
      };
      response.on('drain', write);
      response.writeHead(200);
      write();
    });
    return state;
  }

  const within = (promise) => Promise.race([promise, sleep(1000).then(() => assert.fail('not within a second'))]);

  test('holds the server back while nobody reads, and memory flat', async () => {
    const state = endless();
    const reader = fromFetch(state.served.url).getReader();
    await reader.read();
    let before;
    for (let i = 0; i < 50 && before !== state.sent; i += 1) {
      before = state.sent;
      await sleep(60);
    }
    const heap = process.memoryUsage().rss;
    await sleep(200);
    assert.equal(state.sent, before, 'the server goes on sending');
    assert.ok(process.memoryUsage().rss - heap < 20_000_000);
    await reader.cancel();
    await within(state.closed);
  });

  for (const [how, run] of [
    [
      'a consumer that leaves',
      (url) =>
        pipeline(fromFetch(url), async (chunks) => {
          for await (const chunk of chunks) return chunk.length;
        }),
    ],
    [
      'a sink that fails',
      (url) =>
        pipeline(
          fromFetch(url),
          new WritableStream({
            write() {
              throw new Error('sink');
            },
          }),
        ).catch(() => {}),
    ],
    [
      "the pipeline's signal",
      (url) => pipeline(fromFetch(url), new WritableStream(), { signal: AbortSignal.timeout(30) }).catch(() => {}),
    ],
    ['its own signal', (url) => toBytes(fromFetch(url, { signal: AbortSignal.timeout(30) })).catch(() => {})],
  ]) {
    test(`ends the connection after ${how}`, async () => {
      const state = endless();
      await within(run(state.served.url));
      await within(state.closed);
    });
  }

  test('its signal fails it with the reason, before, during and while it waits for a try', async () => {
    const reason = new Error('stop');
    const { url } = serve((request, response) => send(request, response, { drop: 1000 }));
    await assert.rejects(toBytes(fromFetch(url, { signal: AbortSignal.abort(reason) })), (error) => error === reason);
    const controller = new AbortController();
    const running = toBytes(fromFetch(url, { delay: 60_000, signal: controller.signal }));
    setTimeout(() => controller.abort(reason), 50);
    await within(assert.rejects(running, (error) => error === reason));
  });

  test('says what is wrong with its arguments', () => {
    assert.throws(() => fromFetch(5), {
      message: 'fromFetch(): the first argument must be a URL or a Request; got number',
    });
    assert.throws(() => fromFetch('/', { retries: -1 }), {
      message: 'fromFetch(): retries must be a whole number of at least 0; got -1',
    });
  });
});
