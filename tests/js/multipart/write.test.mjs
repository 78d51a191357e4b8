/** `multipart()`: forms that browsers' and our own readers read, whose contents are streams. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { pipeline, toBytes, toFetch } from 'tidegate';
import { multipart, multipartParts } from 'tidegate/multipart';
import { failure, noise } from '../archives/archive-support.mjs';

const bytesOf = async (body) => Buffer.from(await toBytes(body.readable));
/** What the engine's own parser finds. */
const formOf = async (body) =>
  new Response(await bytesOf(body), { headers: { 'content-type': body.contentType } }).formData();

test('a form is written as browsers write it', async () => {
  const body = multipart(
    [
      { name: 'a"b\r\nc', content: 'möwe' },
      { name: 'file', filename: 'x".csv', content: ['1,', '2'], type: 'text/csv' },
      { name: 'none' },
    ],
    { boundary: 'tide' },
  );
  assert.equal(body.contentType, 'multipart/form-data; boundary=tide');
  assert.equal(body.size, undefined);
  assert.equal(
    (await bytesOf(body)).toString(),
    [
      '--tide',
      'Content-Disposition: form-data; name="a%22b%0D%0Ac"',
      '',
      'möwe',
      '--tide',
      'Content-Disposition: form-data; name="file"; filename="x%22.csv"',
      'Content-Type: text/csv',
      '',
      '1,2',
      '--tide',
      'Content-Disposition: form-data; name="none"',
      '',
      '',
      '--tide--',
      '',
    ].join('\r\n'),
  );
});

test("the engine's own parser reads it, with files of streams, blobs and responses", async () => {
  const content = noise(200_000);
  const form = await formOf(
    multipart([
      { name: 'text', content: 'a\nb' },
      { name: 'blob', content: new Blob([content], { type: 'image/png' }) },
      { name: 'file', content: new File([content], 'ü "x".bin') },
      { name: 'stream', filename: 's', content: new Blob([content]).stream() },
      { name: 'response', filename: 'r', content: () => new Response(content) },
    ]),
  );
  assert.equal(form.get('text'), 'a\nb');
  const files = ['blob', 'file', 'stream', 'response'].map((name) => form.get(name));
  assert.deepEqual(
    files.map(({ name, type }) => [name, type]),
    [
      ['blob', 'image/png'],
      ['ü "x".bin', 'application/octet-stream'],
      ['s', 'application/octet-stream'],
      ['r', 'application/octet-stream'],
    ],
  );
  for (const file of files) assert.deepEqual(Buffer.from(await file.arrayBuffer()), content);
});

test('a FormData gives the very bytes that the engine gives, and their number', async () => {
  const form = new FormData();
  form.append('möwe "x"', 'a\nb\r\nc\rd');
  form.append('file', new File(['1\n2'], 'a\n"b".txt', { type: 'text/plain' }));
  form.append('blob', new Blob(['3']));
  const own = new Request('http://localhost/', { method: 'POST', body: form });
  const boundary = /boundary=(.*)/.exec(own.headers.get('content-type'))[1];
  const body = multipart(form, { boundary });
  const bytes = await bytesOf(body);
  assert.equal(body.size, bytes.length);
  // Node leaves out the line end behind the last boundary in some versions.
  assert.equal(
    bytes.toString().trimEnd(),
    Buffer.from(await own.arrayBuffer())
      .toString()
      .trimEnd(),
  );
});

test('size is that of the body if every content has one', async () => {
  const body = multipart([
    { name: 'a', content: 'möwe' },
    { name: 'b', content: new Blob(['123']) },
    { name: 'c', content: ['1234'], size: 4 },
    { name: 'd' },
  ]);
  assert.equal((await bytesOf(body)).length, body.size);
  assert.equal(multipart([{ name: 'a', content: ['1'] }]).size, undefined);
  assert.equal(multipart([]).size, (await bytesOf(multipart([]))).length);
});

test('a content that has more or fewer bytes than its size fails the body', async () => {
  for (const size of [2, 4]) {
    const error = await failure(bytesOf(multipart([{ name: 'a', content: ['123'], size }])));
    assert.deepEqual([error.name, error.code, error.part], ['MultipartError', 'size-mismatch', 'a']);
  }
  assert.throws(() => multipart([{ name: 'a', content: '123', size: 4 }]), { code: 'size-mismatch' });
});

