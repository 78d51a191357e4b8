/** What the tests of fromFetch() share: a file of ten bytes, servers that drop its connections, and its errors. */
import assert from 'node:assert/strict';
import { FetchError } from 'tidegate';
import { cut } from './misbehaving-server.mjs';

export const FILE = 'aaaaaBBBBB';
export const V1 = { etag: '"v1"' };
export const MODIFIED = 'Thu, 01 Jan 2026 00:00:00 GMT';
export const LATER = 'Thu, 01 Jan 2026 00:00:01 GMT';
export const fast = { delay: 1 };

/**
 * A `broken(then, headers, status)` on `server`: the first request gets `aaaaa` of the ten bytes before the connection drops; `then(request, response, number)`
 * responds to later ones.
 */
export const breaking =
  (server) =>
  (then, headers = V1, status = 200) =>
    server.serve((request, response, number) => {
      if (number === 1) cut(response, status, { 'content-length': 10, ...headers }, 'aaaaa');
      else then(request, response, number);
    });

/** Responds to every request alike. */
export const always = (status, headers, body) => (request, response) => response.writeHead(status, headers).end(body);

/** The headers of a part (206) with the second half of the file. */
export const part = (headers = {}) => ({ ...V1, 'content-range': 'bytes 5-9/10', ...headers });

export const refused = (promise, message, status) =>
  assert.rejects(promise, (error) => {
    assert.ok(error instanceof FetchError, String(error.stack));
    assert.match(error.message, message);
    assert.equal(error.status, status);
    return true;
  });
