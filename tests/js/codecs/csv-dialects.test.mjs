import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { test } from 'node:test';
import { pipeline } from 'tidegate';
import { csv, gunzip } from 'tidegate/codecs';
import { bytes, failure, pieces, through } from './codec-support.mjs';

/** The rows of `text`, which must be the same in pieces of any size. */
async function rows(options, text) {
  const whole = await through(csv(options), [text]);
  for (let size = 1; size < text.length; size += 1 + (size >> 2))
    assert.deepEqual(await through(csv(options), pieces(bytes(text), size)), whole, `pieces of ${size}`);
  return whole;
}

test('an escape makes a quote and itself text', async () => {
  const text = String.raw`"a \" b","c\\","\d"` + '\n"x""y",z,\\\n';
  assert.deepEqual(await rows({ escape: '\\' }, text), [
    ['a " b', 'c\\', '\\d'],
    ['x"y', 'z', '\\'],
  ]);
  assert.deepEqual(await rows({ escape: '"' }, '"a""b"\n'), [['a"b']]);
});

test('comments and skipped lines are no rows, and come before the header', async () => {
  const text = 'A "report\r\n\n# made today\nid,city\r\n#1,Rome\n2,"#Oslo"\n#';
  assert.deepEqual(await rows({ header: true, skipLines: 2, comment: '#' }, text), [{ id: '2', city: '#Oslo' }]);
});

test('without a quote, quotes are text', async () => {
  assert.deepEqual(await rows({ quote: false, delimiter: '\t' }, '"a\tb"\n""\t\'\n'), [
    ['"a', 'b"'],
    ['""', "'"],
  ]);
});

test('characters with two meanings are refused, and what is no character', () => {
  for (const options of [{ comment: ',' }, { escape: '#', comment: '#' }, { quote: ',' }, { delimiter: '"' }])
    assert.throws(() => csv(options), /delimiter, quote, escape and comment must differ/);
  for (const options of [{ escape: '' }, { comment: '//' }, { comment: '\n' }, { quote: true }, { escape: 'é' }])
    assert.throws(() => csv(options), /must be one ASCII character that ends no line/);
  assert.throws(() => csv({ skipLines: -1 }), /skipLines must be a whole number/);
});

test('a fault behind skipped lines has its byte in the whole text', async () => {
  const error = await failure(csv({ skipLines: 1, comment: '#' }), [bytes('one\n#two\na,b\nc\n')]);
  assert.deepEqual([error.code, error.offset], ['ragged-row', 13]);
});

test('text of another encoding is read through the engine’s decoder, also behind gunzip', async () => {
  const latin = Uint8Array.from('caf\u00e9;1\n', (character) => character.charCodeAt(0));
  const read = [];
  await pipeline(
    [gzipSync(latin)],
    gunzip(),
    new TextDecoderStream('windows-1252'),
    csv({ delimiter: ';' }),
    async (all) => {
      for await (const row of all) read.push(row);
    },
  );
  assert.deepEqual(read, [['café', '1']]);
});

test('a delimiter can have several characters', async () => {
  assert.deepEqual(await rows({ delimiter: '||' }, 'a||b|c\n"d||"||\n'), [
    ['a', 'b|c'],
    ['d||', ''],
  ]);
  assert.deepEqual(await rows({ delimiter: '¦' }, 'é¦b\n'), [['é', 'b']]);
  assert.equal(await csv({ delimiter: '||' }).delimiter, '||');
  for (const delimiter of ['', '123456789', 'a\n', '\0a', 5, '😀😀😀'])
    assert.throws(() => csv({ delimiter }), /delimiter must be 'auto', or one or more characters/);
  assert.throws(() => csv({ delimiter: '|"' }), /delimiter, quote, escape and comment must differ/);
  assert.deepEqual(await rows({ delimiter: '\0' }, 'a\0b\n'), [['a', 'b']]);
});

