/** When fromFetch() sends a request again, and how long it waits, against a server that misbehaves. */
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FetchError, fromFetch, pipeline, toText } from 'tidegate';
import { FILE, MODIFIED, V1, always, breaking, fast, part, refused } from './broken-downloads.mjs';
import { cut, startServer } from './misbehaving-server.mjs';

let server;
let broken;
before(async () => {
  server = await startServer();
  broken = breaking(server);
});
after(() => server.close());

describe('Retry-After', () => {
  const waited = async (headers) => {
    const { url, seen } = server.serve((request, response, number) =>
      number === 1 ? response.writeHead(429, headers()).end() : response.end(FILE),
    );
    assert.equal(await toText(fromFetch(url, fast)), FILE);
    return seen[1].at - seen[0].at;
  };

  test('is waited for in seconds', async () => {
    assert.ok((await waited(() => ({ 'retry-after': '1' }))) >= 990);
  });

  for (const [form, date] of [
    ['IMF', 'Thu, 01 Jan 2026 00:00:01 GMT'],
    ['RFC 850', 'Thursday, 01-Jan-26 00:00:01 GMT'],
    ['asctime', 'Thu Jan  1 00:00:01 2026'],
  ]) {
    test(`is waited for as a date (${form}), by the server's own clock`, async () => {
      assert.ok((await waited(() => ({ date: MODIFIED, 'retry-after': date }))) >= 990);
    });
  }

  test('of the past is no wait', async () => {
    assert.ok((await waited(() => ({ 'retry-after': MODIFIED }))) >= 0);
  });

  for (const [what, value] of [
    ['seconds', '99999999999'],
    ['a date', 'Thu, 01 Jan 2099 00:00:00 GMT'],
  ]) {
    test(`of more ${what} than are waited is an error that says so`, async () => {
      const { url, seen } = server.serve(always(503, { 'retry-after': value }, 'maintenance'));
      await refused(toText(fromFetch(url, fast)), /asks to wait \d+ seconds, and a retry waits at most 120/, 503);
      assert.equal(seen.length, 1);
    });
  }

  test('that is neither is not followed', async () => {
    assert.ok((await waited(() => ({ 'retry-after': 'soon' }))) >= 0);
  });
});

describe('a connection that breaks', () => {
  test('before the headers is tried again', async () => {
    const { url, seen } = server.serve((request, response, number) => {
      if (number < 3) request.socket.destroy();
      else response.end(FILE);
    });
    assert.equal(await toText(fromFetch(url, fast)), FILE);
    assert.equal(seen.length, 3);
  });

  test('after the headers and before the first byte is tried again, validator or not, and onResponse is called once', async () => {
    const { url, seen } = server.serve((request, response, number) => {
      if (number < 3) cut(response, 200, { 'content-length': 10 });
      else response.writeHead(200, { 'content-length': 10 }).end(FILE);
    });
    const told = [];
    assert.equal(await toText(fromFetch(url, { ...fast, onResponse: ({ status }) => told.push(status) })), FILE);
    assert.deepEqual([seen.length, told], [3, [200]]);
    assert.equal(seen[1].range, undefined);
  });

  test('before the first byte is not tried again with another file, once its headers were told', async () => {
    const { url } = server.serve((request, response, number) => {
      if (number === 1) cut(response, 200, { ...V1, 'content-length': 10 });
      else response.writeHead(200, { etag: '"v2"' }).end('another');
    });
    await refused(toText(fromFetch(url, { ...fast, onResponse() {} })), /has changed since its first response/, 200);
  });

  test('before the headers of a POST is not tried again', async () => {
    const { url, seen } = server.serve((request) => request.socket.destroy());
    await refused(
      toText(fromFetch(url, { ...fast, method: 'POST', body: 'x' })),
      /could not be fetched .*, and only a GET/,
      undefined,
    );
    assert.equal(seen.length, 1);
  });

  test('when every byte has come is the end', async () => {
    const { url, seen } = broken((request, response) =>
      cut(response, 206, { ...part(), 'content-length': 5 }, 'BBBBB'),
    );
    assert.equal(await toText(fromFetch(url, fast)), FILE);
    assert.equal(seen.length, 2);
  });

  test('and cannot be made again fails with the reason', async () => {
    const other = await startServer();
    const { url } = other.serve(() => {});
    other.close();
    const error = await toText(fromFetch(url, { ...fast, retries: 1 })).then(
      () => assert.fail(),
      (reason) => reason,
    );
    assert.ok(error instanceof FetchError);
    assert.match(error.message, /could not be fetched \(.*ECONNREFUSED.*\), and no retries are left/);
    assert.equal(error.cause.cause.code, 'ECONNREFUSED');
    assert.equal(error.url, url);
  });

  test('does not wait longer and longer without end', async () => {
    const { url } = server.serve((request) => request.socket.destroy());
    const controller = new AbortController();
    const running = toText(fromFetch(url, { delay: 0, retries: Infinity, signal: controller.signal }));
    await sleep(100);
    controller.abort(new Error('enough'));
    await assert.rejects(running, { message: 'enough' });
  });

  test('is waited for as long as delay says, however long that is', async () => {
    const { url, seen } = server.serve(always(503, {}));
    const controller = new AbortController();
    const running = toText(fromFetch(url, { delay: 2 ** 40, signal: controller.signal }));
    await sleep(150);
    controller.abort(new Error('enough'));
    await assert.rejects(running, { message: 'enough' });
    assert.equal(seen.length, 1);
  });

  test('is not tried again for what onResponse throws', async () => {
    const { url, seen } = server.serve(always(200, V1, FILE));
    const mine = new Error('mine');
    await assert.rejects(
      toText(
        fromFetch(url, {
          ...fast,
          onResponse() {
            throw mine;
          },
        }),
      ),
      (error) => error === mine,
    );
    assert.equal(seen.length, 1);
  });
});

