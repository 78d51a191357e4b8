import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import { pipeline } from 'tidegate';
import { CodecError, csv, gunzip, lines, ndjson } from 'tidegate/codecs';
import { bytes, failure, pieces, through } from './codec-support.mjs';

const VALUES = [{ a: 1, ключ: '潮🌊' }, [1, [2, 3]], 'text\nof "two" lines', 0, -1.5e300, true, null, {}, ''];
const TEXT = VALUES.map((value) => `${JSON.stringify(value)}\n`).join('');

test('ndjson gives the value of each line, however the input was cut', async () => {
  const data = bytes(TEXT);
  for (let at = 0; at <= data.length; at++) {
    assert.deepEqual(await through(ndjson(), [data.subarray(0, at), new Uint8Array(0), data.subarray(at)]), VALUES);
  }
  assert.deepEqual(await through(ndjson(), pieces(data, 1)), VALUES);
});

test('ndjson takes CRLF, blank lines, a byte order mark, and a last line without an end', async () => {
  const text = '\ufeff{"a":1}\r\n\r\n \t\n2\n\n"three"';
  for (let size = 1; size < 9; size++)
    assert.deepEqual(await through(ndjson(), pieces(bytes(text), size)), [{ a: 1 }, 2, 'three']);
  assert.deepEqual(await through(ndjson(), []), []);
});

test('ndjson in batches gives arrays, of a given length if one is given', async () => {
  const text = Array.from({ length: 25 }, (_, index) => `{"index":${index}}\n`).join('');
  const tens = await through(ndjson({ batch: 10 }), pieces(bytes(text), 7));
  assert.deepEqual(
    tens.map((batch) => batch.length),
    [10, 10, 5],
  );
  const all = await through(ndjson({ batch: true }), pieces(bytes(text), 50));
  assert.deepEqual(
    all.flat().map(({ index }) => index),
    [...Array(25).keys()],
  );
});

test('a line that is not JSON is an error with its line and byte, after the values before it', async () => {
  const text = '\ufeff{"é":1}\r\n\n"🌊"\n{"a":}\n4\n';
  const faulty = text.indexOf('{"a":}');
  const offset = bytes(text.slice(0, faulty)).length;
  for (let size = 1; size <= 40; size += 3) {
    for (const batch of [false, true, 2]) {
      const seen = [];
      const error = await pipeline([...pieces(bytes(text), size)], ndjson({ batch }), async (values) => {
        for await (const value of values) seen.push(value);
      }).catch((reason) => reason);
      assert.ok(error instanceof CodecError, String(error));
      assert.deepEqual([error.codec, error.code, error.offset, error.line], ['ndjson', 'invalid-json', offset, 4]);
      assert.match(error.message, new RegExp(`^ndjson: invalid JSON at byte ${offset}, line 4: `));
      assert.deepEqual(seen.flat(), [{ é: 1 }, '🌊']);
    }
  }
});

test('two lines that are JSON only together are two faults', async () => {
  const stage = ndjson({ invalid: 'skip', batch: true });
  assert.deepEqual(await through(stage, [bytes('[1\n2],3\n{"a":1}\n')]), [[{ a: 1 }]]);
  assert.equal(stage.skipped, 2);
});

test('lines that are not JSON can be left out, and are counted', async () => {
  const stage = ndjson({ invalid: 'skip' });
  assert.equal(stage.skipped, 0);
  assert.deepEqual(await through(stage, pieces(bytes('1\nnope\n2\n{\n'), 3)), [1, 2]);
  assert.equal(stage.skipped, 2);
});

test('invalid UTF-8 is an error of ndjson that names its byte', async () => {
  const error = await failure(ndjson({ invalid: 'skip' }), [bytes('"a"\n"'), Uint8Array.of(0xff, 0x22, 0x0a)]);
  assert.deepEqual([error.codec, error.code, error.offset], ['ndjson', 'invalid-utf8', 5]);
});

test('a line beyond the bound is an error of ndjson', async () => {
  const error = await failure(ndjson({ maxLineBytes: 4 }), [bytes('1234\n12345\n')]);
  assert.deepEqual([error.codec, error.code, error.offset], ['ndjson', 'too-long', 5]);
});

test('a reviver is called, and what it throws fails the codec after the values before, even a SyntaxError', async () => {
  const dates = ndjson({ reviver: (key, value) => (key === 'at' ? new Date(value) : value) });
  assert.deepEqual(await through(dates, [bytes('{"at":0}\n')]), [{ at: new Date(0) }]);
  for (const fault of [new RangeError('no'), new SyntaxError('not the line')]) {
    const seen = [];
    const stage = ndjson({
      invalid: 'skip',
      reviver(key, value) {
        if (value === 2) throw fault;
        return value;
      },
    });
    const error = await pipeline([bytes('1\n2\n3\n')], stage, async (values) => {
      for await (const value of values) seen.push(value);
    }).catch((reason) => reason);
    assert.equal(error, fault);
    assert.deepEqual(seen, [1]);
  }
});

test('ndjson is one chain with gunzip, and no codec follows it', async () => {
  const values = [];
  await pipeline([gzipSync(TEXT)], gunzip(), ndjson(), async (chunks) => {
    for await (const value of chunks) values.push(value);
  });
  assert.deepEqual(values, VALUES);
  await assert.rejects(
    pipeline([bytes('1\n')], ndjson(), csv(), async () => {}),
    /ndjson gives rows/,
  );
});

