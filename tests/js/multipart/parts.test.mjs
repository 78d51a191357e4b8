/** `multipartParts()`: forms by browsers and by others, at every split, and what the parts say. */
import assert from 'node:assert/strict';
import { createServer, request as httpRequest } from 'node:http';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { pipeline, take, toArray, toBytes } from 'tidegate';
import { multipartParts } from 'tidegate/multipart';
import { failure, folderFor, lacks, noise, pieces } from '../archives/archive-support.mjs';
import { BOUNDARY, bodyOf, field, read, textsOf } from './multipart-support.mjs';

const sample = () =>
  bodyOf(
    [[field('title')], 'High water'],
    [[field('empty')], ''],
    [[field('log', '; filename="log.csv"'), 'Content-Type: text/csv'], 'a,b\r\n--tid\r\n1,2\r\n'],
    [[field('last')], `\r\n--${BOUNDARY}x\r\n-`],
  );
const TEXTS = [
  ['title', 'High water'],
  ['empty', ''],
  ['log', 'a,b\r\n--tid\r\n1,2\r\n'],
  ['last', `\r\n--${BOUNDARY}x\r\n-`],
];

/** The form of an object, by an engine. */
const formOf = (entries) => {
  const form = new FormData();
  for (const [name, ...value] of entries) form.append(name, ...value);
  return new Request('http://localhost/', { method: 'POST', body: form });
};

test('a part has its name, its file, its type and its content', async () => {
  const [title, empty, log] = await read([sample()]);
  assert.deepEqual([title.part.name, title.part.filename, title.part.type], ['title', undefined, 'text/plain']);
  assert.equal(empty.content.length, 0);
  assert.deepEqual([log.part.filename, log.part.type], ['log.csv', 'text/csv']);
  assert.equal(log.part.headers.get('content-disposition'), 'form-data; name="log"; filename="log.csv"');
});

test('the parts are the same at every split of the body, with empty chunks between', async () => {
  const body = sample();
  for (let at = 0; at <= body.length; at++)
    assert.deepEqual(await textsOf([body.slice(0, at), Buffer.alloc(0), body.slice(at)]), TEXTS, `at ${at}`);
  for (const size of [1, 2, 7, 31]) assert.deepEqual(await textsOf(pieces(body, size)), TEXTS, `pieces of ${size}`);
});

test('the boundary with something else behind it is content, and spaces behind it are not', async () => {
  const body = Buffer.from(
    `--tide \t\r\n${field('a')}\r\n\r\n--tides\r\n--tide-\r\n--tide- -\r\n\r\n--tide  x\r\n--tide\t\r\n${field('b')}\r\n\r\nend\r\n--tide--`,
  );
  assert.deepEqual(await textsOf(pieces(body, 1)), [
    ['a', '--tides\r\n--tide-\r\n--tide- -\r\n\r\n--tide  x'],
    ['b', 'end'],
  ]);
});

test('text before the first part is passed over, and so is what follows the last one if asked', async () => {
  const body = Buffer.concat([
    Buffer.from('This is a multipart message.\r\n--tid\r\n'),
    Buffer.from('\r\n'),
    sample(),
    Buffer.from('bye'),
  ]);
  const options = { boundary: BOUNDARY, trailing: 'ignore' };
  for (const size of [1, 5, 1000]) assert.deepEqual(await textsOf(pieces(body, size), options), TEXTS);
  assert.equal((await failure(read([body]))).code, 'trailing-data');
});

test('a form without a part is read', async () => {
  assert.deepEqual(await read([Buffer.from('--tide--\r\n')]), []);
  assert.deepEqual(await read([Buffer.from('\r\n--tide--')]), []);
});

test('a part without headers, and one without content, are read where the body is no form', async () => {
  const body = Buffer.from('--tide\r\n\r\none\r\n--tide\r\nX-A: b\r\n\r\n--tide\r\n\r\n\r\n--tide--\r\n');
  const contentType = 'multipart/mixed; boundary=tide';
  for (const size of [1, 3, 1000]) {
    const list = await read(pieces(body, size), { contentType });
    assert.deepEqual(
      list.map(({ part, content }) => [part.headers.get('x-a'), content.toString()]),
      [
        [undefined, 'one'],
        ['b', ''],
        [undefined, ''],
      ],
    );
  }
  assert.equal((await failure(read([body]))).code, 'invalid-header');
});