test('the delimiter of the first rows is found, and told', async () => {
  for (const [text, expected] of [
    ['a;b\n1,5;2\n', ';'],
    ['a\tb\n1\t2\n', '\t'],
    ['a|b|c\n', '|'],
    ['one\n', ','],
    ['', ','],
  ]) {
    const stage = csv({ delimiter: 'auto' });
    const got = await through(stage, pieces(bytes(text), 1));
    assert.deepEqual([await stage.delimiter, got], [expected, await rows({ delimiter: expected }, text)]);
  }
  const typed = csv({ delimiter: 'auto', header: true, columns: { b: 'f64' } });
  const [batch] = await through(typed, [new Uint8Array(), 'a;b\n1;2\n']);
  assert.deepEqual([await typed.delimiter, [...batch.columns.b]], [';', [2]]);
});

test('the delimiter is told before the rows, and once ten lines have come', async () => {
  const stage = csv({ delimiter: 'auto' });
  const writer = stage.writable.getWriter();
  const reading = stage.readable.getReader().read();
  await writer.write(bytes('a;b\n'.repeat(10)));
  assert.equal(await stage.delimiter, ';');
  assert.deepEqual(await reading, { value: ['a', 'b'], done: false });
  await writer.abort();
});

test('a delimiter that is not found for a fault is the fault', async () => {
  const stage = csv({ delimiter: 'auto' });
  const error = await failure(stage, ['a;b\nc;"d\n']);
  assert.equal(error.code, 'unclosed-quote');
  assert.equal(await stage.delimiter.catch(() => 'none'), ';');
});

test('a CR alone can end a row', async () => {
  assert.deepEqual(await rows({ lineEnd: 'any' }, 'a,b\rc,"d\re"\r\n\rf,g\n'), [
    ['a', 'b'],
    ['c', 'd\re'],
    ['f', 'g'],
  ]);
  assert.throws(() => csv({ lineEnd: 'cr' }), /lineEnd must be 'lf' or 'any'/);
});

test('bytes of another encoding are decoded by the engine', async () => {
  const latin = Uint8Array.from('caf\u00e9;1\n', (character) => character.charCodeAt(0));
  const units = '\ufeffcaf\u00e9;😀\n'.split('');
  const wide = new Uint8Array(Uint16Array.from(units, (unit) => unit.charCodeAt(0)).buffer);
  for (const size of [1, 2, 3, 100]) {
    const read = (encoding, chunk) => through(csv({ delimiter: ';', encoding }), pieces(chunk, size));
    assert.deepEqual(await read('windows-1252', latin), [['café', '1']]);
    assert.deepEqual(await read('latin1', latin), [['café', '1']]);
    assert.deepEqual(await read('utf-16le', wide), [['café', '😀']]);
    assert.deepEqual(await read('utf8', bytes('\ufeffcafé;1')), [['café', '1']]);
  }
  const cut = wide.subarray(0, wide.length - 1);
  assert.deepEqual(await through(csv({ delimiter: ';', encoding: 'utf-16le' }), [cut]), [['café', '😀\ufffd']]);
});

test('text of another encoding is decoded behind gunzip, and a failure goes both ways', async () => {
  const latin = Uint8Array.from('caf\u00e9;1\n', (character) => character.charCodeAt(0));
  const read = async (packed) => {
    const all = [];
    await pipeline([packed], gunzip(), csv({ delimiter: ';', encoding: 'windows-1252' }), async (records) => {
      for await (const row of records) all.push(row);
    });
    return all;
  };
  assert.deepEqual(await read(gzipSync(latin)), [['café', '1']]);
  await assert.rejects(read(gzipSync(latin).subarray(0, -1)), { codec: 'gunzip', code: 'truncated' });
});

test('an encoding that is none is refused', () => {
  assert.throws(() => csv({ encoding: 'klingon' }), RangeError);
  assert.throws(() => csv({ encoding: 'klingon' }), /encoding must be a label of the Encoding Standard.*got 'klingon'/);
  assert.throws(() => csv({ encoding: 1 }), TypeError);
  assert.throws(() => csv({ encoding: 'utf-16le', fatal: true }), /fatal is for UTF-8 only/);
  csv({ encoding: 'UTF-8', fatal: true });
});
