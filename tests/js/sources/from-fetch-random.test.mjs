/** fromFetch() against a server that does at random what servers do: what comes is one version of the file, whole, or a FetchError. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { FetchError, fromFetch, toText } from 'tidegate';
import { cut, startServer } from './misbehaving-server.mjs';

const RUNS = Number(process.env.FROM_FETCH_RUNS ?? 200);
const SIZE = 200;

let server;
before(async () => {
  server = await startServer();
});
after(() => server.close());

/** Numbers from 0 to 1, the same for the same seed. */
function random(seed) {
  let state = seed + 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return ((state ^ (state >>> 15)) >>> 0) / 2 ** 32;
  };
}

const fileOf = (version) => String.fromCharCode(97 + version).repeat(SIZE + (version % 3));
const dateOf = (version) => new Date(Date.UTC(2026, 0, 1, 0, 0, version)).toUTCString();

/** Always tells the truth about which version it sends, and is sloppy in everything else. */
function sloppy(seed) {
  const next = random(seed);
  const often = (likelihood) => next() < likelihood;
  const [tags, dates] = [['strong', 'weak', 'none'][Math.floor(next() * 3)], often(0.6)];
  const [changes, breaks, ignoresRange, ignoresIfRange, hasLength] = [
    next() * 0.3,
    0.3 + next() * 0.6,
    next() * 0.5,
    often(0.5),
    often(0.7),
  ];
  let version = 0;
  return (request, response) => {
    if (often(changes)) version += 1;
    const file = fileOf(version);
    if (often(0.1)) return void response.writeHead(503).end('later');
    if (often(0.1)) return void request.socket.destroy();
    const headers = { date: dateOf(version + 100) };
    if (tags !== 'none') headers.etag = `${tags === 'weak' ? 'W/' : ''}"${version}"`;
    if (dates) headers['last-modified'] = dateOf(version);
    const { range, 'if-range': ifRange } = request.headers;
    const isCurrent = ifRange === undefined || ifRange === headers.etag || ifRange === headers['last-modified'];
    let [status, first, last] = [200, 0, file.length - 1];
    if (range !== undefined && !often(ignoresRange) && (isCurrent || ignoresIfRange)) {
      first = Number(/\d+/.exec(range)[0]);
      if (first >= file.length)
        return void response.writeHead(416, { ...headers, 'content-range': `bytes */${file.length}` }).end();
      if (often(0.3)) last = first + Math.floor(next() * (file.length - first));
      status = 206;
      headers['content-range'] = `bytes ${first}-${last}/${often(0.8) ? file.length : '*'}`;
    }
    const body = file.slice(first, last + 1);
    if (hasLength) headers['content-length'] = body.length;
    if (often(breaks)) cut(response, status, headers, body.slice(0, Math.floor(next() * (body.length + 1))));
    else response.writeHead(status, headers).end(body);
  };
}

test(`never mixes versions, loses or repeats a byte, in ${RUNS} random downloads`, async () => {
  let whole = 0;
  let resumed = 0;
  const run = async (seed) => {
    const { url, seen } = server.serve(sloppy(seed));
    try {
      const text = await toText(fromFetch(url, { delay: 0, retries: 6 }));
      assert.equal(text, fileOf(text.charCodeAt(0) - 97), `seed ${seed}`);
      whole += 1;
      if (seen.some(({ range }) => range !== undefined)) resumed += 1;
    } catch (error) {
      assert.ok(error instanceof FetchError, `seed ${seed}: ${error.stack}`);
    }
  };
  for (let seed = 0; seed < RUNS; seed += 50) await Promise.all(Array.from({ length: 50 }, (_, n) => run(seed + n)));
  assert.ok(whole > RUNS / 4 && resumed > RUNS / 20, `${whole} came whole, ${resumed} of them resumed`);
});
