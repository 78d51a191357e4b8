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