test("a Request's form is read by its content type, files and fields in their order", async () => {
  const bytes = noise(300_000);
  const request = formOf([
    ['möwe', 'Möwe\nund "Watt"'],
    ['file', new File([bytes], 'a "b" \r\n;ü=.bin', { type: 'image/png' })],
    ['möwe', 'again'],
  ]);
  const seen = [];
  for await (const part of multipartParts(request)) {
    const content = part.filename === undefined ? await part.text() : Buffer.from(await toBytes(part.stream()));
    seen.push([part.name, part.filename, part.type, content]);
  }
  assert.deepEqual(seen, [
    ['möwe', undefined, 'text/plain', 'Möwe\r\nund "Watt"'],
    ['file', 'a "b" \r\n;ü=.bin', 'image/png', bytes],
    ['möwe', undefined, 'text/plain', 'again'],
  ]);
});

test('a name with escapes of a backslash, and one that has backslashes, are read as they were meant', async () => {
  const names = async (value) =>
    (await read([bodyOf([[`Content-Disposition: form-data; name="a"; filename=${value}`], ''])])).map(
      ({ part }) => part.filename,
    );
  assert.deepEqual(await names(String.raw`"a\"b.txt"`), ['a"b.txt']);
  assert.deepEqual(await names(String.raw`"a\\\"b.txt"`), [String.raw`a\"b.txt`]);
  assert.deepEqual(await names(String.raw`"C:\new\tide.txt"`), [String.raw`C:\new\tide.txt`]);
  assert.deepEqual(await names(String.raw`"ends\"`), [String.raw`ends` + '\\']);
  assert.deepEqual(await names(String.raw`"a; b=c.txt"`), ['a; b=c.txt']);
  assert.deepEqual(await names('plain.txt'), ['plain.txt']);
  assert.deepEqual(await names(`"a.txt"; filename*=UTF-8''m%C3%B6we.txt`), ['möwe.txt']);
  assert.deepEqual(await names(`"a.txt"; filename*=nonsense`), ['a.txt']);
  assert.deepEqual(await names('""'), ['']);
});

test('names are UTF-8, or Latin-1 if they cannot be', async () => {
  const latin1 = Buffer.from(
    bodyOf([['X: y'], ''])
      .toString('latin1')
      .replace('X: y', field('m\xf6we')),
    'latin1',
  );
  assert.deepEqual(await textsOf([latin1]), [['möwe', '']]);
});

test('header names have any case, and a header may go on in the next line', async () => {
  const body = bodyOf([['content-DISPOSITION : form-data;\r\n\tname="a" ;\r\n filename="b"', 'X-A:1', 'x-a: 2'], 'c']);
  const [{ part }] = await read(pieces(body, 1));
  assert.deepEqual([part.name, part.filename, part.headers.get('x-a')], ['a', 'b', '1, 2']);
});

test('text() decodes the charset of the type, and refuses one that it does not know', async () => {
  const texts = async (type, content) =>
    pipeline(
      [bodyOf([[field('a'), `Content-Type: ${type}`], content])],
      multipartParts({ boundary: BOUNDARY }),
      async (parts) => {
        for await (const part of parts) return part.text();
      },
    );
  assert.equal(await texts('text/plain; charset=iso-8859-1', Buffer.from([0xe4])), 'ä');
  assert.equal(await texts('text/plain;charset="UTF-8"', 'ä'), 'ä');
  assert.equal((await failure(texts('text/plain; charset=nonsense', 'ä'))).code, 'unsupported');
});

