/** What a response must show before fromFetch() resumes with it, line by line of RFC 9110, against a server that misbehaves. */
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { after, before, describe, test } from 'node:test';
import { fromFetch, toText } from 'tidegate';
import { FILE, LATER, MODIFIED, V1, always, breaking, fast, part, refused } from './broken-downloads.mjs';
import { cut, startServer } from './misbehaving-server.mjs';

let server;
let broken;
before(async () => {
  server = await startServer();
  broken = breaking(server);
});
after(() => server.close());

describe('a part (206) is taken only if it continues the same file', () => {
  test('with the same strong ETag', async () => {
    const { url, seen } = broken(always(206, part(), 'BBBBB'));
    assert.equal(await toText(fromFetch(url, fast)), FILE);
    assert.deepEqual([seen[1].range, seen[1].ifRange], ['bytes=5-', '"v1"']);
  });

  for (const [what, headers, message] of [
    ['another ETag', { etag: '"v2"' }, /has changed since the download began/],
    ['the same ETag, but weak', { etag: 'W/"v1"' }, /has changed/],
    ['no ETag', { etag: undefined }, /responded with 206 without the ETag of the first response/],
    [
      'another unit',
      { 'content-range': 'items 5-9/10' },
      /Content-Range 'items 5-9\/10', which is not a valid range of bytes/,
    ],
    ['another first byte', { 'content-range': 'bytes 4-9/10' }, /with the bytes 4-9 to a request for those from 5 on/],
    ['a last byte before the first', { 'content-range': 'bytes 5-4/10' }, /not a valid range/],
    ['a last byte past the end', { 'content-range': 'bytes 5-10/10' }, /not a valid range/],
    ['another complete length', { 'content-range': 'bytes 5-9/11' }, /had 10 bytes and now has 11/],
    ['no Content-Range', { 'content-range': undefined }, /without a Content-Range/],
    ['two Content-Ranges', { 'content-range': ['bytes 5-9/10', 'bytes 5-9/10'] }, /not a valid range/],
    ['a Content-Range for an unsatisfied range', { 'content-range': 'bytes */10' }, /not a valid range/],
    [
      'numbers beyond what can be counted',
      { 'content-range': 'bytes 5-99999999999999999999/999999999999999999999' },
      /not a valid range/,
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
    await refused(toText(fromFetch(url, fast)), /type text\/html; the first response had text\/plain/, 206);
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
      /sent only 5 bytes of the range, and it cannot be resumed/,
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
      /parts of fewer than .* no retries are left/,
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
    ['no date', { etag: 'W/"v1"' }, /without the Last-Modified of the first response/],
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
    await refused(toText(fromFetch(url, fast)), /responded with 200 without the ETag/, 200);
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
    await refused(toText(fromFetch(url, fast)), /it now has 2 bytes, and 5 were received/, undefined);
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
        new RegExp(`responded with ${status} .*, when it was resumed after 5 bytes`),
        status,
      );
      assert.equal(seen.length, 2);
    });
  }

  test('of 503 is not tried again after a POST', async () => {
    const { url, seen } = server.serve(always(503, {}, 'later'));
    await refused(toText(fromFetch(url, { ...fast, method: 'post', body: 'x' })), /responded with 503/, 503);
    assert.equal(seen.length, 1);
  });

  test('of 503 to the end is an error that says so, with its response', async () => {
    const { url, seen } = server.serve(always(503, {}, 'overloaded'));
    const error = await toText(fromFetch(url, { ...fast, retries: 2 })).then(
      () => assert.fail(),
      (reason) => reason,
    );
    assert.equal(seen.length, 3);
    assert.match(error.message, /responded with 503 Service Unavailable, and no retries are left/);
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
      /has changed since the download began: it now has 3 bytes, and 5 of 10 were received/,
      416,
    );
  });

  test('of 416 is an error if the file ends where the connection broke, and was longer before', async () => {
    const { url } = broken(always(416, { 'content-range': 'bytes */5' }));
    await refused(toText(fromFetch(url, fast)), /has changed .* it now has 5 bytes, and 5 of 10 were received/, 416);
  });

  test('of 416 is an error if it does not say the length', async () => {
    const { url } = broken(always(416, {}));
    await refused(toText(fromFetch(url, fast)), /responded with 416/, 416);
  });

  test('of 204 is an empty body', async () => {
    const { url } = server.serve(always(204, {}));
    assert.equal(await toText(fromFetch(url)), '');
  });
});