test('text codecs take strings, and a surrogate pair may be split between two of them', async () => {
  const text = '"é🌊"\n"b"\n';
  for (let at = 0; at <= text.length; at++)
    assert.deepEqual(await through(ndjson(), [text.slice(0, at), '', text.slice(at)]), ['é🌊', 'b']);
  assert.deepEqual(await through(csv({ header: true }), ['a,b\n1,\ud83c', '\udf0a\n2,', bytes('x\n')]), [
    { a: '1', b: '🌊' },
    { a: '2', b: 'x' },
  ]);
});

test('half a surrogate pair before bytes, or at the end, is U+FFFD', async () => {
  assert.deepEqual(await through(csv(), ['a\ud83c', bytes('b\n'), 'c\ud83c']), [['a\ufffdb'], ['c\ufffd']]);
});

test('options that ndjson does not know or cannot use are refused', () => {
  assert.throws(() => ndjson({ batches: true }), /there is no option 'batches'/);
  assert.throws(() => ndjson({ invalid: 'ignore' }), /invalid must be 'error' or 'skip'/);
  assert.throws(() => ndjson({ reviver: 1 }), /reviver must be a function/);
  assert.throws(() => ndjson({ maxLineBytes: -1 }), RangeError);
});

test('a line whose value a reviver makes undefined is left out, alone and in batches', async () => {
  const reviver = (key, value) => (value === 2 ? undefined : value);
  const text = Array.from({ length: 1000 }, (_, index) => (index % 10 === 2 ? '2\n' : `"x${index}"\n`)).join('');
  for (const options of [{}, { highWaterMark: 0 }, { batch: true }]) {
    const values = (await through(ndjson({ reviver, ...options }), [text])).flat();
    assert.equal(values.length, 900);
    assert.equal(values.at(-1), 'x999');
  }
});

test('a reviver may run a codec that makes the module’s memory grow', async () => {
  const writer = lines({ maxLineBytes: 2 ** 27, highWaterMark: 1e9 }).writable.getWriter();
  let grown = false;
  const stage = ndjson({
    reviver(key, value) {
      if (value === 3 && !grown) {
        grown = true;
        writer.write('y'.repeat(3e6)).catch(() => {});
      }
      return value;
    },
  });
  const seen = [];
  const error = await pipeline(['1\n2\n3\n4\n5\n6\n', 'bad\n'], stage, async (values) => {
    for await (const value of values) seen.push(value);
  }).catch((reason) => reason);
  await writer.abort();
  assert.ok(grown);
  assert.deepEqual([seen, error.line, error.offset], [[1, 2, 3, 4, 5, 6], 7, 12]);
});

test('a reviver may throw undefined', async () => {
  const seen = [];
  const stage = ndjson({
    reviver(key, value) {
      if (value === 2) throw undefined;
      return value;
    },
  });
  const reason = await pipeline(['1\n2\n'], stage, async (values) => {
    for await (const value of values) seen.push(value);
  }).then(
    () => 'no failure',
    (thrown) => thrown,
  );
  assert.deepEqual([reason, seen], [undefined, [1]]);
});

test('a blank line, or one that is left out, takes no longer than a value does', async () => {
  const timed = async (line) => {
    const began = performance.now();
    await through(ndjson({ invalid: 'skip', batch: true }), [line.repeat(200_000)]);
    return performance.now() - began;
  };
  const value = Math.max(await timed('1\n'), await timed('1\n'));
  // An exception for each line takes a hundred times as long.
  for (const line of ['\n', ' \r\n', 'x\n']) {
    const time = await timed(line);
    assert.ok(time < 15 * value, `${JSON.stringify(line)}: ${time} ms, values ${value} ms`);
  }
});

test('lines that are values only together, or several values each, are invalid however many there are', async () => {
  const line = fc.constantFrom(
    '1',
    '"a"',
    '{"a":[{}]}',
    '[1',
    '2]',
    '1,2',
    '{"a":[{}',
    '{}]}',
    '"a',
    'b"',
    '',
    ' ',
    '0,0',
  );
  const valid = fc.constantFrom('1', '"a"', '{"a":[{}]}', 'null', '[1,2]');
  const some = fc.array(fc.oneof({ weight: 6, arbitrary: valid }, { weight: 1, arbitrary: line }), {
    minLength: 8,
    maxLength: 24,
  });
  await fc.assert(
    fc.asyncProperty(some, async (all) => {
      const text = bytes(all.join('\n'));
      const expected = [];
      let invalid;
      const rest = [];
      all.forEach((source, at) => {
        try {
          const value = JSON.parse(source);
          if (invalid === undefined) expected.push(value);
          rest.push(value);
        } catch {
          if (source.trim() !== '') invalid ??= at + 1;
        }
      });
      assert.deepEqual((await through(ndjson({ batch: true, invalid: 'skip' }), [text])).flat(), rest);
      const stage = ndjson();
      const values = [];
      const reading = (async () => {
        for await (const value of stage.readable) values.push(value);
      })();
      const writer = stage.writable.getWriter();
      const writing = Promise.allSettled([writer.write(text), writer.close()]);
      const error = await reading.catch((reason) => reason);
      await writing;
      assert.deepEqual([values, error?.line], [expected, invalid]);
    }),
    { numRuns: 500 },
  );
});

test('a byte order mark, CRLF and blank lines among many lines', async () => {
  const many = Array.from({ length: 100 }, (_, n) => `{"n":${n}}`);
  const values = many.map((each) => JSON.parse(each));
  assert.deepEqual(await through(ndjson(), [bytes(`\ufeff${many.join('\r\n')}\r\n`)]), values);
  assert.deepEqual(await through(ndjson(), [bytes(`${many.join('\n\n')}\n`)]), values);
});
