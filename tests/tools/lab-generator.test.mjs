import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { computeSummary, CsvGenerator, HEADER, MAX_SIZE, MIN_SIZE } from '../../tools/lab/generator.mjs';

const make = (size) => Buffer.concat([...new CsvGenerator(size)]);
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** RFC 4180, one character at a time. */
function parse(text) {
  const rows = [];
  let row = [];
  let field = '';
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted) {
      if (c !== '"') field += c;
      else if (text[i + 1] === '"') field += text[++i];
      else quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === ',' || c === '\r') {
      row.push(field);
      field = '';
    } else if (c === '\n') {
      rows.push(row);
      row = [];
    } else field += c;
  }
  assert.deepEqual([row, field, quoted], [[], '', false], 'the file ends with a whole row');
  return rows;
}

test('a size has the same bytes on every machine', () => {
  const golden = {
    1000: '947b140a9667c94dfdb625d07465823425fb7bdf5fe48dc8269b0cc39eccdedc',
    65_536: 'b86c0ce4923472dc09de0521c81e4b8441b363913968f971404d598a4ff334ab',
    1_000_000: '3f084eac0d6618a0419e1de319054eed0ce45b5565bcb9bb739e56432c6dc249',
  };
  for (const [size, digest] of Object.entries(golden))
    assert.equal(sha256(make(Number(size))), digest, `${size} bytes`);
});

test('a file has exactly the size that was asked for, wherever its last row falls', () => {
  for (let size = MIN_SIZE; size < MIN_SIZE + 700; size += 1) assert.equal(make(size).length, size);
  for (const size of [262_143, 262_144, 262_145, 524_288, 1_000_001]) assert.equal(make(size).length, size);
});

test('every row has seven fields, whatever they contain', () => {
  const [header, ...rows] = parse(make(300_000).toString('utf8'));
  assert.equal(`${header.join(',')}\r\n`, HEADER);
  rows.forEach((row, index) => {
    assert.equal(row.length, 7);
    assert.equal(row[0], String(index + 1));
    assert.match(row[1], /^\d{4}-\d\d-\d\dT[0-2]\d:[0-5]\d:[0-5]\dZ$/);
  });
});

test('the file exercises a parser: separators, quotes and line breaks in fields, and UTF-8 of every length', () => {
  const fields = parse(make(300_000).toString('utf8')).flat();
  for (const part of [',', '"', '\r\n', '\n', 'é', '東', '📦']) {
    assert.ok(
      fields.some((field) => field.includes(part)),
      `a field contains ${JSON.stringify(part)}`,
    );
  }
});

test('the timestamps never go back and pass midnight', () => {
  const times = parse(make(5_000_000).toString('utf8'))
    .slice(1)
    .map((row) => row[1]);
  assert.deepEqual(times, times.toSorted());
  assert.ok(times.at(-1) > '2025-01-02T');
});

test('the summary is what a naive reader of the file arrives at', () => {
  const generator = new CsvGenerator(300_000);
  const bytes = Buffer.concat([...generator]);
  const rows = parse(bytes.toString('utf8')).slice(1);
  const totals = {};
  for (const [, , city, , quantity, price] of rows)
    totals[city] = (totals[city] ?? 0) + Number(quantity) * Number(price);
  assert.deepEqual(generator.summary(), { size: 300_000, rows: rows.length, totals, sha256: sha256(bytes) });
});

test('the summary computed without streaming is the same', async () => {
  const generator = new CsvGenerator(300_000);
  for (const block of generator) assert.ok(block.length > 0);
  assert.deepEqual(await computeSummary(300_000), generator.summary());
});

test('the summary is refused before the last block', () => {
  const generator = new CsvGenerator(1_000_000);
  generator.next();
  assert.throws(() => generator.summary(), /after the last block/);
});

test('a size outside 1 KB to 10 GB is refused', () => {
  for (const size of [0, MIN_SIZE - 1, MAX_SIZE + 1, 1000.5, NaN])
    assert.throws(() => new CsvGenerator(size), RangeError);
});
