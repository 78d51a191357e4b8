import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { test } from 'node:test';
import { pipeline } from 'tidegate';
import { codecMemory, csv, gunzip } from 'tidegate/codecs';
import { bytes, pieces, through } from './codec-support.mjs';

const TYPES = { id: 'i64', amount: 'f64', when: 'timestamp', city: 'dictionary', note: 'utf8', open: 'bool', n: 'i32' };
const TEXT =
  'id,amount,when,city,note,open,n\n' +
  '1,1.5,2026-01-01,Ulm,a,true,-7\n' +
  '9007199254740993,,2026-01-02T10:00Z,"Köln, am Rhein",ä😀b,no,2147483647\n' +
  '-3,-2e3,,Ulm,"x\ny",,\n';
const ROWS = [
  [1n, 1.5, 1767225600000n, 'Ulm', 'a', true, -7],
  [9007199254740993n, null, 1767348000000n, 'Köln, am Rhein', 'ä😀b', false, 2147483647],
  [-3n, -2000, null, 'Ulm', 'x\ny', null, null],
];

/** The values of a batch, row by row. */
function rowsOf({ length, columns, validity }) {
  return Array.from({ length }, (_, row) =>
    Object.entries(columns).map(([name, column]) => {
      const bits = validity[name];
      if (bits !== null && ((bits[row >> 3] >> (row & 7)) & 1) === 0) return null;
      return typeof column.get === 'function' ? column.get(row) : column[row];
    }),
  );
}

/** What a pair gives of these chunks before it ends, and what it fails with. */
async function ending(pair, chunks) {
  const got = [];
  try {
    await pipeline(chunks, pair, async (all) => {
      for await (const chunk of all) got.push(chunk);
    });
  } catch (error) {
    return { got, error };
  }
  return { got, error: undefined };
}

test('columns have their types, and a null is no value', async () => {
  const [batch, ...others] = await through(csv({ header: true, columns: TYPES }), [TEXT]);
  assert.deepEqual(others, []);
  assert.deepEqual(rowsOf(batch), ROWS);
  assert.ok(batch.columns.amount instanceof Float64Array && Number.isNaN(batch.columns.amount[1]));
  assert.ok(batch.columns.id instanceof BigInt64Array && batch.columns.n instanceof Int32Array);
  assert.equal(batch.validity.id, null);
  assert.deepEqual(batch.columns.note.toArray(), ['a', 'ä😀b', 'x\ny']);
  assert.deepEqual(batch.columns.open.toArray(), [true, false, null]);
  assert.deepEqual(
    [batch.columns.city.dictionary, [...batch.columns.city.codes]],
    [
      ['Ulm', 'Köln, am Rhein'],
      [0, 1, 0],
    ],
  );
});

test('columns are the same in pieces of any size and batches of any number of rows', async () => {
  const all = bytes(TEXT);
  for (let size = 1; size < all.length; size += 1 + (size >> 2))
    for (const batch of [1, 2, 3, true]) {
      const batches = await through(csv({ header: true, columns: TYPES, batch }), pieces(all, size));
      assert.deepEqual(batches.flatMap(rowsOf), ROWS, `pieces of ${size}, batches of ${batch}`);
      if (batch !== true) assert.ok(batches.slice(0, -1).every(({ length }) => length === batch));
    }
});

test('each array has a buffer of its own, which can be transferred', async () => {
  const [{ columns, validity }] = await through(csv({ header: true, columns: TYPES }), [TEXT]);
  const { city, note, open } = columns;
  const arrays = [columns.id, columns.amount, columns.when, columns.n, city.codes, note.bytes, note.offsets, open.bits];
  const all = [...arrays, validity.amount, validity.when, validity.open, validity.n];
  assert.equal(new Set(all.map(({ buffer }) => buffer)).size, all.length);
  for (const array of all) assert.equal(array.byteLength, array.buffer.byteLength);
  structuredClone(null, { transfer: all.map(({ buffer }) => buffer) });
});

test('dictionaries grow from batch to batch', async () => {
  const text = Array.from({ length: 5000 }, (_, row) => `city ${row % 700}\n`).join('');
  const batches = await through(csv({ columns: { 0: 'dictionary' }, batch: 100 }), [text]);
  const { dictionary } = batches[0].columns[0];
  assert.ok(batches.every(({ columns }) => columns[0].dictionary === dictionary));
  assert.deepEqual(
    dictionary,
    Array.from({ length: 700 }, (_, row) => `city ${row}`),
  );
  assert.equal(
    batches
      .flatMap(({ columns }) => columns[0].toArray())
      .map((city) => `${city}\n`)
      .join(''),
    text,
  );
});

test('a column of ever new texts gets new dictionaries', async () => {
  const rows = Array.from({ length: 200_000 }, (_, row) => `é${row}`);
  const batches = await through(csv({ columns: { 0: 'dictionary' }, batch: 1000 }), [rows.join('\n')]);
  assert.deepEqual(
    batches.flatMap(({ columns }) => columns[0].toArray()),
    rows,
  );
  const sizes = new Set(batches.map(({ columns }) => columns[0].dictionary));
  assert.ok(sizes.size > 2 && [...sizes].every(({ length }) => length <= 66_536));
});