test('a part that nobody reads is skipped, and filter chooses before anybody gets it', async () => {
  const body = bodyOf([[field('a')], noise(200_000)], [[field('b')], 'low'], [[field('c')], noise(100)]);
  const names = [];
  await pipeline([body], multipartParts({ boundary: BOUNDARY, filter: ({ name }) => name === 'b' }), async (parts) => {
    for await (const part of parts) names.push([part.name, await part.text()]);
  });
  assert.deepEqual(names, [['b', 'low']]);
});

test('a filter that opens the stream of a part and refuses it does not hold up the next part', async () => {
  const streams = [];
  const filter = (part) => {
    if (part.name === 'c') return true;
    streams.push(part.stream());
    return false;
  };
  const names = await pipeline(
    [bodyOf([[field('a')], noise(200_000)], [[field('b')], ''], [[field('c')], 'low'])],
    multipartParts({ boundary: BOUNDARY, filter }),
    async (parts) => {
      const list = [];
      for await (const part of parts) list.push(await part.text());
      return list;
    },
  );
  assert.deepEqual(names, ['low']);
  assert.match((await failure(toBytes(streams[0]))).message, /filter returned false/);
});

test('a filter that returns a promise is refused', async () => {
  const filter = async () => false;
  assert.match(
    (await failure(pipeline([sample()], multipartParts({ boundary: BOUNDARY, filter }), toArray))).message,
    /^multipartParts\(\): filter must not return a promise/,
  );
});

test('a part is given, and ends, as soon as its delimiter has come', async () => {
  let push;
  const body = new ReadableStream({
    start: (controller) => (push = (text) => controller.enqueue(new Uint8Array(Buffer.from(text)))),
  });
  push(`--tide\r\n${field('a')}\r\n\r\nhigh water\r\n--tide\r\n`);
  const reader = multipartParts(
    new Response(body, { headers: { 'content-type': 'multipart/form-data; boundary=tide' } }),
  ).getReader();
  const { value } = await reader.read();
  assert.equal(await value.text(), 'high water');
  await reader.cancel();
});

test('stream() of a part that has been passed says so', async () => {
  const list = await pipeline([sample()], multipartParts({ boundary: BOUNDARY }), toArray);
  assert.throws(() => list[0].stream(), { name: 'MultipartError', code: 'part-passed', part: 'title' });
});

test('the body is read only as the parts are', async () => {
  let pulled = 0;
  const chunks = (function* () {
    const body = bodyOf([[field('a')], noise(1_000_000)], [[field('b')], 'x']);
    for (const piece of pieces(body, 10_000)) {
      pulled += piece.length;
      yield piece;
    }
  })();
  await pipeline(chunks, multipartParts({ boundary: BOUNDARY }), async (parts) => {
    for await (const part of parts) {
      const reader = part.stream().getReader();
      await reader.read();
      const before = pulled;
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(pulled, before);
      assert.ok(pulled <= 40_000, `${pulled} bytes were pulled`);
      await reader.cancel();
      break;
    }
  });
});

