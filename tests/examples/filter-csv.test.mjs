/**
 * A large CSV.gz is filtered into a file. `FILTER_SIZE=5GB node --test tests/examples/filter-csv.test.mjs` does it with a file of that
 * size, and tells the time and the memory; tests/e2e/recipes.test.mjs filters a small file in browsers.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { pipeline, WritableStream } from 'tidegate';
import { csv } from 'tidegate/codecs';
import { filterCsv } from '../../examples/filter-csv.js';

const SIZE = process.env.FILTER_SIZE ?? '10MB';
const MB = 1e6;
/** A name that needs quotes; one row in sixteen has it. */
const CITY = 'Washington, "D.C."';

/** The lab's server, in a process of its own, so that its memory is not measured here. */
async function startLab() {
  const program = fileURLToPath(new URL('../../tools/lab/server.mjs', import.meta.url));
  const child = spawn(process.execPath, [program, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  return { url: /http:\S+(?=\/ )/.exec(String(line))[0], stop: () => child.kill() };
}

/** Runs `work()` and resolves with the peak of this process's memory meanwhile, and where it began, in bytes. */
async function watchMemory(work) {
  globalThis.gc?.();
  const start = process.memoryUsage().rss;
  let peak = start;
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 20);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return { start, peak };
}

/** A sink that keeps the text, and says how it ended. */
function textSink() {
  const seen = { text: '', ended: undefined };
  const sink = new WritableStream({
    write: (text) => void (seen.text += text),
    close: () => void (seen.ended = 'close'),
    abort: () => void (seen.ended = 'abort'),
  });
  return { seen, sink };
}

const zipped = (text) => new Blob([gzipSync(text)]);

describe('the rows that are wanted', () => {
  test(`of a CSV.gz of ${SIZE} are written to a file, in little memory`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'tidegate-filter-'));
    const file = join(folder, 'out.csv');
    const lab = await startLab();
    try {
      const began = Date.now();
      // Not fetch(): that of Node 20 keeps ever more of a body that comes in small pieces to a slower consumer.
      const [source] = await once(get(`${lab.url}/data/${SIZE}.csv.gz`), 'response');
      const { start, peak } = await watchMemory(() =>
        filterCsv(source, ({ city }) => city === CITY, createWriteStream(file)),
      );
      const seconds = (Date.now() - began) / 1000;
      t.diagnostic(
        `${SIZE} in ${seconds.toFixed(1)} s; ${Math.round((await stat(file)).size / MB)} MB written; ` +
          `memory of the process: ${Math.round(start / MB)} MB before, ${Math.round(peak / MB)} MB at the peak`,
      );
      assert.ok(peak - start < 200 * MB, `memory grew by ${Math.round((peak - start) / MB)} MB`);

      const { totals } = await (await fetch(`${lab.url}/api/summary?size=${SIZE}`)).json();
      let cents = 0;
      const columns = new Set();
      await pipeline(createReadStream(file), csv({ header: true, batch: true }), async (batches) => {
        for await (const rows of batches) {
          for (const row of rows) {
            columns.add(Object.keys(row).join());
            assert.equal(row.city, CITY);
            cents += row.quantity * row.price_cents;
          }
        }
      });
      assert.deepEqual([...columns], ['id,timestamp,city,product,quantity,price_cents,note']);
      assert.equal(cents, totals[CITY]);
    } finally {
      lab.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('keep their commas, quotes and line breaks', async () => {
    const { seen, sink } = textSink();
    const text = 'n,"a ""b"""\r\n1,"x,y"\r\n2,\r\n3,"line\r\nbreak"\r\n';
    await filterCsv(zipped(text), ({ n }) => n !== '2', sink);
    assert.equal(seen.text, 'n,"a ""b"""\r\n1,"x,y"\r\n3,"line\r\nbreak"\r\n');
  });

  for (const [what, text] of [
    ['no row is wanted', 'a,b\r\n1,2\r\n'],
    ['there is no row', 'a,b\r\n'],
  ]) {
    test(`are none, and the header is there, where ${what}`, async () => {
      const { seen, sink } = textSink();
      await filterCsv(zipped(text), () => false, sink);
      assert.deepEqual(seen, { text: 'a,b\r\n', ended: 'close' });
    });
  }

  for (const [what, source, code] of [
    ['is cut off', () => zipped('a,b\r\n'.repeat(1000)).slice(0, 30), 'truncated'],
    ['has a row of another length', () => zipped('a,b\r\n1,2\r\n1\r\n'), 'ragged-row'],
  ]) {
    test(`are not taken for all where the file ${what}`, async () => {
      const { seen, sink } = textSink();
      await assert.rejects(
        filterCsv(source(), () => true, sink),
        { name: 'CodecError', code },
      );
      assert.equal(seen.ended, 'abort');
    });
  }
});
