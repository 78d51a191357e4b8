/** Multipart bodies that are damaged, cut or made to harm end in the stated error, and nothing hangs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pipeline, toArray } from 'tidegate';
import { MultipartError, multipartParts } from 'tidegate/multipart';
import { failure, noise, pieces } from '../archives/archive-support.mjs';
import { BOUNDARY, bodyOf, field, read, textsOf } from './multipart-support.mjs';

const fails = async (chunks, options) => {
  const error = await failure(read(chunks, { boundary: BOUNDARY, ...options }));
  assert.ok(error instanceof MultipartError, String(error?.stack));
  return [error.code, error.offset];
};
const code = async (...args) => (await fails(...args))[0];

test('a body that ends early, wherever, is an error, also if nobody reads the contents', async () => {
  const body = bodyOf([[field('a')], 'high'], [[field('b'), 'X: y'], 'water']);
  // Without the last line's end, which other senders leave out as well.
  for (let length = 0; length < body.length - 2; length++) {
    const cut = body.subarray(0, length);
    const expected = length === 0 ? 'not-multipart' : 'truncated';
    assert.equal(await code([cut]), expected, `${length} bytes`);
    assert.equal(await code(pieces(cut, 1)), expected, `${length} bytes, one by one`);
    const skipped = pipeline([cut], multipartParts({ boundary: BOUNDARY }), toArray);
    assert.equal((await failure(skipped)).code, expected, `${length} bytes, skipped`);
  }
  assert.equal(await code([body.subarray(0, -1)]), 'truncated');
});

test('a body that is no multipart body is refused after 64 KiB at most', async () => {
  let pulled = 0;
  const endless = (function* () {
    for (;;) {
      pulled += 1000;
      yield new Uint8Array(1000).fill(65);
    }
  })();
  assert.equal(await code(endless), 'not-multipart');
  assert.ok(pulled < 200_000, `${pulled}`);
  assert.equal(await code([Buffer.from('{"a":1}')]), 'not-multipart');
  assert.equal(await code([]), 'not-multipart');
});

test('headers are bounded, and so is a body that never ends them', async () => {
  const long = bodyOf([[field('a'), `X: ${'y'.repeat(17_000)}`], '']);
  assert.deepEqual(await fails([long]), ['header-too-large', 8]);
  assert.equal(await code(pieces(long, 1)), 'header-too-large');
  assert.equal((await read([long], { boundary: BOUNDARY, maxHeaderBytes: 20_000 })).length, 1);
  const endless = (function* () {
    yield Buffer.from('--tide\r\n');
    for (;;) yield Buffer.from('X: y\r\n'.repeat(100));
  })();
  assert.equal(await code(endless), 'header-too-large');
});

test('the limits are exact, however the body is split', async () => {
  const body = bodyOf([[field('a')], '12345'], [[field('b')], '123']);
  for (const size of [1, 4, 1000]) {
    const chunks = () => pieces(body, size);
    assert.equal(await code(chunks(), { maxParts: 1 }), 'too-many-parts');
    assert.equal((await read(chunks(), { boundary: BOUNDARY, maxParts: 2 })).length, 2);
    assert.equal(await code(chunks(), { maxPartBytes: 4 }), 'part-too-large');
    assert.equal((await read(chunks(), { boundary: BOUNDARY, maxPartBytes: 5 })).length, 2);
    assert.equal(await code(chunks(), { maxBytes: body.length - 1 }), 'body-too-large');
    assert.equal((await read(chunks(), { boundary: BOUNDARY, maxBytes: body.length })).length, 2);
    const text = pipeline(chunks(), multipartParts({ boundary: BOUNDARY, maxFieldBytes: 4 }), async (parts) => {
      for await (const part of parts) await part.text();
    });
    const error = await failure(text);
    assert.deepEqual([error.code, error.part], ['part-too-large', 'a']);
  }
});

test('what a body has before its bound is read before the bound fails', async () => {
  const body = bodyOf([[field('a')], '12345'], [[field('b')], '123']);
  const names = [];
  const reading = pipeline(
    [body],
    multipartParts({ boundary: BOUNDARY, maxBytes: body.length - 12 }),
    async (parts) => {
      for await (const part of parts) names.push([part.name, await part.text()]);
    },
  );
  assert.equal((await failure(reading)).code, 'body-too-large');
  assert.deepEqual(names, [['a', '12345']]);
});

test('headers that could be read in two ways are refused', async () => {
  const headers = async (...lines) => fails([bodyOf([lines, 'x'])]);
  assert.deepEqual(await headers('no colon'), ['invalid-header', 8]);
  assert.deepEqual(await headers(field('a'), ': no name'), ['invalid-header', 8]);
  assert.deepEqual(await headers(field('a'), field('b')), ['invalid-header', 8]);
  assert.deepEqual(await headers(`${field('a')}\nX: y`), ['invalid-header', 8]);
  assert.deepEqual(await headers(field('a\0')), ['invalid-header', 8]);
  assert.deepEqual(await headers('Content-Disposition: form-data'), ['invalid-header', 8]);
  assert.deepEqual(await headers('Content-Disposition: attachment; name="a"'), ['invalid-header', 8]);
  assert.deepEqual(await headers(field('a'), 'Content-Transfer-Encoding: base64'), ['unsupported', 8]);
  for (const more of [
    'x; filename="evil.php"',
    ' "; filename="evil.php"',
    '; filename="open',
    '; filename=a"b',
    '; ="x"',
    '; name="b"',
    '; NAME=b',
    '; filename="a"; filename="b"',
    `; filename*=UTF-8''a; filename*=UTF-8''b`,
  ])
    assert.deepEqual(await headers(field('a', more)), ['invalid-header', 8], more);
  assert.deepEqual(await headers(`--${BOUNDARY}: x`, field('a')), ['invalid-header', 8]);
  assert.deepEqual(await headers(field('a'), `--${BOUNDARY}--x: y`), ['invalid-header', 8]);
});

test('a backslash before a quote that ends a value is part of the value, as in browsers', async () => {
  const [{ part }] = await read([
    bodyOf([[String.raw`Content-Disposition: form-data; name="x\"; filename="evil.php"`], '']),
  ]);
  assert.deepEqual([part.name, part.filename], ['x\\', 'evil.php']);
});

test('a header of parameters is read in one pass, and has 32 of them at most', async () => {
  const parameters = (count) => '; a'.repeat(count - 1);
  assert.equal((await read([bodyOf([[field('a', parameters(32))], ''])])).length, 1);
  assert.equal(await code([bodyOf([[field('a', parameters(33))], ''])]), 'invalid-header');
  const time = async (header) => {
    const started = performance.now();
    await textsOf([bodyOf([[header], ''])]).catch(() => {});
    return performance.now() - started;
  };
  const harmless = field('a'.repeat(16_000));
  await time(harmless);
  const expected = Math.max(1, await time(harmless));
  for (const more of [
    '; a="\\";'.repeat(1600),
    `; a="${'\\" '.repeat(5000)}`,
    `; a="${'\\";'.repeat(5000)}`,
    ' ;'.repeat(7000),
  ]) {
    const taken = await time(field('x', more));
    assert.ok(taken < 200 * expected, `${more.slice(0, 10)}: ${taken} ms, where another takes ${expected} ms`);
  }
});

test('what is nearly a delimiter does not cut a content into small chunks', async () => {
  for (const near of [`\r\n--${BOUNDARY}x`, `\r\n--${BOUNDARY}${' '.repeat(200)}x`, `\r\n--${BOUNDARY}--x`]) {
    const content = near.repeat(Math.ceil(400_000 / near.length));
    let chunks = 0;
    let length = 0;
    await pipeline([bodyOf([[field('a')], content])], multipartParts({ boundary: BOUNDARY }), async (parts) => {
      for await (const part of parts)
        for await (const chunk of part.stream()) {
          chunks += 1;
          length += chunk.length;
        }
    });
    assert.equal(length, content.length);
    assert.ok(chunks < 40, `${chunks} chunks`);
  }
});

test('the boundary and two dashes are content, unless the line or the body ends there', async () => {
  const [a] = await textsOf([bodyOf([[field('a')], `x\r\n--${BOUNDARY}--y\r\n--${BOUNDARY}-- \tz`])]);
  assert.deepEqual(a, ['a', `x\r\n--${BOUNDARY}--y\r\n--${BOUNDARY}-- \tz`]);
  const start = `--${BOUNDARY}\r\n${field('a')}\r\n\r\nx\r\n--${BOUNDARY}--`;
  for (const end of ['', ' \t', '\r\n', ' \r\n'])
    for (const size of [1, 1000])
      assert.deepEqual(await textsOf(pieces(Buffer.from(start + end), size)), [['a', 'x']], JSON.stringify(end));
  assert.equal(await code([Buffer.from(`${start}\n`)]), 'truncated');
  assert.equal(await code([Buffer.from(`${start}\r\n\r\n`)]), 'trailing-data');
});

test('a damaged body gives parts or an error, and never hangs or throws another', async () => {
  const body = bodyOf(
    [[field('a', '; filename="b.txt"'), 'Content-Type: text/plain; charset=utf-8'], 'high'],
    [[field('b')], noise(40)],
  );
  const seen = new Set();
  for (let at = 0; at < body.length; at++)
    for (const flip of [1, 0x20, 0x80, 0xff]) {
      const damaged = Buffer.from(body);
      damaged[at] ^= flip;
      const outcome = await textsOf(pieces(damaged, 13)).then(
        () => 'read',
        (error) => {
          assert.ok(error instanceof MultipartError, `at ${at}: ${error?.stack}`);
          return error.code;
        },
      );
      seen.add(outcome);
    }
  assert.deepEqual([...seen].sort(), ['invalid-header', 'read', 'truncated']);
});

test('random texts of the boundary, line ends and dashes are read alike in one chunk and byte by byte', async () => {
  const tokens = [
    '\r',
    '\n',
    '\r\n',
    '-',
    '--',
    BOUNDARY,
    `--${BOUNDARY}`,
    `\r\n--${BOUNDARY}`,
    ' ',
    'x',
    `${field('a')}\r\n`,
  ];
  let state = 1;
  const random = (most) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
  const outcome = (chunks) =>
    textsOf(chunks, { boundary: BOUNDARY, trailing: 'ignore' }).then(
      JSON.stringify,
      ({ code, offset }) => `${code} ${offset}`,
    );
  const kinds = new Set();
  for (let round = 0; round < 3000; round++) {
    let text = random(4) === 0 ? '' : `--${BOUNDARY}\r\n${field('a')}\r\n\r\n`;
    for (let count = random(12); count > 0; count--) text += tokens[random(tokens.length)];
    if (random(2) === 0) text += `\r\n--${BOUNDARY}--`;
    const body = Buffer.from(text);
    const whole = await outcome([body]);
    assert.equal(await outcome(pieces(body, 1)), whole, JSON.stringify(text));
    assert.equal(await outcome(pieces(body, 1 + random(9))), whole, JSON.stringify(text));
    kinds.add(whole.startsWith('[') ? 'read' : whole.split(' ')[0]);
  }
  assert.ok(kinds.has('read') && kinds.has('truncated') && kinds.size >= 4, [...kinds].join());
});

test('arguments that are wrong are refused at once', () => {
  const refused = (options, message, name = 'TypeError') =>
    assert.throws(() => multipartParts(options), { name, message });
  refused(
    {},
    "multipartParts(): the message's content type must be that of the request, such as 'multipart/form-data; boundary=…'; got undefined",
  );
  refused({ contentType: 'text/html' }, /contentType must be that of the request/);
  refused({ contentType: 'multipart/form-data' }, /contentType has no boundary/);
  refused({ contentType: 'multipart/form-data; boundary=""' }, /boundary must be 1 to 70 letters/);
  refused({ contentType: 'multipart/form-data; boundary=a; boundary=b' }, /has the parameter 'boundary' twice/);
  refused({ contentType: 'multipart/form-data; boundary="a' }, /has a quote in 'boundary' that is not closed/);
  refused({ contentType: 'multipart/form-data; boundary="a"b' }, /has text behind the quoted value of 'boundary'/);
  refused({ boundary: 'x'.repeat(71) }, /boundary must be 1 to 70 letters/);
  refused({ boundary: 'a\r\n' }, /boundary must be 1 to 70 letters/);
  refused({ boundary: 'a', contentType: 'multipart/form-data; boundary=a' }, /leave the option boundary out/);
  refused({ boundary: 'a', maxPart: 1 }, /there is no option 'maxPart'/);
  refused({ boundary: 'a', maxParts: -1 }, /maxParts must be a whole number/, 'RangeError');
  refused({ boundary: 'a', trailing: 'drop' }, /trailing must be 'error' or 'ignore'/);
  refused(new Request('http://localhost/'), /the message's content type must be/);
  assert.throws(
    () => multipartParts({ headers: { 'content-type': 'multipart/form-data; boundary=a' } }),
    /the message is not a readable stream/,
  );
});

test('a content type is read with quotes, spaces and other parameters', async () => {
  for (const contentType of [
    'multipart/form-data; boundary=tide',
    'Multipart/Form-Data;BOUNDARY="tide"',
    'multipart/form-data; charset=utf-8; boundary=tide ; x',
    'multipart/form-data;x="boundary=a;b"; boundary=tide',
  ])
    assert.equal((await read([bodyOf([[field('a')], ''])], { contentType })).length, 1, contentType);
});
