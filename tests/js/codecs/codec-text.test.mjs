import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodecError, csv, lines } from 'tidegate/codecs';
import { bytes, failure, pieces, through } from './codec-support.mjs';

const all = async (stage, text, size = 7) =>
  await through(stage, pieces(typeof text === 'string' ? bytes(text) : text, size));

test('lines gives one line a chunk, without its end', async () => {
  assert.deepEqual(await all(lines(), 'one\r\ntwo\n\nthree'), ['one', 'two', '', 'three']);
  assert.deepEqual(await all(lines(), ''), []);
});

test('lines in batches gives arrays, of a given length if one is given', async () => {
  const text = Array.from({ length: 25 }, (_, line) => `line ${line}\n`).join('');
  const expected = text.split('\n').slice(0, -1);
  const batches = await all(lines({ batch: true }), text, 50);
  assert.deepEqual(batches.flat(), expected);
  assert.ok(batches.length > 1 && batches.every((batch) => batch.length > 0));
  const tens = await all(lines({ batch: 10 }), text);
  assert.deepEqual(
    tens.map((batch) => batch.length),
    [10, 10, 5],
  );
  assert.deepEqual(tens.flat(), expected);
});

test('characters survive being split between chunks', async () => {
  const text = 'tíde\n潮🌊gate\n\u{feff}Ā\n';
  for (let size = 1; size < 12; size++)
    assert.deepEqual(
      await all(lines(), text, size),
      text
        .split('\n')
        .slice(0, -1)
        .map((line, at) => (at === 0 ? line.replace(/^\ufeff/, '') : line)),
    );
});

test('lines reads UTF-8 as TextDecoder does', async () => {
  const data = Uint8Array.of(0xef, 0xbb, 0xbf, 0x61, 0xff, 0xe2, 0x82, 0x0a, 0xf0, 0x9f, 0x8c, 0x62, 0xed, 0xa0, 0x80);
  for (const ignoreBOM of [false, true]) {
    const expected = new TextDecoder('utf-8', { ignoreBOM }).decode(data).split('\n');
    for (let size = 1; size <= data.length; size++)
      assert.deepEqual(await all(lines({ ignoreBOM }), data, size), expected);
  }
});

test('invalid UTF-8 can be an error that names its byte', async () => {
  const error = await failure(lines({ fatal: true }), [Uint8Array.of(0x61, 0x0a, 0xc3), Uint8Array.of(0x62)]);
  assert.ok(error instanceof CodecError);
  assert.deepEqual([error.codec, error.code, error.offset], ['lines', 'invalid-utf8', 2]);
});

test('a line beyond the bound is an error that names its start', async () => {
  const error = await failure(lines({ maxLineBytes: 10 }), [bytes('short\nmuch longer than ten')]);
  assert.deepEqual(
    [error.code, error.offset, error.message],
    ['too-long', 6, 'lines: too long at byte 6: a line may have 10 bytes'],
  );
});

test('a line longer than a batch arrives whole', async () => {
  const long = 'x'.repeat(500_000);
  assert.deepEqual(await all(lines(), `a\n${long}\nb`, 65536), ['a', long, 'b']);
});

test('csv gives rows as arrays, one a chunk', async () => {
  assert.deepEqual(await all(csv(), 'a,b\r\n1,"x,""y""\n"\n'), [
    ['a', 'b'],
    ['1', 'x,"y"\n'],
  ]);
});

test('csv with a header gives objects', async () => {
  const stage = csv({ header: true });
  assert.deepEqual(await all(stage, '\u{feff}id,city\n1,Paris\n2,São Paulo\n'), [
    { id: '1', city: 'Paris' },
    { id: '2', city: 'São Paulo' },
  ]);
  assert.deepEqual(await stage.columns, ['id', 'city']);
});

test('csv with a header can give arrays all the same, without the header', async () => {
  const stage = csv({ header: true, rows: 'arrays' });
  assert.deepEqual(await all(stage, 'id,city\n1,Paris\n'), [['1', 'Paris']]);
  assert.deepEqual(await stage.columns, ['id', 'city']);
});

test('csv takes names for a text without a header', async () => {
  assert.deepEqual(await all(csv({ header: ['id', 'city'] }), '1,Paris\n2,Rome'), [
    { id: '1', city: 'Paris' },
    { id: '2', city: 'Rome' },
  ]);
  const error = await failure(csv({ header: ['id'] }), [bytes('1,Paris\n')]);
  assert.deepEqual([error.code, error.offset], ['ragged-row', 0]);
});

test('objects have any number of properties, and a name is only a name', async () => {
  for (let width = 1; width <= 12; width++) {
    const names = Array.from({ length: width }, (_, column) => (column === 0 ? '__proto__' : `c${column}`));
    const values = names.map((_, column) => `${column}`);
    const [row] = await all(csv({ header: true }), `${names}\n${values}\n`);
    assert.deepEqual(
      Object.entries(row),
      names.map((name, column) => [name, values[column]]),
    );
    assert.equal(Object.getPrototypeOf(row), Object.prototype);
  }
});

test('two columns of one name cannot be properties', async () => {
  const error = await failure(csv({ header: true }), [bytes('a,b,a\n1,2,3\n')]);
  assert.deepEqual([error.codec, error.code, error.offset], ['csv', 'duplicate-column', 0]);
  assert.deepEqual(await all(csv({ header: true, rows: 'arrays' }), 'a,b,a\n1,2,3\n'), [['1', '2', '3']]);
});

test('csv without a header has no columns', async () => {
  const stage = csv();
  assert.equal(await stage.columns, null);
  const empty = csv({ header: true });
  assert.deepEqual(await all(empty, ''), []);
  assert.deepEqual(await empty.columns, []);
});