test('a content is opened when it is its turn, and read as the body is', async () => {
  const opened = [];
  const source = (name) => () => {
    opened.push(name);
    return [noise(100_000)];
  };
  const reader = multipart([
    { name: 'a', content: source('a') },
    { name: 'b', content: source('b') },
  ]).readable.getReader();
  assert.deepEqual(opened, []);
  await reader.read();
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(opened, ['a']);
  await reader.cancel();
});

test('the error of a content is that of the body, and cancelling the body cancels the content and the parts', async () => {
  const reason = new Error('the disk is gone');
  const failing = new ReadableStream({ pull: (controller) => controller.error(reason) });
  assert.equal(await failure(bytesOf(multipart([{ name: 'a', content: failing }]))), reason);

  const seen = [];
  const parts = (async function* () {
    try {
      const cancel = (given) => seen.push(['content', given]);
      yield { name: 'a', content: new ReadableStream({ pull: (c) => c.enqueue(noise(70_000)), cancel }) };
    } finally {
      seen.push(['parts']);
    }
  })();
  const reader = multipart(parts).readable.getReader();
  await reader.read();
  await reader.cancel(reason);
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(seen.sort(), [['content', reason], ['parts']]);
});

test('aborting the signal fails the body with its reason', async () => {
  const stop = new AbortController();
  const never = new ReadableStream({});
  const body = bytesOf(multipart([{ name: 'a', content: never }], { signal: stop.signal }));
  const reason = new Error('enough');
  setTimeout(() => stop.abort(reason), 5);
  assert.equal(await failure(body), reason);
});

test('a form of a gigabyte goes through a server within bounded memory', async (context) => {
  const megabytes = 1024;
  const piece = noise(2 ** 20);
  const server = createServer((request, response) => {
    (async () => {
      let bytes = 0;
      for await (const part of multipartParts(request)) for await (const chunk of part.stream()) bytes += chunk.length;
      response.end(String(bytes));
    })().catch((error) => response.writeHead(400).end(String(error)));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => server.close());
  const content = (function* () {
    for (let count = 0; count < megabytes; count++) yield piece;
  })();
  const body = multipart([{ name: 'file', filename: 'f', content, size: megabytes * piece.length }]);
  let most = 0;
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 50);
  const before = process.memoryUsage().rss;
  try {
    const url = `http://127.0.0.1:${server.address().port}/`;
    const sink = toFetch(url, { method: 'POST', headers: { 'content-type': body.contentType } });
    await pipeline(body.readable, sink);
    assert.equal(await (await sink.response).text(), String(megabytes * piece.length));
  } finally {
    clearInterval(timer);
  }
  assert.ok(most - before < 200 * 2 ** 20, `${Math.round((most - before) / 2 ** 20)} MB more`);
});

test('arguments and parts that are wrong are refused', async () => {
  assert.throws(() => multipart('a'), {
    name: 'TypeError',
    message: /must be a FormData, or parts in an iterable or a stream; got/,
  });
  assert.throws(() => multipart([], { boundry: 'x' }), /there is no option 'boundry'/);
  assert.throws(() => multipart([], { boundary: 'ends with ' }), /boundary must be 1 to 70/);
  assert.throws(() => multipart([{ name: 1 }]), /part 1: name must be a string; got 1/);
  assert.throws(
    () => multipart([{ name: 'a' }, { name: 'b', type: 'a\r\nX: y' }]),
    /part 2 \('b'\): type must be a media type/,
  );
  assert.throws(() => multipart([{ name: 'a', value: 'b' }]), /there is no option 'value'/);
  const late = (async function* () {
    yield null;
  })();
  assert.match((await failure(bytesOf(multipart(late)))).message, /part 1 must be an object with a name; got null/);
});

test('a boundary that is no token is quoted in the content type', async () => {
  const body = multipart([{ name: 'a', content: 'b' }], { boundary: 'a b:c' });
  assert.equal(body.contentType, 'multipart/form-data; boundary="a b:c"');
  const message = new Response(await bytesOf(body), { headers: { 'content-type': body.contentType } });
  for await (const part of multipartParts(message)) assert.equal(await part.text(), 'b');
});

test('a name that ends with a backslash is read back', async () => {
  const body = multipart([{ name: 'x\\', filename: 'f.txt', content: 'hi' }]);
  const message = new Response(await bytesOf(body), { headers: { 'content-type': body.contentType } });
  for await (const part of multipartParts(message))
    assert.deepEqual([part.name, part.filename, await part.text()], ['x\\', 'f.txt', 'hi']);
});

