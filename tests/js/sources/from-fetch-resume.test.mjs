/** How fromFetch() resumes, line by line of RFC 9110 and the Fetch Standard, against a server that misbehaves. */
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FetchError, fromFetch, pipeline, toText } from 'tidegate';
import { cut, startServer } from './misbehaving-server.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server.close());

const FILE = 'aaaaaBBBBB';
const V1 = { etag: '"v1"' };
const MODIFIED = 'Thu, 01 Jan 2026 00:00:00 GMT';
const LATER = 'Thu, 01 Jan 2026 00:00:01 GMT';
const fast = { delay: 1 };

/** The first request gets `aaaaa` of the ten bytes before the connection drops, later ones what `then(request, response, number)` answers. */
function broken(then, headers = V1, status = 200) {
  return server.serve((request, response, number) => {
    if (number === 1) cut(response, status, { 'content-length': 10, ...headers }, 'aaaaa');
    else then(request, response, number);
  });
}
/** Answers every request alike. */
const always = (status, headers, body) => (request, response) => response.writeHead(status, headers).end(body);
const part = (headers = {}) => ({ ...V1, 'content-range': 'bytes 5-9/10', ...headers });

const refused = (promise, message, status) =>
  assert.rejects(promise, (error) => {
    assert.ok(error instanceof FetchError, String(error.stack));
    assert.match(error.message, message);
    assert.equal(error.status, status);
    return true;
  });