test('leaving early cancels the body, and aborting the signal fails the parts and the part that is read', async () => {
  let cancelled;
  const body = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(bodyOf([[field('a')], noise(1000)]).subarray(0, 500))),
    cancel: (reason) => (cancelled = [reason]),
  });
  const message = (stream) =>
    new Response(stream, { headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` } });
  for await (const part of multipartParts(message(body))) {
    assert.equal(part.name, 'a');
    break;
  }
  assert.deepEqual(cancelled, [undefined]);

  const stop = new AbortController();
  const never = new ReadableStream({
    start: (controller) => controller.enqueue(new Uint8Array(bodyOf([[field('a')], noise(1000)]).subarray(0, 500))),
  });
  const reader = multipartParts(message(never), { signal: stop.signal }).getReader();
  const { value: part } = await reader.read();
  const content = toBytes(part.stream());
  const next = reader.read();
  const reason = new Error('enough');
  stop.abort(reason);
  assert.equal(await failure(next), reason);
  assert.equal(await failure(content), reason);
});

test(
  "Node's IncomingMessage is read, with forms of curl and of fetch",
  { skip: lacks('curl', '--version') },
  async (context) => {
    const folder = folderFor(context);
    const name = 'a "quoted" \\ möwe.bin';
    const content = noise(700_000);
    writeFileSync(join(folder, name), content);
    writeFileSync(join(folder, 'b.txt'), '--\r\n');
    const forms = [];
    const server = createServer((request, response) => {
      const form = [];
      forms.push(form);
      (async () => {
        for await (const part of multipartParts(request))
          form.push([part.name, part.filename, part.type, Buffer.from(await toBytes(part.stream()))]);
        response.end('ok');
      })().catch((error) => response.writeHead(400).end(String(error)));
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    context.after(() => server.close());
    const url = `http://127.0.0.1:${server.address().port}/`;
    const curl = async (...args) => (await promisify(execFile)('curl', ['-sS', ...args, url], { cwd: folder })).stdout;
    const escaped = name.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
    const files = [
      '-F',
      `file=@"${escaped}";filename="${escaped}"`,
      '-F',
      'text=high "water"',
      '-F',
      'more=@b.txt;type=text/csv',
    ];
    assert.equal(await curl(...files), 'ok');
    assert.equal(await curl('--form-escape', ...files), 'ok');
    assert.equal(
      await (
        await fetch(url, { method: 'POST', body: await formOf([['file', new Blob([content]), name]]).formData() })
      ).text(),
      'ok',
    );
    const file = ['file', name, 'application/octet-stream', content];
    for (const form of forms.slice(0, 2))
      assert.deepEqual(form, [
        file,
        ['text', undefined, 'text/plain', Buffer.from('high "water"')],
        ['more', 'b.txt', 'text/csv', Buffer.from('--\r\n')],
      ]);
    assert.deepEqual(forms[2], [file]);
  },
);

/** What clients get of a server that reads forms by `read`, and the requests that it had. */
async function served(context, read) {
  const requests = [];
  const server = createServer((request, response) => {
    requests.push(request);
    read(request).then(
      (text) => response.writeHead(422).end(text),
      (error) => response.writeHead(413, { connection: 'close' }).end(error.code),
    );
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { requests, port: server.address().port };
}

test('a server can answer after a limit failed the parts, or the loop was left', async (context) => {
  const body = bodyOf([[field('a', '; filename="f"')], noise(3_000_000)]);
  const headers = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };
  for (const [options, expected] of [
    [{ maxPartBytes: 1000 }, [413, 'part-too-large']],
    [{ maxParts: 0 }, [413, 'too-many-parts']],
    [undefined, [422, 'left']],
  ]) {
    const { requests, port } = await served(context, async (request) => {
      for await (const part of multipartParts(request, options)) {
        if (options === undefined) break;
        await toBytes(part.stream());
      }
      assert.equal(request.destroyed, false);
      assert.equal(request.readableFlowing === true, false);
      return 'left';
    });
    // A client that reads the answer while it sends.
    const answer = await new Promise((resolve, reject) => {
      const sending = httpRequest({ port, method: 'POST', headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
        response.on('end', () => resolve([response.statusCode, text]));
      });
      sending.on('error', reject);
      sending.write(body.subarray(0, 200_000));
    });
    assert.deepEqual(answer, expected);
    assert.equal(requests.length, 1);
  }
});

test('a client that goes away fails the parts', async (context) => {
  let fail;
  const failed = new Promise((resolve) => (fail = resolve));
  const { port } = await served(context, async (request) => {
    try {
      for await (const part of multipartParts(request)) {
        sending.destroy();
        await toBytes(part.stream());
      }
    } catch (error) {
      fail(error);
      throw error;
    }
  });
  const headers = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };
  const sending = httpRequest({ port, method: 'POST', headers });
  sending.on('error', () => {});
  sending.write(bodyOf([[field('a')], noise(1000)]).subarray(0, 500));
  assert.equal((await failed).code, 'ECONNRESET');
});

test('it is a stage as others are: what comes before it may unpack, what follows may take a few', async () => {
  const parts = await pipeline(pieces(sample(), 11), multipartParts({ boundary: BOUNDARY }), take(2), toArray);
  assert.deepEqual(
    parts.map(({ name }) => name),
    ['title', 'empty'],
  );
});