test('a value of another type fails with its row and column, behind the rows before it', async () => {
  const text = 'a,b\n1,x\n2,y\nthree,z\n4,four\n';
  for (const size of [1, 2, 100])
    for (const batch of [true, 1, 2, 100]) {
      const stage = csv({ header: true, columns: { b: 'utf8', a: 'f64' }, batch });
      const { got, error } = await ending(stage, pieces(bytes(text), size));
      assert.deepEqual(got.flatMap(rowsOf), [
        ['x', 1],
        ['y', 2],
      ]);
      const { codec, code, offset, row, column, message } = error;
      assert.deepEqual(
        { codec, code, offset, row, column },
        { codec: 'csv', code: 'invalid-value', offset: 12, row: 4, column: 'a' },
      );
      assert.equal(message, "csv: invalid value at byte 12: row 4, column 'a': 'three' is no f64");
    }
});

test('a value of another type can be null, and is counted', async () => {
  const stage = csv({ columns: { 0: 'i32' }, invalid: 'null' });
  const batches = await through(stage, ['1\nx\n3\n1.5\n']);
  assert.deepEqual(batches.flatMap(rowsOf), [[1], [null], [3], [null]]);
  assert.equal(stage.invalid, 2);
});

test('other texts can be null', async () => {
  const stage = csv({ columns: { 0: 'f64', 1: 'utf8' }, nulls: ['NA', '-'] });
  assert.deepEqual((await through(stage, ['NA,\n-,NA\n 5 ,-1\n'])).flatMap(rowsOf), [
    [null, ''],
    [null, null],
    [5, '-1'],
  ]);
});

test('a fault of the text comes behind the columns before it', async () => {
  for (const batch of [true, 1, 100]) {
    const { got, error } = await ending(csv({ columns: { 0: 'i32' }, batch }), [bytes('1,2\n3,4\n5\n')]);
    assert.deepEqual([got.flatMap(rowsOf), error.code], [[[1], [3]], 'ragged-row']);
  }
});

test('a column that the header lacks is an error, and the promise of the columns fails with it', async () => {
  for (const options of [
    { columns: { c: 'utf8' } },
    { select: ['a', 'c'] },
    { where: [{ column: 'c', op: '==', value: 1 }] },
  ]) {
    const stage = csv({ header: true, ...options });
    const { got, error } = await ending(stage, ['a,b\n1,2\n']);
    assert.deepEqual(got, []);
    assert.match(error.message, /^csv: missing column at byte 0: the header has no column 'c'; it has 'a', 'b'$/);
    await assert.rejects(stage.columns, error);
  }
});

test('names of the columns are those that were asked for', async () => {
  const named = csv({ header: true, columns: { b: 'f64' } });
  await through(named, ['a,b\n1,2\n']);
  assert.deepEqual(await named.columns, ['b']);
  const selected = csv({ header: true, select: ['c', 0] });
  assert.deepEqual(await through(selected, ['a,b,c\n1,2,3\n']), [{ c: '3', a: '1' }]);
  assert.deepEqual(await selected.columns, ['c', 'a']);
  assert.deepEqual(await csv({ header: ['x', 'y'], select: ['y'] }).columns, ['y']);
});

test('rows have only the fields that are selected, in that order', async () => {
  const text = 'a,b,c\n1,"2\n2",3\n4,5,6\n';
  const select = ['c', 'b'];
  assert.deepEqual(await through(csv({ header: true, select }), [text]), [
    { c: '3', b: '2\n2' },
    { c: '6', b: '5' },
  ]);
  assert.deepEqual(await through(csv({ header: true, rows: 'arrays', select }), [text]), [
    ['3', '2\n2'],
    ['6', '5'],
  ]);
  assert.deepEqual(await through(csv({ select: [1] }), [text]), [['b'], ['2\n2'], ['5']]);
  assert.deepEqual(await through(csv({ header: ['x', 'y', 'z'], select: ['z', 0] }), [text]), [
    { z: 'c', x: 'a' },
    { z: '3', x: '1' },
    { z: '6', x: '4' },
  ]);
  for (const ragged of ['keep', 'pad'])
    assert.deepEqual(await through(csv({ select: [2, 0], ragged }), ['a\nb,c,d,e\n']), [
      ['', 'a'],
      ['d', 'b'],
    ]);
});

