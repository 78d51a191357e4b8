/** json: the items of one document, by path. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import { filter, pipeline, toArray } from 'tidegate';
import { CodecError, gunzip, json, lines } from 'tidegate/codecs';
import { bytes, failure, pieces, through } from './codec-support.mjs';

const FEATURES = {
  type: 'FeatureCollection',
  features: [{ ключ: '潮🌊' }, [1, [2, 3]], 'a\n"b"', 0, -1.5e300, true, null, {}, ''],
};
const TEXT = JSON.stringify(FEATURES, null, 2);

test('json gives the items at a path, however the input was cut', async () => {
  const data = bytes(TEXT);
  for (let at = 0; at <= data.length; at++) {
    const cut = [data.subarray(0, at), new Uint8Array(0), data.subarray(at)];
    assert.deepEqual(await through(json('$.features[*]'), cut), FEATURES.features);
  }
  assert.deepEqual(await through(json('$.features[*]'), pieces(data, 1)), FEATURES.features);
});

test('strings are input too, and a surrogate pair may be split between two', async () => {
  const all = TEXT.split('');
  assert.deepEqual(await through(json('$.features[*]'), all), FEATURES.features);
});

test('the path is that of all items of an array or object unless another is given', async () => {
  assert.deepEqual(await through(json(), ['[1, {"a": 2}]']), [1, { a: 2 }]);
  assert.deepEqual(await through(json(undefined, { batch: true }), ['{"a": 1, "b": [2]}']), [[1, [2]]]);
  assert.deepEqual(await through(json('$'), [TEXT]), [FEATURES]);
});

test('json in batches gives arrays, of a given length if one is given', async () => {
  const text = JSON.stringify(Array.from({ length: 25 }, (_, index) => ({ index })));
  const tens = await through(json('$[*]', { batch: 10 }), pieces(bytes(text), 7));
  assert.deepEqual(
    tens.map((batch) => batch.length),
    [10, 10, 5],
  );
  const all = await through(json('$[*]', { batch: true }), pieces(bytes(text), 50));
  assert.deepEqual(
    all.flat().map(({ index }) => index),
    [...Array(25).keys()],
  );
});

test('with entries, members have their names and elements their indices', async () => {
  const text = '{"a":[5,6],"\\u0062":{"c":7,"":8,"__proto__":9},"d":[],"e":[10]}';
  const expected = [
    { key: 0, value: 5 },
    { key: 1, value: 6 },
    { key: 'c', value: 7 },
    { key: '', value: 8 },
    { key: '__proto__', value: 9 },
    { key: 0, value: 10 },
  ];
  for (let size = 1; size < 9; size++) {
    assert.deepEqual(await through(json('$.*.*', { entries: true }), pieces(bytes(text), size)), expected);
    assert.deepEqual(
      (await through(json('$.*[*]', { entries: true, batch: 4 }), pieces(bytes(text), size))).flat(),
      expected,
    );
    const reviver = (key, value) => (key === '' && value === 6 ? undefined : value);
    const revived = await through(json('$.*.*', { entries: true, reviver }), pieces(bytes(text), size));
    assert.deepEqual(revived, expected.toSpliced?.(1, 1) ?? [expected[0], ...expected.slice(2)]);
  }
  assert.deepEqual(await through(json('$.*[1]', { entries: true }), [text]), [{ key: 1, value: 6 }]);
  assert.deepEqual(await through(json('$.b.c', { entries: true }), [text]), [{ key: 'c', value: 7 }]);
});

test('indices go on from batch to batch', async () => {
  const text = JSON.stringify([Array.from({ length: 30_000 }, (_, index) => index), [0, 1]]);
  const all = await through(json('$[*][*]', { entries: true }), pieces(bytes(text), 4000));
  assert.equal(all.length, 30_002);
  assert.ok(all.every(({ key, value }) => key === value));
});

test('a reviver is called for each item by itself, and leaves out what it makes undefined', async () => {
  const calls = [];
  const reviver = (key, value) => {
    calls.push([key, value]);
    return key === '' && value === 2 ? undefined : value;
  };
  assert.deepEqual(await through(json('$[*]', { reviver }), ['[1,2,{"a":3}]']), [1, { a: 3 }]);
  assert.deepEqual(calls, [
    ['', 1],
    ['', 2],
    ['a', 3],
    ['', { a: 3 }],
  ]);
});

test('what a reviver throws fails the codec after the items before', async () => {
  const reason = new Error('no');
  const seen = [];
  const reviver = (_, value) => {
    if (value === 3) throw reason;
    return value;
  };
  const error = await pipeline(['[1,2,3,4]'], json('$[*]', { reviver }), async (values) => {
    for await (const value of values) seen.push(value);
  }).catch((caught) => caught);
  assert.equal(error, reason);
  assert.deepEqual(seen, [1, 2]);
});

test('a fault has its byte and its path, and comes after the items before', async () => {
  const text = '\ufeff{"é🌊":[1,{"a":2},\n{"a":}]}';
  const offset = bytes(text.slice(0, text.lastIndexOf('}]'))).length;
  for (let size = 1; size <= 40; size += 3)
    for (const batch of [false, true, 2]) {
      const seen = [];
      const error = await pipeline([...pieces(bytes(text), size)], json('$.*[*]', { batch }), async (values) => {
        for await (const value of values) seen.push(value);
      }).catch((reason) => reason);
      assert.ok(error instanceof CodecError, String(error));
      const { codec, code, path } = error;
      assert.deepEqual(
        { codec, code, offset: error.offset, path },
        { codec: 'json', code: 'invalid-json', offset, path: "$['é🌊'][2]" },
      );
      assert.match(
        error.message,
        new RegExp(`^json: invalid JSON at byte ${offset}: a value must be there, and } is `),
      );
      assert.deepEqual(seen.flat(), [1, { a: 2 }]);
    }
});

test('each way in which a document is wrong has a code and an offset', async () => {
  const cases = [
    ['$[*]', '[1', {}, 'truncated', 2],
    ['$[*]', '[1] 2', {}, 'trailing-data', 4],
    ['$[*]', Uint8Array.of(91, 34, 0xff), {}, 'invalid-utf8', 2],
    ['$[*]', '[1, 12345]', { maxItemBytes: 4 }, 'too-long', 4],
    ['$.*', '{"a": 1, "bcd": 1}', { maxItemBytes: 4, entries: true }, 'too-long', 9],
    ['$[*]', '[[[]]]', { maxDepth: 2 }, 'too-deep', 2],
    ['$.a[*]', '{"b": []}', {}, 'missing-path', 9],
  ];
  for (const [path, text, options, code, offset] of cases) {
    const error = await failure(json(path, options), [text]);
    assert.deepEqual([error.codec, error.code, error.offset], ['json', code, offset]);
  }
});

test('a document without anything at the path has no items if that is asked for', async () => {
  assert.deepEqual(await through(json('$.a[*]', { missing: 'ignore' }), ['{"b": []}']), []);
  assert.deepEqual(await through(json('$.a[*]'), ['{"a": []}']), []);
});

test('what the path leaves out is checked as well', async () => {
  const error = await failure(json('$.a'), ['{"a": 1, "b": [01]}']);
  assert.deepEqual([error.code, error.offset, error.path], ['invalid-json', 16, '$']);
});

test('numbers, escapes and names are as JSON.parse() has them', async () => {
  const items = ['12345678901234567890', '1e400', '-0', '"\\ud800"', '"\\u0000"', '{"__proto__":1,"a":1,"a":2}'];
  const values = await through(json(), [`[${items}]`]);
  items.forEach((item, at) => assert.deepEqual(values[at], JSON.parse(item)));
  assert.ok(Object.is(values[2], -0));
});

test('a chain of codecs runs before it, and stages behind it', async () => {
  const ids = JSON.stringify({ items: Array.from({ length: 1000 }, (_, id) => ({ id })) });
  const kept = await pipeline(
    [gzipSync(ids)],
    gunzip(),
    json('$.items[*]'),
    filter(({ id }) => id % 100 === 0),
    toArray,
  );
  assert.deepEqual(
    kept.map(({ id }) => id),
    [0, 100, 200, 300, 400, 500, 600, 700, 800, 900],
  );
  await assert.rejects(pipeline(['[]'], json(), lines(), toArray), {
    message: 'json gives rows, and lines takes bytes',
  });
});

test('an item of 64 MB is one chunk, and one that is skipped is none', async () => {
  const part = `${'0123456789abcdef'.repeat(4095)}0123456789é\\n `;
  const count = 1024;
  function* text() {
    yield '{"skipped":"';
    for (let turn = 0; turn < count; turn++) yield part;
    yield '","taken":["';
    for (let turn = 0; turn < count; turn++) yield part;
    yield '",1]}';
  }
  const [long, one] = await through(json('$.taken[*]', { maxItemBytes: 2 ** 27 }), text());
  assert.equal(long.length, (part.length - 1) * count);
  assert.equal(long.slice(-12), '123456789é\n ');
  assert.equal(one, 1);
  assert.equal((await failure(json('$.taken[*]'), text())).code, 'too-long');
});

test('a path or an option that is wrong is refused at once', () => {
  for (const path of [
    '',
    'a',
    '$a',
    '$.',
    '$..a',
    '$[?@.a]',
    '$[1:2]',
    '$[-1]',
    '$[0,1]',
    "$['a",
    '$.a-b',
    '$[01]',
    "$['\\x']",
    "$['\\ud800']",
    '$.\ud800',
    '$[4294967296]',
    '$ ',
  ])
    assert.throws(
      () => json(path),
      { name: 'TypeError', message: /^json: the path .* is not understood at character \d+.*; a path is \$/ },
      path,
    );
  assert.throws(() => json('$..a'), /character 3: \.\. is not supported/);
  assert.throws(() => json('$[?@.a]'), /filters are not supported/);
  assert.throws(() => json('$[1:2]'), /slices are not supported/);
  assert.throws(() => json('$.a-b'), /other names are in quotes/);
  assert.throws(() => json(`$${'.a'.repeat(65)}`), { name: 'TypeError', message: /64 steps/ });
  const path = /** @type {any} */ (3);
  assert.throws(() => json(path), { name: 'TypeError', message: /path must be a string; got number/ });
  assert.throws(() => json('$', { entries: true }), { name: 'TypeError', message: /needs a path/ });
  const wrong = [
    { miss: 1 },
    { missing: 'skip' },
    { reviver: 1 },
    { entries: 1 },
    { batch: 0 },
    { maxDepth: -1 },
    { maxItemBytes: 2 ** 29 },
  ];
  for (const options of /** @type {any[]} */ (wrong))
    assert.throws(() => json('$[*]', options), /^(TypeError|RangeError): json/);
});

