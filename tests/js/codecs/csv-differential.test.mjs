/** csv against other parsers, on texts that fast-check makes, and on those of csv-spectrum. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import Papa from 'papaparse';
import { inferSchema, initParser } from 'udsv';
import { csv } from 'tidegate/codecs';
import { bytes, pieces, through } from './codec-support.mjs';

const RUNS = { numRuns: 150 };

/** A field of characters that mean something to a parser, and some that do not. */
const field = fc.string({
  unit: fc.constantFrom('a', 'b', ' ', ',', ';', '"', '\n', '\r\n', '\t', '|', 'é', '😀', '#', '0'),
  maxLength: 8,
});
const table = fc
  .integer({ min: 2, max: 5 })
  .chain((width) => fc.array(fc.array(field, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 12 }));
const size = fc.integer({ min: 1, max: 40 });

const read = (options, text, pieceSize) => through(csv(options), pieces(bytes(text), pieceSize));

test('what PapaParse writes is read as it was, and as PapaParse reads it', async () => {
  const dialect = fc.record({
    delimiter: fc.constantFrom(',', ';', '\t', '|', '||', '~|~', '¦'),
    newline: fc.constantFrom('\n', '\r\n'),
    quotes: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(table, dialect, size, async (rows, { delimiter, newline, quotes }, pieceSize) => {
      // It does not quote a field that ends as a long delimiter begins.
      const text = Papa.unparse(rows, { delimiter, newline, quotes: quotes || delimiter.length > 1 });
      const got = await read({ delimiter }, text, pieceSize);
      assert.deepEqual(got, rows);
      assert.deepEqual(got, Papa.parse(text, { delimiter, newline }).data);
    }),
    RUNS,
  );
});

test('a delimiter that PapaParse wrote is found where every row has it', async () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '"', ' ', 'é'), minLength: 1, maxLength: 6 });
  const words = fc
    .integer({ min: 2, max: 5 })
    .chain((width) =>
      fc.array(fc.array(word, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 30 }),
    );
  await fc.assert(
    fc.asyncProperty(words, fc.constantFrom(',', ';', '\t', '|'), size, async (rows, delimiter, pieceSize) => {
      const stage = csv({ delimiter: 'auto' });
      const got = await through(stage, pieces(bytes(Papa.unparse(rows, { delimiter })), pieceSize));
      assert.deepEqual([await stage.delimiter, got], [delimiter, rows]);
    }),
    RUNS,
  );
});

test('rows are those of uDSV', async () => {
  await fc.assert(
    fc.asyncProperty(table, size, async (rows, pieceSize) => {
      const header = rows[0].map((_, column) => `c${column}`);
      const text = Papa.unparse([header, ...rows], { newline: '\n', quotes: true });
      const expected = initParser(inferSchema(text)).stringArrs(text);
      assert.deepEqual(await read({ header: true, rows: 'arrays' }, text, pieceSize), expected);
    }),
    RUNS,
  );
});

test('numbers, whole numbers and times are those of the engine', async () => {
  const row = fc.tuple(
    fc.double({ noNaN: true }),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.date({ min: new Date('0000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
    fc.integer({ min: 0, max: 20 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 50 }), size, async (rows, pieceSize) => {
      const decimals = (number, digits) =>
        Math.abs(number) < 1e21 ? number.toFixed(digits) : number.toPrecision(digits + 1);
      const lines = rows.map(
        ([number, whole, date, digits]) => `${number},${decimals(number, digits)},${whole},${date.toISOString()}`,
      );
      const columns = { 0: 'f64', 1: 'f64', 2: 'i64', 3: 'timestamp' };
      const [batch] = await read({ columns, batch: 1000 }, lines.join('\n'), pieceSize);
      assert.deepEqual(
        [0, 1, 2, 3].map((column) => [...batch.columns[column]]),
        [
          rows.map(([number]) => Number(`${number}`)),
          rows.map(([number, , , digits]) => Number(decimals(number, digits))),
          rows.map(([, whole]) => whole),
          rows.map(([, , date]) => BigInt(date.getTime())),
        ],
      );
    }),
    RUNS,
  );
});

test('conditions choose the rows that JavaScript would', async () => {
  const holds = {
    '==': (a, b) => a === b,
    '!=': (a, b) => a !== b,
    '<': (a, b) => a < b,
    '<=': (a, b) => a <= b,
    '>': (a, b) => a > b,
    '>=': (a, b) => a >= b,
  };
  const few = fc.integer({ min: -3, max: 3 }).map((number) => number / 2);
  await fc.assert(
    fc.asyncProperty(
      fc.array(few),
      few,
      fc.constantFrom(...Object.keys(holds)),
      size,
      async (numbers, value, op, pieceSize) => {
        const text = numbers.map((number) => `${number},x\n`).join('');
        const got = await read({ where: [{ column: 0, op, value }], select: [0] }, text, pieceSize);
        assert.deepEqual(
          got,
          numbers.filter((number) => holds[op](number, value)).map((number) => [`${number}`]),
        );
      },
    ),
    RUNS,
  );
});

test('the files of csv-spectrum are read as it says', async () => {
  const folder = dirname(createRequire(import.meta.url).resolve('csv-spectrum/package.json'));
  const files = readdirSync(join(folder, 'csvs')).filter((name) => name.endsWith('.csv'));
  assert.ok(files.length >= 10);
  for (const file of files) {
    const expected = [JSON.parse(readFileSync(join(folder, 'json', file.replace(/csv$/, 'json')), 'utf8'))].flat();
    const text = readFileSync(join(folder, 'csvs', file));
    // Its JSON has another number than its CSV.
    if (file === 'location_coordinates.csv') expected[0]['Contact Phone Number'] = '2095257564';
    for (const pieceSize of [1, 7, 1000])
      assert.deepEqual(await through(csv({ header: true }), pieces(text, pieceSize)), expected, file);
  }
});
