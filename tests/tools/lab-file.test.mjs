/** Your file, without a page: what is told of it, and what it is converted to. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { convert, nameOf, roundsNumbers } from '../../www/file/converting.js';
import { PREVIEW, PREVIEW_COLUMNS, readThrough, Source } from '../../www/file/reading.js';

const { signal } = new AbortController();

async function read(text, { packed = false } = {}) {
  const source = new Source({ blob: new Blob([packed ? gzipSync(text) : text]), name: 'file' });
  const kind = await source.kind(signal);
  return { source, kind, found: await readThrough(source, kind, { signal, show() {} }) };
}

async function converted(text, target, options) {
  const { source, kind, found } = await read(text, options);
  const chunks = [];
  const sink = new WritableStream({ write: (chunk) => void chunks.push(chunk) });
  await convert(source, kind, found, target, () => sink, { signal });
  const bytes = Buffer.concat(chunks);
  return (target.gzip ? gunzipSync(bytes) : bytes).toString();
}

const CSV = 'name;town\r\nAda;"Bad; Ort"\r\nBo;\r\n';
const NDJSON = '{"name":"Ada","tags":["a","b"]}\n{"name":"Bo, \\"B\\"","age":7}\n';

for (const packed of [false, true]) {
  test(`a CSV of any columns and delimiter is read, ${packed ? 'gzipped' : 'plain'}`, async () => {
    const { kind, found } = await read(CSV, { packed });
    assert.deepEqual(kind, { gzip: packed, format: 'csv' });
    assert.deepEqual(found, {
      rows: 2,
      columns: ['name', 'town'],
      tooWide: false,
      preview: [
        ['Ada', 'Bad; Ort'],
        ['Bo', ''],
      ],
      delimiter: ';',
    });
  });

  test(`an NDJSON is read with the columns of its records, ${packed ? 'gzipped' : 'plain'}`, async () => {
    const { kind, found } = await read(NDJSON, { packed });
    assert.deepEqual(kind, { gzip: packed, format: 'ndjson' });
    assert.deepEqual(found.columns, ['name', 'tags', 'age']);
    assert.deepEqual(found.preview, [
      ['Ada', '["a","b"]', ''],
      ['Bo, "B"', '', '7'],
    ]);
  });
}

/** A source whose bytes come in chunks of a few. */
function inPieces(bytes, size) {
  const source = new Source({ blob: new Blob(), name: 'file' });
  source.open = function* () {
    for (let at = 0; at < bytes.length; at += size) yield new Uint8Array(bytes.subarray(at, at + size));
  };
  return source;
}

for (const size of [1, 7, 10])
  test(`what a file is does not depend on how its bytes come: ${size} at once`, async () => {
    for (const [text, format] of [
      [CSV, 'csv'],
      [`\ufeff \n${NDJSON}`, 'ndjson'],
    ]) {
      assert.deepEqual(await inPieces(Buffer.from(text), size).kind(signal), { gzip: false, format });
      assert.deepEqual(await inPieces(gzipSync(text), size).kind(signal), { gzip: true, format });
    }
  });

test('a file of a byte or none is a CSV, and a gzip within a gzip is refused', async () => {
  for (const text of ['', 'a']) assert.deepEqual((await read(text)).kind, { gzip: false, format: 'csv' });
  const source = new Source({ blob: new Blob([gzipSync(gzipSync(CSV))]), name: 'file' });
  await assert.rejects(source.kind(signal), /gzip within a gzip/);
});

test('a name that comes late in an NDJSON is a column as any other', async () => {
  const early = '{"n":1}\n'.repeat(5000);
  assert.equal(
    (await converted(`${early}{"n":2,"late":true}\n`, { format: 'csv', gzip: false })).split('\r\n').at(-2),
    '2,true',
  );
});

test('an NDJSON of too many names is counted, and becomes no CSV', async () => {
  const text = Array.from({ length: 10_001 }, (_, n) => `{"n${n}":1}\n`).join('');
  const { found } = await read(text);
  assert.deepEqual([found.rows, found.columns.length, found.tooWide], [10_001, 10_000, true]);
  await assert.rejects(converted(text, { format: 'csv', gzip: false }), /more than 10,000 names/);
});