describe('a consumer slower than the server', () => {
  const slowly = async (url, options) => {
    let text = '';
    const decoder = new TextDecoder();
    await pipeline(fromFetch(url, { ...fast, ...options }), async (chunks) => {
      for await (const chunk of chunks) {
        text += decoder.decode(chunk, { stream: true });
        await sleep(5);
      }
    });
    return text;
  };
  const BLOCKS = Array.from({ length: 60 }, (_, n) => String(n % 10).repeat(10_000));

  test('has everything of a server that has ended long before', async () => {
    const { url } = server.serve((request, response) => {
      for (const block of BLOCKS) response.write(block);
      response.end();
    });
    assert.equal((await slowly(url)) === BLOCKS.join(''), true);
  });

  test('fails, or has everything, of a server that has broken off long before', async () => {
    const { url } = server.serve((request, response) => {
      response.writeHead(200, { 'content-length': 600_000 });
      for (const block of BLOCKS.slice(0, 30)) response.write(block);
      response.write('', () => setTimeout(() => response.destroy(), 20));
    });
    await refused(slowly(url), /broke off after \d+ bytes/, undefined);
  });

  test('has everything of a server that breaks off and can resume', async () => {
    const whole = Buffer.from(BLOCKS.join(''));
    const { url } = server.serve((request, response) => {
      const from = Number(/\d+/.exec(request.headers.range ?? '0')[0]);
      const headers = { ...V1, 'content-length': whole.length - from };
      if (from > 0) headers['content-range'] = `bytes ${from}-${whole.length - 1}/${whole.length}`;
      cut(response, from > 0 ? 206 : 200, headers, whole.subarray(from, from + 200_000));
    });
    assert.equal((await slowly(url, { retries: 20 })) === BLOCKS.join(''), true);
  });
});

describe('a compressed body that is cut off', () => {
  const body = gzipSync(Buffer.from(Array.from({ length: 300_000 }, (_, i) => (Math.imul(i, 2654435761) >>> 13) & 63)));

  for (const [what, headers] of [
    ['a Content-Length', { 'content-length': body.length }],
    ['chunks', {}],
  ]) {
    test(`with the connection fails, sent with ${what}`, async () => {
      const { url } = server.serve((request, response) =>
        cut(response, 200, { 'content-encoding': 'gzip', ...headers }, body.subarray(0, body.length - 1000)),
      );
      await refused(toText(fromFetch(url, fast)), /broke off/, undefined);
    });
  }
});