test('names in quotes have the escapes of JSON, and mean what they say', async () => {
  const names = ["it's", '"', '\\', 'a\nb', 'é', '🌊', '\u0001', '', 'a.b', '*'];
  const text = JSON.stringify(Object.fromEntries(names.map((name, at) => [name, at])));
  for (const [at, name] of names.entries()) {
    const escaped = JSON.stringify(name).slice(1, -1);
    assert.deepEqual(await through(json(`$["${escaped}"]`), [text]), [at], name);
    const single = escaped.replaceAll('\\"', '"').replaceAll("'", "\\'");
    assert.deepEqual(await through(json(`$['${single}']`), [text]), [at], name);
    const units = Array.from(
      { length: name.length },
      (_, unit) => `\\u${name.charCodeAt(unit).toString(16).padStart(4, '0')}`,
    );
    assert.deepEqual(await through(json(`$ [ '${units.join('')}' ]`), [text]), [at], name);
  }
});

/** All values at a path, with their keys, in their order. */
function at(value, [step, ...rest], key) {
  if (step === undefined) return [{ key, value }];
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value))
    return value.flatMap((item, index) => (step === null || step === index ? at(item, rest, index) : []));
  return Object.entries(value).flatMap(([name, item]) => (step === null || step === name ? at(item, rest, name) : []));
}

