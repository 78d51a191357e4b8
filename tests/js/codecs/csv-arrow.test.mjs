/** The batches of columns are Apache Arrow's, without a copy: the lines of docs/CODECS.md with the real package. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as arrow from 'apache-arrow';
import { csv } from 'tidegate/codecs';
import { through } from './codec-support.mjs';

const TYPES = {
  amount: 'f64',
  id: 'i64',
  n: 'i32',
  open: 'bool',
  when: 'timestamp',
  at: 'timestamp-us',
  note: 'utf8',
  city: 'dictionary',
};

/** All batches must have the same one. */
const dictionaryType = new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32());

/** As docs/CODECS.md has it. */
function toArrow({ length, columns, validity }) {
  const vectors = Object.entries(columns).map(([name, column]) => {
    const common = { length, nullBitmap: validity[name] };
    const data = {
      f64: () => ({ type: new arrow.Float64(), data: column }),
      i64: () => ({ type: new arrow.Int64(), data: column }),
      i32: () => ({ type: new arrow.Int32(), data: column }),
      bool: () => ({ type: new arrow.Bool(), data: column.bits }),
      timestamp: () => ({ type: new arrow.TimestampMillisecond(), data: column }),
      'timestamp-us': () => ({ type: new arrow.TimestampMicrosecond(), data: column }),
      utf8: () => ({ type: new arrow.Utf8(), valueOffsets: column.offsets, data: column.bytes }),
      dictionary: () => ({
        type: dictionaryType,
        data: column.codes,
        dictionary: arrow.vectorFromArray(column.dictionary, new arrow.Utf8()),
      }),
    }[TYPES[name]]();
    return [name, arrow.makeVector(arrow.makeData({ ...common, ...data }))];
  });
  return new arrow.Table(Object.fromEntries(vectors));
}

const TEXT =
  'amount,id,n,open,when,at,note,city\n' +
  '1.5,9007199254740993,7,true,2026-01-01,2026-01-01T00:00:00.000001,ä😀,Ulm\n' +
  ',,,,,,,\n' +
  '-2,-1,-7,false,1969-12-31T23:59:59.5,1970-01-01,"x\ny",Ulm\n';

test('apache-arrow reads the columns of each type, nulls among them', async () => {
  const [batch] = await through(csv({ header: true, columns: TYPES }), [TEXT]);
  const rows = toArrow(batch)
    .toArray()
    .map((row) => row.toJSON());
  assert.deepEqual(rows, [
    {
      amount: 1.5,
      id: 9007199254740993n,
      n: 7,
      open: true,
      when: 1767225600000,
      at: 1767225600000.001,
      note: 'ä😀',
      city: 'Ulm',
    },
    { amount: null, id: null, n: null, open: null, when: null, at: null, note: null, city: null },
    { amount: -2, id: -1n, n: -7, open: false, when: -500, at: 0, note: 'x\ny', city: 'Ulm' },
  ]);
});

test('apache-arrow keeps the buffers that the codec gave', async () => {
  const [batch] = await through(csv({ header: true, columns: TYPES }), [TEXT]);
  const { columns, validity } = batch;
  const table = toArrow(batch);
  const data = (name) => table.getChild(name).data[0];
  for (const name of ['amount', 'id', 'n', 'when', 'at'])
    assert.equal(data(name).values.buffer, columns[name].buffer, name);
  assert.equal(data('open').values.buffer, columns.open.bits.buffer);
  assert.equal(data('note').values.buffer, columns.note.bytes.buffer);
  assert.equal(data('note').valueOffsets.buffer, columns.note.offsets.buffer);
  assert.equal(data('city').values.buffer, columns.city.codes.buffer);
  for (const name of Object.keys(TYPES)) assert.equal(data(name).nullBitmap.buffer, validity[name].buffer, name);
});

test('what apache-arrow writes of the columns, it reads again', async () => {
  const batches = await through(csv({ header: true, columns: TYPES, batch: 2 }), [TEXT]);
  const [table, ...others] = batches.map(toArrow);
  assert.equal(others.length, 1);
  const read = arrow.tableFromIPC(arrow.tableToIPC(table));
  assert.equal(read.numRows, 2);
  assert.deepEqual(
    read.toArray().map((row) => row.toJSON()),
    table.toArray().map((row) => row.toJSON()),
  );
});
