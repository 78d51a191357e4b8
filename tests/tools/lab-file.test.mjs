/** Your file, without a page: what is told of it, and what it is converted to. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { convert, nameOf } from '../../www/file/converting.js';
import { PREVIEW, readThrough, Source } from '../../www/file/reading.js';

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
  await convert(source, kind, found.columns, target, sink, { signal });
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
      preview: [
        ['Ada', 'Bad; Ort'],
        ['Bo', ''],
      ],
      delimiter: ';',
    });
  });

  test(`an NDJSON is read with the columns of its first records, ${packed ? 'gzipped' : 'plain'}`, async () => {
    const { kind, found } = await read(NDJSON, { packed });
    assert.deepEqual(kind, { gzip: packed, format: 'ndjson' });
    assert.deepEqual(found.columns, ['name', 'tags', 'age']);
    assert.deepEqual(found.preview, [
      ['Ada', '["a","b"]', ''],
      ['Bo, "B"', '', '7'],
    ]);
  });
}

test('a long file is counted, and only its first rows are kept', async () => {
  const { found } = await read(`n\n${Array.from({ length: 50_000 }, (_, n) => n).join('\n')}\n`);
  assert.equal(found.rows, 50_000);
  assert.equal(found.preview.length, PREVIEW);
});

test('a CSV becomes NDJSON, and columns without a name or with the same get one of their own', async () => {
  assert.equal(
    await converted('a,a,\n1,2,3\n4,5\n', { format: 'ndjson', gzip: false }),
    '{"a":"1","a_":"2","3":"3"}\n{"a":"4","a_":"5"}\n',
  );
});

test('NDJSON becomes a CSV that is quoted where it must be', async () => {
  assert.equal(
    await converted(NDJSON, { format: 'csv', gzip: true }),
    'name,tags,age\r\nAda,"[""a"",""b""]",\r\n"Bo, ""B""",,7\r\n',
  );
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