test('only rows that fulfill all conditions are read', async () => {
  const text = 'id,city,total,when\n1,Ulm,9.50,2026-01-01\n2,Bonn,100,2026-02-01\n3,Ulm,250,\n4,,7,2026-03-01\n';
  const ids = async (...where) => (await through(csv({ header: true, where }), [text])).map(({ id }) => Number(id));
  assert.deepEqual(await ids({ column: 'total', op: '>=', value: 9.5 }), [1, 2, 3]);
  assert.deepEqual(
    await ids({ column: 'total', op: '<', value: 100 }, { column: 'city', op: '==', value: 'Ulm' }),
    [1],
  );
  assert.deepEqual(await ids({ column: 'city', op: 'in', value: ['Ulm', 'Köln'] }), [1, 3]);
  assert.deepEqual(await ids({ column: 'id', op: 'in', value: [4, 2, 9] }), [2, 4]);
  assert.deepEqual(await ids({ column: 'city', op: 'startsWith', value: 'B' }), [2]);
  assert.deepEqual(await ids({ column: 'city', op: '!=', value: null }), [1, 2, 3]);
  assert.deepEqual(await ids({ column: 'when', op: '>', value: new Date('2026-01-15') }), [2, 4]);
  assert.deepEqual(await ids({ column: 0, op: '<=', value: 2n }), [1, 2]);
  assert.deepEqual(await ids({ column: 'city', op: '==', value: 'Rome' }), []);
  const columns = csv({ header: true, columns: { id: 'i32' }, where: [{ column: 'city', op: '==', value: 'Ulm' }] });
  assert.deepEqual((await through(columns, [text])).flatMap(rowsOf), [[1], [3]]);
});

test('options that make no sense together are refused', () => {
  for (const [options, message] of [
    [{ columns: { a: 'f64' } }, /columns names the column 'a', but there is no header; use its number/],
    [{ columns: { a: 'float' }, header: true }, /the type of column 'a' must be one of 'f64', .*; got 'float'/],
    [{ columns: {}, header: true }, /columns must have at least one column/],
    [{ columns: ['a'], header: true }, /columns must be an object of types/],
    [{ columns: { a: 'f64' }, header: ['b'] }, /columns names the column 'a', which header does not have/],
    [{ columns: { 0: 'f64' }, rows: 'arrays' }, /rows has no meaning with columns/],
    [{ columns: { 0: 'f64' }, select: [0] }, /select has no meaning with columns/],
    [{ columns: { 0: 'f64' }, batch: false }, /batch must be true or a number of rows with columns/],
    [{ invalid: 'null' }, /invalid has a meaning with columns only/],
    [{ select: [] }, /select must be an array of one or more columns/],
    [{ select: ['a', 'a'], header: true }, /select has a column twice: 'a'/],
    [{ select: [0.5] }, /select must be a whole number/],
    [{ nulls: [1] }, /nulls must be an array of strings/],
    [{ where: {} }, /where must be an array of conditions/],
    [{ where: [{ column: 0, op: '=', value: 1 }] }, /where\[0\].op must be one of '==', .*; got '='/],
    [
      { where: [{ column: 0, op: '<', value: null }] },
      /where\[0\].value must be a string, a number, a bigint or a Date/,
    ],
    [{ where: [{ column: 0, op: 'in', value: ['a', 1] }] }, /all items of where\[0\].value must be of one type/],
    [{ where: [{ column: 0, op: 'startsWith', value: 1 }] }, /where\[0\].value must be a string for 'startsWith'/],
    [{ where: [{ column: 0, op: '==', value: new Date(NaN) }] }, /where\[0\].value must be a valid Date/],
    [{ where: [{ column: 0, op: '==', value: 2n ** 64n }] }, /where\[0\].value must fit into 64 bits/],
    [{ where: [{ column: 0, op: '==', value: 1, or: 2 }] }, /where\[0\] has no property 'or'/],
  ])
    assert.throws(() => csv(options), message);
});

test('columns come out of gunzip, and leave no chain behind', async () => {
  const rows = Array.from({ length: 30_000 }, (_, row) => `${row},${row / 4},city ${row % 7}`);
  const before = codecMemory().chains;
  let sum = 0;
  await pipeline(
    [gzipSync(`id,amount,city\n${rows.join('\n')}`)],
    gunzip(),
    csv({
      header: true,
      columns: { amount: 'f64' },
      where: [{ column: 'city', op: '==', value: 'city 3' }],
      batch: 500,
    }),
    async (batches) => {
      for await (const { columns } of batches) for (const amount of columns.amount) sum += amount;
    },
  );
  assert.equal(
    sum,
    rows.reduce((total, _, row) => (row % 7 === 3 ? total + row / 4 : total), 0),
  );
  assert.equal(codecMemory().chains, before);
});

test('a header of half a million columns, and a row in half a million pieces', async () => {
  const width = 500_000;
  const header = Array.from({ length: width }, (_, column) => `c${column.toString(36)}`).join();
  const row = `${'7,'.repeat(width - 1)}8`;
  const last = `c${(width - 1).toString(36)}`;
  const stage = csv({ header: true, columns: { [last]: 'i32', c1: 'f64' }, maxRowBytes: 2 ** 23 });
  const [batch] = await through(stage, [`${header}\n`, ...pieces(bytes(row), 2)]);
  assert.deepEqual([[...batch.columns[last]], [...batch.columns.c1]], [[8], [7]]);
});