test('rows of unequal length are an error, kept or padded', async () => {
  const text = 'a,b\n1\n1,2,3\n';
  const error = await failure(csv(), [bytes(text)]);
  assert.deepEqual(
    [error.code, error.offset, error.message],
    ['ragged-row', 4, 'csv: wrong number of fields at byte 4: row 2 has 1, not 2'],
  );
  assert.deepEqual(await all(csv({ ragged: 'keep' }), text), [['a', 'b'], ['1'], ['1', '2', '3']]);
  assert.deepEqual(await all(csv({ ragged: 'pad' }), text), [
    ['a', 'b'],
    ['1', ''],
    ['1', '2'],
  ]);
  assert.deepEqual(await all(csv({ ragged: 'keep', header: true }), text), [{ a: '1' }, { a: '1', b: '2' }]);
  assert.deepEqual(await all(csv({ ragged: 'pad', header: true }), text), [
    { a: '1', b: '' },
    { a: '1', b: '2' },
  ]);
});

test('an unclosed quote and text behind a closing quote are errors that name their byte', async () => {
  const open = await failure(csv(), [bytes('a,b\n1,"2\n')]);
  assert.deepEqual([open.codec, open.code, open.offset], ['csv', 'unclosed-quote', 6]);
  const stray = await failure(csv(), [bytes('"a"b\n')]);
  assert.deepEqual([stray.code, stray.offset], ['stray-quote', 3]);
});

test('csv in batches gives what it gives one by one, across many batches', async () => {
  const rows = Array.from({ length: 40_000 }, (_, row) => [
    `${row}`,
    `city ${row % 7}`,
    row % 3 ? 'x' : 'é潮🌊',
    `${'y'.repeat(row % 40)}`,
  ]);
  const text = bytes(rows.map((row) => `${row}\r\n`).join(''));
  assert.deepEqual((await all(csv({ batch: true }), text, 100_000)).flat(), rows);
  assert.deepEqual(await all(csv(), text, 60_000), rows);
  const thousands = await all(csv({ batch: 1000, header: ['a', 'b', 'c', 'd'] }), text, 1000);
  assert.ok(thousands.every((batch) => batch.length === 1000));
  assert.deepEqual(thousands.flat().map(Object.values), rows);
});

test('delimiter, quote, empty lines and bounds can be chosen', async () => {
  assert.deepEqual(await all(csv({ delimiter: ';', quote: "'" }), "a;'b;c'\n"), [['a', 'b;c']]);
  assert.deepEqual(await all(csv({ emptyLines: 'keep' }), 'a\n\nb\n'), [['a'], [''], ['b']]);
  const error = await failure(csv({ maxRowBytes: 8 }), [bytes('a,b\n1,2345678\n')]);
  assert.deepEqual([error.code, error.offset], ['too-long', 4]);
});

test('wrong options are refused at once', () => {
  assert.throws(() => csv({ headers: true }), /there is no option 'headers'/);
  assert.throws(() => csv({ header: ['a', 'a'] }), TypeError);
  assert.throws(() => csv({ rows: 'objects' }), /needs a header/);
  assert.throws(() => csv({ delimiter: '123456789' }), TypeError);
  assert.throws(() => csv({ delimiter: '"' }), TypeError);
  assert.throws(() => csv({ batch: 0 }), RangeError);
  assert.throws(() => lines({ batch: 'yes' }), TypeError);
  assert.throws(() => lines({ maxLineBytes: 0.5 }), RangeError);
});

test('columns without a name are kept under the empty one, or left out', async () => {
  const text = 'a,b,,\n1,2,,\n3,4,x,y\n';
  const error = await failure(csv({ header: true }), [bytes(text)]);
  assert.deepEqual(
    [error.code, error.message],
    [
      'duplicate-column',
      "csv: duplicate column at byte 0: '' is there twice; emptyNames: 'skip' leaves columns without a name out",
    ],
  );
  assert.deepEqual(await all(csv({ header: true }), 'a,\n1,2\n'), [{ a: '1', '': '2' }]);
  for (const batch of [false, true]) {
    const stage = csv({ header: true, emptyNames: 'skip', batch });
    assert.deepEqual((await all(stage, text)).flat(), [
      { a: '1', b: '2' },
      { a: '3', b: '4' },
    ]);
    assert.deepEqual(await stage.columns, ['a', 'b']);
  }
  assert.deepEqual(await all(csv({ header: true, emptyNames: 'skip', rows: 'arrays' }), ',a,,b\n1,2,3,4\n'), [
    ['2', '4'],
  ]);
  assert.deepEqual(await all(csv({ header: ['', 'a', '', 'b'], emptyNames: 'skip' }), '1,2,3,4\n'), [
    { a: '2', b: '4' },
  ]);
  assert.deepEqual(await all(csv({ header: true, emptyNames: 'skip', ragged: 'keep' }), ',a,,b\n1,2\n1,2,3,4,5\n'), [
    { a: '2' },
    { a: '2', b: '4' },
  ]);
  assert.deepEqual(await all(csv({ header: true, emptyNames: 'skip', ragged: 'pad' }), 'a,,b,\n1\n'), [
    { a: '1', b: '' },
  ]);
  assert.equal((await failure(csv({ header: true, emptyNames: 'skip' }), [bytes('a,,b\n1,2\n')])).code, 'ragged-row');
  assert.throws(() => csv({ header: ['a', '', ''] }), TypeError);
  assert.throws(() => csv({ header: true, emptyNames: 'drop' }), /emptyNames must be 'keep' or 'skip'/);
});