describe('a part (206) is taken only if it continues the same file', () => {
  test('with the same strong ETag', async () => {
    const { url, seen } = broken(always(206, part(), 'BBBBB'));
    assert.equal(await toText(fromFetch(url, fast)), FILE);
    assert.deepEqual([seen[1].range, seen[1].ifRange], ['bytes=5-', '"v1"']);
  });

  for (const [what, headers, message] of [
    ['another ETag', { etag: '"v2"' }, /has changed since the download began/],
    ['the same ETag, but weak', { etag: 'W/"v1"' }, /has changed/],
    ['no ETag', { etag: undefined }, /answered 206 without the ETag it had before/],
    [
      'another unit',
      { 'content-range': 'items 5-9/10' },
      /Content-Range 'items 5-9\/10', which is no valid range of bytes/,
    ],
    ['another first byte', { 'content-range': 'bytes 4-9/10' }, /with the bytes 4-9 to a request for those from 5 on/],
    ['a last byte before the first', { 'content-range': 'bytes 5-4/10' }, /no valid range/],
    ['a last byte past the end', { 'content-range': 'bytes 5-10/10' }, /no valid range/],
    ['another complete length', { 'content-range': 'bytes 5-9/11' }, /had 10 bytes and now has 11/],
    ['no Content-Range', { 'content-range': undefined }, /without a Content-Range/],
    ['two Content-Ranges', { 'content-range': ['bytes 5-9/10', 'bytes 5-9/10'] }, /no valid range/],
    ['a Content-Range for an unsatisfied range', { 'content-range': 'bytes */10' }, /no valid range/],
    [
      'numbers beyond what can be counted',
      { 'content-range': 'bytes 5-99999999999999999999/999999999999999999999' },
      /no valid range/,
    ],
    [
      'several parts',
      { 'content-range': undefined, 'content-type': 'multipart/byteranges; boundary=x' },
      /several parts/,
    ],
    [
      'a Content-Length that is not that of the range',
      { 'content-length': 4 },
      /4 bytes \(Content-Length\) for the range 5-9/,
    ],
  ]) {
    test(`not with ${what}`, async () => {
      const merged = part(headers);
      for (const name of Object.keys(merged)) if (merged[name] === undefined) delete merged[name];
      const { url, seen } = broken(always(206, merged, merged['content-length'] ? 'BBBB' : 'BBBBB'));
      await refused(toText(fromFetch(url, fast)), message, 206);
      assert.equal(seen.length, 2);
    });
  }

  test('not with a compressed part', async () => {
    const { url } = broken(always(206, part({ 'content-encoding': 'gzip' }), gzipSync('BBBBB')));
    await refused(toText(fromFetch(url, fast)), /compressed part/, 206);
  });

  test('not with another type', async () => {
    const { url } = broken(always(206, part({ 'content-type': 'text/html' }), 'BBBBB'), {
      ...V1,
      'content-type': 'text/plain',
    });
    await refused(toText(fromFetch(url, fast)), /type text\/html; before it was text\/plain/, 206);
  });

  test('with a type of another spelling', async () => {
    const { url } = broken(always(206, part({ 'content-type': 'Text/Plain;charset=utf-8' }), 'BBBBB'), {
      ...V1,
      'content-type': 'text/plain',
    });
    assert.equal(await toText(fromFetch(url, fast)), FILE);
  });

  for (const field of ['Bytes 5-9/10', 'BYTES 5-9/10', 'bytes  5-9/10', 'bytes 5-9/*', 'bytes 005-009/0010']) {
    test(`with its Content-Range spelt '${field}'`, async () => {
      const { url } = broken(always(206, part({ 'content-range': field }), 'BBBBB'));
      assert.equal(await toText(fromFetch(url, fast)), FILE);
    });
  }

  test('and the rest is requested where it is smaller than what was asked for', async () => {
    const { url, seen } = broken((request, response) => {
      const from = Number(/\d+/.exec(request.headers.range)[0]);
      response
        .writeHead(206, { ...V1, 'content-range': `bytes ${from}-${from + 1 > 9 ? 9 : from + 1}/10` })
        .end(FILE.slice(from, from + 2));
    });
    assert.equal(await toText(fromFetch(url, { ...fast, retries: 1 })), FILE);
    assert.deepEqual(
      seen.slice(1).map(({ range }) => range),
      ['bytes=5-', 'bytes=7-', 'bytes=9-'],
    );
  });

  test('but not where nothing says that the rest is of the same version', async () => {
    // A Last-Modified that is no older than Date is weak.
    const now = { date: 'Sat, 28 Nov 2026 12:00:00 GMT', 'last-modified': 'Sat, 28 Nov 2026 12:00:00 GMT' };
    const { url, seen } = server.serve((request, response, number) =>
      number === 1
        ? response.writeHead(206, { ...now, 'content-range': 'bytes 0-4/10' }).end('aaaaa')
        : response.writeHead(206, { ...now, 'content-range': 'bytes 5-9/10' }).end('BBBBB'),
    );
    await refused(
      toText(fromFetch(url, { ...fast, headers: { range: 'bytes=0-9' } })),
      /gave 5 bytes of the range, and it cannot be resumed/,
      undefined,
    );
    assert.equal(seen.length, 1);
  });

  test('and counts as retries where the server gives one byte at a time', async () => {
    const file = 'x'.repeat(200);
    const { url, seen } = server.serve((request, response) => {
      const from = Number(/\d+/.exec(request.headers.range)[0]);
      response.writeHead(206, { ...V1, 'content-range': `bytes ${from}-${from}/200` }).end(file[from]);
    });
    await refused(
      toText(fromFetch(url, { ...fast, retries: 3, headers: { range: 'bytes=0-' } })),
      /parts of less than .* no retries are left/,
      undefined,
    );
    assert.ok(seen.length < 30, `${seen.length} requests`);
  });

  test('and again when it breaks off itself', async () => {
    const { url, seen } = broken((request, response, number) =>
      number === 2
        ? cut(response, 206, { ...part(), 'content-length': 5 }, 'BB')
        : response.writeHead(206, { ...V1, 'content-range': 'bytes 7-9/10' }).end('BBB'),
    );
    assert.equal(await toText(fromFetch(url, fast)), FILE);
    assert.equal(seen.length, 3);
  });

  test('as an answer to the first request only if that asked for one', async () => {
    const { url } = server.serve(always(206, part({ 'content-range': 'bytes 0-4/10' }), 'aaaaa'));
    await refused(toText(fromFetch(url, fast)), /206 \(a part\) to a request without a Range/, 206);
  });
});

