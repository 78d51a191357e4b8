/** What fromFetch() does when the network is silent, and what its progress says. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FetchError, fromFetch, pipeline, toText } from 'tidegate';
import { startServer } from './misbehaving-server.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server.close());

const FILE = 'aaaaaBBBBB';
const V1 = { etag: '"v1"', 'content-length': 10 };
const fast = { delay: 1 };

describe('stallTimeout', () => {
  test('takes a connection on which nothing comes for a broken one, and resumes it', async () => {
    const { url, seen } = server.serve((request, response, number) => {
      if (number === 1) response.writeHead(200, V1).write('aaaaa');
      else response.writeHead(206, { etag: '"v1"', 'content-range': 'bytes 5-9/10' }).end('BBBBB');
    });
    assert.equal(await toText(fromFetch(url, { ...fast, stallTimeout: 200 })), FILE);
    assert.equal(seen.length, 2);
    assert.ok(seen[1].at - seen[0].at >= 190, 'not before its time');
  });

  test('ends the silent connection', async () => {
    let closed;
    const { url } = server.serve((request, response, number) => {
      if (number > 1) return response.writeHead(206, { etag: '"v1"', 'content-range': 'bytes 5-9/10' }).end('BBBBB');
      closed = new Promise((resolve) => {
        response.once('close', resolve);
      });
      return response.writeHead(200, V1).write('aaaaa');
    });
    await toText(fromFetch(url, { ...fast, stallTimeout: 100 }));
    await closed;
  });

  test('counts the wait for the headers', async () => {
    const { url, seen } = server.serve((request, response, number) => {
      if (number === 2) response.end(FILE);
    });
    assert.equal(await toText(fromFetch(url, { ...fast, stallTimeout: 100 })), FILE);
    assert.equal(seen.length, 2);
  });

  test('says so when no retries are left', async () => {
    const { url } = server.serve((request, response) => response.writeHead(200, V1).write('aaaaa'));
    await assert.rejects(toText(fromFetch(url, { ...fast, retries: 0, stallTimeout: 100 })), (error) => {
      assert.ok(error instanceof FetchError);
      assert.match(
        error.message,
        /broke off after 5 bytes \(no data arrived for 100 ms \(stallTimeout\)\), and retries is 0/,
      );
      return true;
    });
  });

  test('does not count the time in which the consumer pauses', async () => {
    const { url, seen } = server.serve((request, response) => {
      response.writeHead(200, V1).write('aaaaa');
      setTimeout(() => response.end('BBBBB'), 50);
    });
    let text = '';
    await pipeline(fromFetch(url, { ...fast, retries: 0, stallTimeout: 150 }), async (chunks) => {
      for await (const chunk of chunks) {
        text += new TextDecoder().decode(chunk);
        await sleep(600);
      }
    });
    assert.equal(text, FILE);
    assert.equal(seen.length, 1);
  });

  test('does not count the time before the stream is read', async () => {
    const { url, seen } = server.serve((request, response) => response.end(FILE));
    const stream = fromFetch(url, { ...fast, retries: 0, stallTimeout: 50 });
    await sleep(200);
    assert.equal(await toText(stream), FILE);
    assert.equal(seen.length, 1);
  });

  test('begins anew with every chunk', async () => {
    const { url, seen } = server.serve(async (request, response) => {
      response.writeHead(200, V1);
      for (const byte of FILE) {
        response.write(byte);
        await sleep(60);
      }
      response.end();
    });
    assert.equal(await toText(fromFetch(url, { ...fast, retries: 0, stallTimeout: 300 })), FILE);
    assert.equal(seen.length, 1);
  });

  test('does not take a busy thread for a silent network', async () => {
    const { url, seen } = server.serve((request, response) => {
      response.writeHead(200, V1).write('aaaaa');
      setTimeout(() => response.end('BBBBB'), 20);
    });
    const running = toText(fromFetch(url, { ...fast, retries: 0, stallTimeout: 200 }));
    await sleep(10);
    const end = performance.now() + 600;
    while (performance.now() < end); // the server, in this process, is as busy
    assert.equal(await running, FILE);
    assert.equal(seen.length, 1);
  });

  test('makes no timer for each chunk', async (t) => {
    const { url } = server.serve(async (request, response) => {
      for (let n = 0; n < 200; n += 1) {
        response.write('x'.repeat(100));
        await new Promise(setImmediate);
      }
      response.end();
    });
    let timers = 0;
    const { setTimeout: original } = globalThis;
    t.after(() => {
      globalThis.setTimeout = original;
    });
    globalThis.setTimeout = Object.assign((...args) => {
      if (args[1] === 12_345) timers += 1;
      return original(...args);
    }, original);
    let chunks = 0;
    for await (const chunk of fromFetch(url, { stallTimeout: 12_345 })) if (chunk.length > 0) chunks += 1;
    assert.ok(chunks > 20, `${chunks} chunks came`);
    assert.equal(timers, 1);
  });

  test('leaves no timer behind', async () => {
    const { url } = server.serve((request, response) => response.end(FILE));
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    await toText(fromFetch(url));
    const cancelled = fromFetch(url).getReader();
    await cancelled.read();
    await cancelled.cancel();
    assert.equal(timers(), before);
  });

  test('of Infinity is none, and nothing else but a number above 0 is taken', async () => {
    const { url } = server.serve((request, response) => setTimeout(() => response.end(FILE), 50));
    assert.equal(await toText(fromFetch(url, { stallTimeout: Infinity })), FILE);
    for (const stallTimeout of [0, -1, NaN, '5', null])
      assert.throws(() => fromFetch(url, { stallTimeout }), RangeError);
  });

  test('does not end the wait for a POST, whose body may still be on its way', async () => {
    const { url } = server.serve((request, response) => setTimeout(() => response.end(FILE), 300));
    assert.equal(await toText(fromFetch(url, { method: 'POST', body: 'x', stallTimeout: 50 })), FILE);
  });
});

describe('onProgress', () => {
  const reports = async (answer, options, progress) => {
    const { url } = server.serve(answer);
    const seen = [];
    const all = {
      progressInterval: 10,
      ...progress,
      onProgress: ({ total, fraction, bytes, done }) => seen.push({ total, fraction, bytes, done }),
    };
    await pipeline(
      fromFetch(url, { ...fast, ...options }),
      async (chunks) => {
        for await (const chunk of chunks) void chunk;
      },
      all,
    );
    return seen;
  };
  const slow = async (request, response, headers, status = 200) => {
    await sleep(60);
    response.writeHead(status, headers);
    for (const byte of FILE) {
      response.write(byte);
      await sleep(15);
    }
    response.end();
  };

  test('has total and fraction from the first report on', async () => {
    const seen = await reports((request, response) => slow(request, response, V1));
    assert.ok(seen.length > 3);
    for (const { total, fraction, bytes, done } of seen)
      assert.deepEqual([total, fraction], [10, done ? 1 : bytes / 10]);
  });

  test('has the length of the range that was asked for as total', async () => {
    const headers = { 'content-range': 'bytes 90-99/100', 'content-length': 10 };
    const seen = await reports((request, response) => slow(request, response, headers, 206), {
      headers: { range: 'bytes=90-' },
    });
    assert.equal(seen[0].total, 10);
  });

  test('keeps the total when the download is resumed', async () => {
    const seen = await reports((request, response) => {
      if (request.headers.range === undefined) {
        response.writeHead(200, V1).write('aaaaa', () => setTimeout(() => response.destroy(), 30));
      } else response.writeHead(206, { etag: '"v1"', 'content-range': 'bytes 5-9/10' }).end('BBBBB');
    });
    for (const { total } of seen) assert.equal(total, 10);
  });

  test('has no total where the response has no length', async () => {
    const seen = await reports((request, response) => slow(request, response, {}));
    assert.ok(seen.length > 3);
    for (const { total, done } of seen) if (!done) assert.equal(total, undefined);
  });

  test("has the caller's own total first", async () => {
    const seen = await reports((request, response) => slow(request, response, V1), {}, { total: 20 });
    for (const { total } of seen) assert.equal(total, 20);
  });
});
