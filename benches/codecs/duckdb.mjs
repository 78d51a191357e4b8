/**
 * Typed columns of CSV: `csv({ columns })` beside DuckDB-Wasm's reading into Arrow, in Node, from bytes in memory. The package is 34 MB and
 * no dependency: install `@duckdb/duckdb-wasm` in a folder of its own.
 *
 *   node benches/codecs/duckdb.mjs --package FOLDER/node_modules/@duckdb/duckdb-wasm [--mb 100] [--turns 7]
 */
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { pipeline } from '../../dist/index.js';
import { csv } from '../../dist/codecs.js';
import { table } from '../programs.mjs';
import { makeData } from './data.mjs';
import { measure } from './measure.js';
import { summary } from './run.mjs';

const CHUNK = 65_536;

/** What a reader of columns looks at: all of its numbers, and how long its text is. */
class Seen {
  #rows = 0;
  #amounts = 0;
  #ids = 0n;
  #characters = 0;

  batch(rows, ids, amounts, offsets) {
    this.#rows += rows;
    for (let row = 0; row < rows; row++) {
      this.#amounts += amounts[row];
      this.#ids += ids[row];
    }
    this.#characters += offsets[rows] - offsets[0];
  }

  result() {
    return [this.#rows, this.#amounts, this.#ids, this.#characters].join(' ');
  }
}

async function ours({ text }) {
  const seen = new Seen();
  function* chunks() {
    for (let at = 0; at < text.length; at += CHUNK) yield text.subarray(at, at + CHUNK);
  }
  const columns = { id: 'i64', city: 'utf8', amount: 'f64' };
  await pipeline(chunks(), csv({ header: true, columns, batch: CHUNK }), async (batches) => {
    for await (const { length, columns: found } of batches)
      seen.batch(length, found.id, found.amount, found.city.offsets);
  });
  return seen.result();
}

async function openDuckDb(folder) {
  const dist = resolve(folder, 'dist');
  const duckdb = createRequire(import.meta.url)(resolve(dist, 'duckdb-node-blocking.cjs'));
  const bundle = (name) => ({ mainModule: resolve(dist, `duckdb-${name}.wasm`), mainWorker: '' });
  const bundles = { mvp: bundle('mvp'), eh: bundle('eh') };
  const database = await duckdb.createDuckDB(bundles, new duckdb.VoidLogger(), duckdb.NODE_RUNTIME);
  await database.instantiate();
  database.open({});
  return database;
}

/** The database gets the file's bytes each time: they are what it reads from. */
const duckDb =
  (database) =>
  async ({ text }) => {
    database.registerFileBuffer('text.csv', text);
    const connection = database.connect();
    try {
      const seen = new Seen();
      const found = connection.query("SELECT id, city, amount FROM read_csv('text.csv', header = true)");
      for (const batch of found.batches) {
        const [ids, cities, amounts] = ['id', 'city', 'amount'].map((name) => batch.getChild(name).data[0]);
        seen.batch(batch.numRows, ids.values, amounts.values, cities.valueOffsets);
      }
      return seen.result();
    } finally {
      connection.close();
      database.dropFile('text.csv');
    }
  };

const { values } = parseArgs({
  options: {
    package: { type: 'string' },
    mb: { type: 'string', default: '100' },
    turns: { type: 'string', default: '7' },
  },
});
if (values.package === undefined) throw new Error('--package must name the folder of @duckdb/duckdb-wasm');
const { text } = makeData(Number(values.mb) * 1e6).files;
const contenders = { ours, 'DuckDB-Wasm': duckDb(await openDuckDb(values.package)) };
const figures = await measure({ columns: contenders }, { text }, { turns: Number(values.turns) });
const rate = (milliseconds) => (text.length / 1000 / milliseconds).toFixed(0);
const rows = Object.entries(figures.columns).map(([name, { times, error }]) => {
  if (error) throw new Error(`${name}: ${error}`);
  const { least, median } = summary(times);
  return [name, rate(least), rate(median)];
});
console.log(table([['MB/s', 'least', 'median'], ...rows]).join('\n'));