describe('a validator is used as RFC 9110 allows', () => {
  test('a weak ETag is never sent, and without a strong date nothing is resumed', async () => {
    const { url, seen } = broken(always(206, part(), 'BBBBB'), { etag: 'W/"v1"' });
    await refused(toText(fromFetch(url, fast)), /its ETag W\/"v1" is weak or malformed/, undefined);
    assert.equal(seen.length, 1);
  });

  test('a malformed ETag is none', async () => {
    const { url, seen } = broken(always(206, part(), 'BBBBB'), { etag: 'v1' });
    await refused(toText(fromFetch(url, fast)), /its ETag v1 is weak or malformed/, undefined);
    assert.equal(seen.length, 1);
  });

  const dated = (date) => ({ 'last-modified': MODIFIED, date });

  test('a date a second before the Date of the response is sent as If-Range', async () => {
    const { url, seen } = broken(always(206, { 'content-range': 'bytes 5-9/10' }, 'BBBBB'), dated(LATER));
    assert.equal(await toText(fromFetch(url, fast)), FILE);
    assert.deepEqual([seen[1].range, seen[1].ifRange], ['bytes=5-', MODIFIED]);
  });

  test('a date of the same second is weak, and nothing is resumed by it', async () => {
    const { url, seen } = broken(always(206, { 'content-range': 'bytes 5-9/10' }, 'BBBBB'), dated(MODIFIED));
    await refused(toText(fromFetch(url, fast)), /no Last-Modified that is older than its Date/, undefined);
    assert.equal(seen.length, 1);
  });

  test('a date beside a weak ETag is not sent as If-Range, but the part must have it', async () => {
    const headers = { etag: 'W/"v1"', ...dated(LATER) };
    const { url, seen } = broken(always(206, { ...headers, 'content-range': 'bytes 5-9/10' }, 'BBBBB'), headers);
    assert.equal(await toText(fromFetch(url, fast)), FILE);
    assert.deepEqual([seen[1].range, seen[1].ifRange], ['bytes=5-', undefined]);
  });

  for (const [what, headers, message] of [
    ['another date', { etag: 'W/"v1"', 'last-modified': LATER }, /has changed/],
    ['another weak ETag', { etag: 'W/"v2"', 'last-modified': MODIFIED }, /has changed/],
    ['no date', { etag: 'W/"v1"' }, /without the Last-Modified it had before/],
  ]) {
    test(`a part with ${what} is refused then`, async () => {
      const { url } = broken(always(206, { ...headers, 'content-range': 'bytes 5-9/10' }, 'BBBBB'), {
        etag: 'W/"v1"',
        ...dated(LATER),
      });
      await refused(toText(fromFetch(url, fast)), message, 206);
    });
  }

  for (const [form, modified] of [
    ['RFC 850', 'Thursday, 01-Jan-26 00:00:00 GMT'],
    ['asctime', 'Thu Jan  1 00:00:00 2026'],
  ]) {
    test(`a date in the form of ${form} is the same date`, async () => {
      const { url } = broken(always(206, { 'last-modified': MODIFIED, 'content-range': 'bytes 5-9/10' }, 'BBBBB'), {
        'last-modified': modified,
        date: LATER,
      });
      assert.equal(await toText(fromFetch(url, fast)), FILE);
    });
  }

  test('without any, nothing is resumed', async () => {
    const { url, seen } = broken(always(206, part(), 'BBBBB'), {});
    await refused(toText(fromFetch(url, fast)), /broke off after 5 bytes .*: the response has no ETag/, undefined);
    assert.equal(seen.length, 1);
  });
});

describe('a whole file (200) in answer to a request for the rest', () => {
  test('with the same ETag is taken from where the first broke off', async () => {
    const { url } = broken(always(200, V1, FILE));
    assert.equal(await toText(fromFetch(url, fast)), FILE);
  });

  test('is taken so as often as it may be sent again, and no oftener', async () => {
    const { url, seen } = broken((request, response) => cut(response, 200, { ...V1, 'content-length': 10 }, 'aaaa'));
    await refused(toText(fromFetch(url, { ...fast, retries: 2 })), /no retries are left/, undefined);
    assert.equal(seen.length, 3);
  });

  test('with another ETag has changed', async () => {
    const { url } = broken(always(200, { etag: '"v2"' }, FILE));
    await refused(toText(fromFetch(url, fast)), /has changed since the download began/, 200);
  });

  test('without a validator is refused', async () => {
    const { url } = broken(always(200, {}, FILE));
    await refused(toText(fromFetch(url, fast)), /answered 200 without the ETag/, 200);
  });

  test('of another length is refused, though its ETag is the same', async () => {
    const { url } = broken(always(200, { ...V1, 'content-length': 12 }, `${FILE}CC`));
    await refused(toText(fromFetch(url, fast)), /had 10 bytes and now has 12/, 200);
  });

  test('that is shorter than what had come is refused', async () => {
    const { url } = broken((request, response) => {
      response.writeHead(200, V1);
      response.write('aa');
      response.end();
    });
    await refused(toText(fromFetch(url, fast)), /it now has 2 bytes, and 5 had come/, undefined);
  });

  test('is what a server without ranges is asked for', async () => {
    const { url, seen } = broken(always(200, V1, FILE), { ...V1, 'accept-ranges': 'None' });
    assert.equal(await toText(fromFetch(url, fast)), FILE);
    assert.deepEqual([seen[1].range, seen[1].ifRange], [undefined, undefined]);
  });

  test('is what a compressed file is asked for, as a range would be of other bytes', async () => {
    const text = 'compressed '.repeat(200_000) + Array.from({ length: 100_000 }, (_, n) => n * n).join();
    const body = gzipSync(text);
    const { url, seen } = server.serve((request, response, number) => {
      const headers = { ...V1, 'content-encoding': 'gzip', 'content-length': body.length };
      if (number === 1) cut(response, 200, headers, body.subarray(0, body.length / 2));
      else response.writeHead(200, headers).end(body);
    });
    assert.equal((await toText(fromFetch(url, fast))) === text, true);
    assert.deepEqual(
      seen.map(({ range }) => range),
      [undefined, undefined],
    );
  });
});

