/** A Range header of fromFetch()'s caller, and what becomes of it when the download is resumed. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fromFetch, toText } from 'tidegate';
import { FILE, V1, always, fast, part, refused } from './broken-downloads.mjs';
import { cut, startServer } from './misbehaving-server.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server.close());

describe("a caller's own Range", () => {
  const ranged = (range, then) => {
    const served = server.serve(then);
    return {
      ...served,
      read: (options) => toText(fromFetch(served.url, { ...fast, headers: { Range: range }, ...options })),
    };
  };

  test('is resumed within it', async () => {
    const { read, seen } = ranged('bytes=2-7', (request, response, number) =>
      number === 1
        ? cut(response, 206, { ...V1, 'content-length': 6, 'content-range': 'bytes 2-7/10' }, 'aaa')
        : response.writeHead(206, { ...V1, 'content-range': 'bytes 5-7/10' }).end('BBB'),
    );
    assert.equal(await read(), 'aaaBBB');
    assert.deepEqual(
      seen.map(({ range }) => range),
      ['bytes=2-7', 'bytes=5-7'],
    );
  });

  test('of the last bytes is resumed by their place', async () => {
    const { read, seen } = ranged('bytes=-6', (request, response, number) =>
      number === 1
        ? cut(response, 206, { ...V1, 'content-length': 6, 'content-range': 'bytes 4-9/10' }, 'aB')
        : response.writeHead(206, { ...V1, 'content-range': 'bytes 6-9/10' }).end('BBBB'),
    );
    assert.equal(await read(), 'aBBBBB');
    assert.equal(seen[1].range, 'bytes=6-');
  });

  test('may end past the end of the file', async () => {
    const { read } = ranged('bytes=5-999', always(206, part(), 'BBBBB'));
    assert.equal(await read(), 'BBBBB');
  });

  for (const range of ['Bytes=5-', 'bytes= 5-9 ,', 'bytes=-5']) {
    test(`spelt '${range}' is cut out of a whole file`, async () => {
      const { read } = ranged(range, always(200, { ...V1, 'content-length': 10 }, FILE));
      assert.equal(await read(), 'BBBBB');
    });
  }

  test('is cut out of a whole file, whose rest is not awaited', async () => {
    const { read } = ranged('bytes=2-3', (request, response) =>
      response.writeHead(200, { 'content-length': 1e9 }).write(FILE),
    );
    assert.equal(await read(), 'aa');
  });

  test('with If-Range of the caller gives the whole file where it has changed', async () => {
    const { url } = server.serve(always(200, V1, FILE));
    assert.equal(await toText(fromFetch(url, { headers: { range: 'bytes=5-', 'if-range': '"v0"' } })), FILE);
  });

  test('that is not there is an error', async () => {
    const { read } = ranged('bytes=50-', always(416, { 'content-range': 'bytes */10' }));
    await refused(read(), /responded with 416/, 416);
  });

  for (const [what, field] of [
    ['another place', 'bytes 0-7/10'],
    ['more', 'bytes 2-9/10'],
  ]) {
    test(`answered for ${what} is an error`, async () => {
      const { read } = ranged('bytes=2-7', always(206, { 'content-range': field }, FILE));
      await refused(read(), /to a request for those from 2 on/, 206);
    });
  }

  for (const range of ['bytes=0-1,4-5', 'items=0-5', 'bytes=9-2', 'bytes=-']) {
    test(`of '${range}' is refused`, () => {
      assert.throws(() => fromFetch('http://127.0.0.1/', { headers: { range } }), {
        name: 'TypeError',
        message: /Range header must be one range of bytes/,
      });
    });
  }
});