test('names with NUL are refused', () => {
  assert.throws(() => multipart([{ name: 'a\0' }]), { name: 'TypeError', message: /name must not contain NUL/ });
  assert.throws(() => multipart([{ name: 'a', filename: 'b\0' }]), /filename must not contain NUL/);
  assert.throws(() => multipart([{ name: 'a', content: new File([], 'b\0') }]), /filename must not contain NUL/);
});

test('a part that is changed later is written as it was when the size was said', async () => {
  const parts = [{ name: 'a', content: '123' }, { name: 'b' }];
  const body = multipart(parts);
  parts[0].content = 'longer';
  parts[1].name = 'another';
  const bytes = await bytesOf(body);
  assert.equal(bytes.length, body.size);
  assert.match(bytes.toString(), /name="b"/);
});

test('bytes that a function returns stay those of the caller', async () => {
  const own = new Uint8Array(noise(200_000));
  const chunks = [];
  for await (const chunk of multipart([{ name: 'a', content: () => own }]).readable) chunks.push(chunk);
  assert.ok(chunks.every(({ buffer }) => buffer !== own.buffer));
  assert.ok(Buffer.concat(chunks).includes(Buffer.from(own)));
});

test('bytes that were detached before their turn fail the body', async () => {
  const bytes = new Uint8Array(10);
  const body = multipart([{ name: 'a', content: bytes }]);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  assert.equal((await failure(bytesOf(body))).code, 'size-mismatch');
});

test('a promise that rejects before its turn fails the body when it comes, and is no unhandled rejection', async () => {
  const reason = new Error('no answer');
  const unhandled = [];
  const onUnhandled = (error) => unhandled.push(error);
  process.on('unhandledRejection', onUnhandled);
  try {
    const reader = multipart([
      { name: 'a', content: () => new Promise((resolve) => setTimeout(resolve, 20, ['x'])) },
      { name: 'b', content: Promise.reject(reason) },
    ]).readable.getReader();
    await new Promise((resolve) => setTimeout(resolve, 10));
    const read = async () => {
      while (!(await reader.read()).done);
    };
    assert.equal(await failure(read()), reason);
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(unhandled, []);
  } finally {
    process.removeListener('unhandledRejection', onUnhandled);
  }
});

/** Contents of every kind that can be cancelled, and a report of those that were. */
function cancellable() {
  const seen = [];
  const stream = (name) => new ReadableStream({ cancel: (reason) => void seen.push([name, reason]) });
  const node = new Readable({
    read() {},
    destroy(error, done) {
      seen.push(['node', error]);
      done(error);
    },
  });
  const parts = [
    { name: 'a', content: stream('stream') },
    { name: 'b', content: new Response(stream('response')) },
    { name: 'c', content: node },
    { name: 'd', content: Promise.resolve(stream('promise')) },
  ];
  return { seen, parts };
}

const ALL = ['node', 'promise', 'response', 'stream'];

test('whatever ends the body of an array before its end cancels the contents that nobody has read', async () => {
  const reason = new Error('enough');
  const ends = {
    failure: async (parts) => {
      const content = new ReadableStream({ pull: (controller) => controller.error(reason) });
      await failure(bytesOf(multipart([{ name: 'first', content }, ...parts])));
    },
    cancel: async (parts) => {
      const reader = multipart([{ name: 'first', content: noise(70_000) }, ...parts]).readable.getReader();
      await reader.read();
      await reader.cancel(reason);
    },
    'cancel before the first read': async (parts) => multipart(parts).readable.cancel(reason),
    abort: async (parts) => {
      const stop = new AbortController();
      multipart(parts, { signal: stop.signal });
      stop.abort(reason);
    },
    'aborted before': async (parts) => void multipart(parts, { signal: AbortSignal.abort(reason) }),
  };
  for (const [how, end] of Object.entries(ends)) {
    const { seen, parts } = cancellable();
    await end(parts);
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual(
      seen.sort(([a], [b]) => (a < b ? -1 : 1)),
      ALL.map((name) => [name, reason]),
      how,
    );
  }
});

test('a stream of parts is cancelled with the error of a content', async () => {
  const reason = new Error('the disk is gone');
  let cancelled;
  const parts = new ReadableStream({
    pull: (controller) =>
      controller.enqueue({ name: 'a', content: new ReadableStream({ pull: (inner) => inner.error(reason) }) }),
    cancel: (given) => (cancelled = [given]),
  });
  assert.equal(await failure(bytesOf(multipart(parts))), reason);
  assert.deepEqual(cancelled, [reason]);
});