describe('a status', () => {
  for (const status of [408, 425, 429, 500, 502, 503, 504]) {
    test(`of ${status} is tried again, at first and in between`, async () => {
      const { url, seen } = server.serve((request, response, number) => {
        if (number === 1 || number === 3) response.writeHead(status).end('later');
        else if (number === 2) cut(response, 200, { ...V1, 'content-length': 10 }, 'aaaaa');
        else response.writeHead(206, part()).end('BBBBB');
      });
      assert.equal(await toText(fromFetch(url, fast)), FILE);
      assert.equal(seen.length, 4);
    });
  }

  for (const status of [400, 401, 403, 404, 410, 501]) {
    test(`of ${status} is not tried again`, async () => {
      const { url, seen } = broken(always(status, {}, 'no'));
      await refused(
        toText(fromFetch(url, fast)),
        new RegExp(`answered ${status} .*, when it was resumed after 5 bytes`),
        status,
      );
      assert.equal(seen.length, 2);
    });
  }

  test('of 503 is not tried again after a POST', async () => {
    const { url, seen } = server.serve(always(503, {}, 'later'));
    await refused(toText(fromFetch(url, { ...fast, method: 'post', body: 'x' })), /answered 503/, 503);
    assert.equal(seen.length, 1);
  });

  test('of 503 to the end is an error that says so, with its response', async () => {
    const { url, seen } = server.serve(always(503, {}, 'overloaded'));
    const error = await toText(fromFetch(url, { ...fast, retries: 2 })).then(
      () => assert.fail(),
      (reason) => reason,
    );
    assert.equal(seen.length, 3);
    assert.match(error.message, /answered 503 Service Unavailable, and no retries are left/);
    assert.equal(await error.response.text(), 'overloaded');
  });

  test('of 416 is the end if the file has as many bytes as have come', async () => {
    const { url, seen } = server.serve((request, response, number) => {
      if (number === 1)
        cut(response, 200, V1, FILE); // chunked: that it is whole is not known
      else response.writeHead(416, { 'content-range': 'bytes */10' }).end();
    });
    assert.equal(await toText(fromFetch(url, fast)), FILE);
    assert.equal(seen[1].range, 'bytes=10-');
  });

  test('of 416 is an error if the file has another length', async () => {
    const { url } = broken(always(416, { 'content-range': 'bytes */3' }));
    await refused(
      toText(fromFetch(url, fast)),
      /has changed since the download began: it now has 3 bytes, and 5 of 10 had come/,
      416,
    );
  });

  test('of 416 is an error if the file ends where the connection broke, and was longer before', async () => {
    const { url } = broken(always(416, { 'content-range': 'bytes */5' }));
    await refused(toText(fromFetch(url, fast)), /has changed .* it now has 5 bytes, and 5 of 10 had come/, 416);
  });

  test('of 416 is an error if it does not say the length', async () => {
    const { url } = broken(always(416, {}));
    await refused(toText(fromFetch(url, fast)), /answered 416/, 416);
  });

  test('of 204 is an empty body', async () => {
    const { url } = server.serve(always(204, {}));
    assert.equal(await toText(fromFetch(url)), '');
  });
});

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
      await refused(toText(fromFetch(url, fast)), /asks to wait \d+ seconds, longer than the 120 that are waited/, 503);
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
    await refused(read(), /answered 416/, 416);
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
