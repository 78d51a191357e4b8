/** `openUrl()`: reads at any place, in few requests, of one version of the file. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openUrl, toBytes } from 'tidegate';
import { openZip, zip } from 'tidegate/archives';
import { startServer } from './misbehaving-server.mjs';

const FILE = Buffer.from(Uint8Array.from({ length: 1_000_000 }, (_, at) => (at * 7 + (at >> 8)) & 255));

let server;
before(async () => {
  server = await startServer();
});
after(() => server.close());

const ranges =
  (change = () => {}, file = FILE) =>
  (request, response, number) => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range) ?? [0, 0, file.length - 1];
    const end = Math.min(file.length, Number(last) + 1);
    const headers = { etag: '"1"', 'content-type': 'x/y', 'content-range': `bytes ${first}-${end - 1}/${file.length}` };
    const reply = { status: 206, headers, body: file.subarray(Number(first), end), wait: 0 };
    change(reply, number);
    setTimeout(() => response.writeHead(reply.status, reply.headers).end(reply.body), reply.wait);
  };
const failure = (promise) =>
  promise.then(
    () => assert.fail('it did not fail'),
    (error) => error,
  );
const opened = async (options, change) => {
  const { url, seen } = server.serve(ranges(change));
  const file = await openUrl(url, { delay: 1, ...options });
  seen.length = 0;
  return { file, seen, url };
};

test('a file has its size, its type and its ETag', async () => {
  const { file } = await opened();
  assert.deepEqual([file.size, file.type, file.etag], [FILE.length, 'x/y', '"1"']);
});

test('every read gives the bytes that it asks for, with a buffer of its own', async () => {
  const { file } = await opened({ blockSize: 1000, cacheSize: 50_000 });
  let state = 1;
  const random = (most) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
  for (let round = 0; round < 100; round++) {
    const reads = Array.from({ length: 1 + random(5) }, () => {
      const start = random(FILE.length);
      return [start, Math.min(FILE.length, start + random(random(2) ? 3000 : 60_000))];
    });
    const parts = await Promise.all(reads.map(([start, end]) => file.read(start, end)));
    parts.forEach((part, index) => {
      assert.deepEqual(Buffer.from(part), FILE.subarray(...reads[index]), String(reads[index]));
      part.fill(0);
    });
  }
  for (const [start, end] of [
    [0, 0],
    [0, 1],
    [999, 1001],
    [FILE.length - 1, FILE.length],
    [FILE.length, FILE.length],
  ])
    assert.deepEqual(Buffer.from(await file.read(start, end)), FILE.subarray(start, end));
});

test('reads of one turn that are near each other are one request, and others are not', async () => {
  const { file, seen } = await opened({ blockSize: 1000 });
  await Promise.all([file.read(5100, 5200), file.read(100, 200), file.read(2100, 2200), file.read(90_000, 90_001)]);
  assert.deepEqual(seen.map(({ range }) => range).sort(), ['bytes=0-2999', 'bytes=5000-5999', 'bytes=90000-90999']);
});

test('what was read is read again without a request, until there is no room', async () => {
  const { file, seen } = await opened({ blockSize: 1000, cacheSize: 4000 });
  for (const at of [0, 1000, 2000, 0, 3000, 500]) await file.read(at, at + 10);
  assert.equal(seen.length, 4);
  await file.read(9000, 9010);
  await file.read(0, 10);
  assert.equal(seen.length, 5);
  await file.read(1000, 1010);
  assert.equal(seen.length, 6);
});

test('a read that is as large as half of the cache goes past it', async () => {
  const { file, seen } = await opened({ blockSize: 1000, cacheSize: 4000 });
  await file.read(500, 5000);
  await file.read(500, 5000);
  assert.deepEqual(
    seen.map(({ range }) => range),
    ['bytes=500-4999', 'bytes=500-4999'],
  );
  const none = await opened({ cacheSize: 0 });
  await none.file.read(0, 10);
  await none.file.read(0, 10);
  assert.equal(none.seen.length, 2);
});

test('two reads of a block that is under way wait for one request', async () => {
  const { file, seen } = await opened({ blockSize: 1000 }, (reply) => void (reply.wait = 20));
  const first = file.read(0, 10);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(await file.read(5, 15), new Uint8Array(FILE.subarray(5, 15)));
  await first;
  assert.equal(seen.length, 1);
});

test('the signal of a read ends that read, and the request once nobody else waits for it', async () => {
  const { file, seen } = await opened({ blockSize: 1000 }, (reply) => void (reply.wait = 30));
  const reason = new Error('enough');
  const [one, two] = [new AbortController(), new AbortController()];
  const alone = failure(file.read(0, 10, { signal: one.signal }));
  const shared = failure(file.read(5000, 5010, { signal: two.signal }));
  const other = file.read(5005, 5015);
  await new Promise((resolve) => setTimeout(resolve, 5));
  one.abort(reason);
  two.abort(reason);
  assert.deepEqual([await alone, await shared], [reason, reason]);
  assert.deepEqual(Buffer.from(await other), FILE.subarray(5005, 5015));
  assert.deepEqual(Buffer.from(await file.read(0, 10)), FILE.subarray(0, 10));
  assert.equal(seen.length, 3);
  assert.equal(await failure(file.read(0, 10, { signal: one.signal })), reason);
});

test('a read that fails can be tried again', async () => {
  let fails = false;
  const { file } = await opened({ blockSize: 1000, retries: 0 }, (reply) => {
    if (fails) reply.status = 500;
  });
  fails = true;
  assert.equal((await failure(file.read(0, 10))).status, 500);
  fails = false;
  assert.deepEqual(Buffer.from(await file.read(0, 10)), FILE.subarray(0, 10));
});

test('a file that has changed fails the read', async () => {
  let tag = '"1"';
  const { file } = await opened({ blockSize: 1000 }, (reply) => void (reply.headers.etag = tag));
  await file.read(0, 10);
  tag = '"2"';
  const error = await failure(file.read(5000, 5010));
  assert.equal(error.name, 'FetchError');
  assert.match(error.message, /^openUrl\(\): .* has changed since it was opened/);
});

test('a server without parts, or without a version, is refused', async () => {
  for (const change of [(reply) => (reply.status = 200), (reply) => delete reply.headers.etag]) {
    const { url } = server.serve(ranges((reply) => void change(reply)));
    const error = await failure(openUrl(url, { delay: 1 }));
    assert.equal(error.name, 'FetchError');
    assert.match(error.message, /^openUrl\(\): http.*(must support Range|no strong ETag)/);
  }
});

test('a stream is of any range, by default of all', async () => {
  const { file } = await opened();
  assert.deepEqual(Buffer.from(await toBytes(file.stream(10, 500_000))), FILE.subarray(10, 500_000));
  assert.deepEqual(Buffer.from(await toBytes(file.stream())), FILE);
});

test('a zip archive is read from it', async () => {
  const archive = Buffer.from(
    await toBytes(
      zip([
        { name: 'a', content: FILE },
        { name: 'b', content: 'low' },
      ]),
    ),
  );
  const { url } = server.serve(ranges(undefined, archive));
  const { entries } = await openZip(openUrl(url));
  assert.deepEqual(Buffer.from(await toBytes(entries[0].stream())), FILE);
});

test('a range that is not in the file is refused, and so are options that cannot be', async () => {
  const { file } = await opened();
  for (const [start, end] of [[-1, 1], [2, 1], [0, FILE.length + 1], [0.5, 1], [0]])
    assert.match((await failure(file.read(start, end))).message, /there are no bytes .* in a file of 1000000/);
  assert.match(
    (await failure(openUrl('http://localhost/', { blockSize: 0 }))).message,
    /blockSize must be a whole number/,
  );
});