test('what is shown of a row is bounded', async () => {
  const wide = Array.from({ length: 300 }, (_, n) => `c${n}`).join(',');
  const { found } = await read(`${wide}\n${'x'.repeat(5000)}${',1'.repeat(299)}\n`);
  assert.equal(found.columns.length, 300);
  assert.equal(found.preview[0].length, PREVIEW_COLUMNS);
  assert.equal(found.preview[0][0].length, 201);
});

test('a long file is counted, and only its first rows are kept', async () => {
  const { found } = await read(`n\n${Array.from({ length: 50_000 }, (_, n) => n).join('\n')}\n`);
  assert.equal(found.rows, 50_000);
  assert.equal(found.preview.length, PREVIEW);
});

test('a CSV becomes NDJSON, and columns without a name or with the same get one of their own', async () => {
  assert.equal(
    await converted('a,a,\n1,2,3\n4,5\n', { format: 'ndjson', gzip: false }),
    '{"a":"1","a_2":"2","3":"3"}\n{"a":"4","a_2":"5"}\n',
  );
});

test('NDJSON becomes a CSV that is quoted where it must be', async () => {
  assert.equal(
    await converted(NDJSON, { format: 'csv', gzip: true }),
    'name,tags,age\r\nAda,"[""a"",""b""]",\r\n"Bo, ""B""",,7\r\n',
  );
});

test('NDJSON stays as it is, numbers and spaces included; as CSV its numbers are rounded, which is said', async () => {
  const text = '{"n": 12345678901234567890}\n\n{"n":1e400}\n';
  for (const packed of [false, true])
    for (const gzip of [false, true]) assert.equal(await converted(text, { format: 'ndjson', gzip }, { packed }), text);
  assert.equal(roundsNumbers({ format: 'ndjson', gzip: false }, { format: 'csv', gzip: false }), true);
  assert.equal(roundsNumbers({ format: 'csv', gzip: false }, { format: 'csv', gzip: false }), false);
});

test('what every object inherits is no field', async () => {
  assert.equal(
    await converted('{"constructor":"a","toString":1}\n{"b":2}\n', { format: 'csv', gzip: false }),
    'constructor,toString,b\r\na,1,\r\n,,2\r\n',
  );
});

test('a row longer than the header has a name for each of its fields, and none twice', async () => {
  assert.equal(await converted('a,3\n1,2,x\n', { format: 'ndjson', gzip: false }), '{"a":"1","3":"2","3_2":"x"}\n');
});

test('an empty line is quoted in a CSV, and the header is written where there are no rows', async () => {
  const target = { format: 'csv', gzip: false };
  assert.equal(await converted('a\n""\n1\n', target), 'a\r\n""\r\n1\r\n');
  assert.equal(await converted('{"a":null}\n{"a":1}\n', target), 'a\r\n""\r\n1\r\n');
  assert.equal(await converted('a,b\n', target), 'a,b\r\n');
  assert.equal(await converted('a,a,b\n1,2\n1,2,3,4\n', target), 'a,a,b\r\n1,2\r\n1,2,3,4\r\n');
  assert.equal(await converted('', target), '');
});

test('a CSV with semicolons becomes one with commas', async () => {
  assert.equal(
    await converted(CSV, { format: 'csv', gzip: false }, { packed: true }),
    'name,town\r\nAda,Bad; Ort\r\nBo,\r\n',
  );
});

test('a converted file is called after its source', () => {
  assert.equal(nameOf('a.b.csv.gz', { format: 'ndjson', gzip: false }), 'a.b.ndjson');
  assert.equal(nameOf('rows', { format: 'csv', gzip: true }), 'rows.csv.gz');
});

test('an empty file has no rows and no columns', async () => {
  const { found } = await read('');
  assert.deepEqual([found.rows, found.columns], [0, []]);
});