const name = fc.constantFrom('a', 'b', 'é🌊', '', 'a long name that is more than a block');
const document = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, 0, -1.5e-7, '', 'é🌊"\\\n', 'x'.repeat(70)),
    tie('array'),
    tie('object'),
  ),
  array: fc.array(tie('value'), { maxLength: 5 }),
  object: fc.dictionary(name, tie('value'), { maxKeys: 5 }),
})).value;
const step = fc.oneof(
  { weight: 3, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.nat(2) },
  { weight: 2, arbitrary: name },
);

test('any document has the items that a walk through its value finds', async () => {
  await fc.assert(
    fc.asyncProperty(
      document,
      fc.array(step, { maxLength: 4 }),
      fc.nat(3),
      fc.integer({ min: 1, max: 60 }),
      async (value, steps, space, size) => {
        const path = `$${steps.map((given) => (given === null ? '[*]' : `[${JSON.stringify(given)}]`)).join('')}`;
        const text = JSON.stringify(value, null, space);
        const input = pieces(bytes(text), size);
        const expected = at(JSON.parse(text), steps);
        const options = { missing: 'ignore', batch: true };
        if (steps.length === 0) {
          assert.deepEqual((await through(json(path, options), input)).flat(1), [JSON.parse(text)]);
          return;
        }
        assert.deepEqual((await through(json(path, { ...options, entries: true }), input)).flat(1), expected);
      },
    ),
    { numRuns: 400 },
  );
});
