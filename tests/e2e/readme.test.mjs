/** What README.md promises, in each browser; docs/COMPATIBILITY.md names the oldest ones in which it must hold. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createGzip, gzipSync } from 'node:zlib';
import { availableEngines, runPage } from '../../tools/browsers/index.mjs';
import { readmeExample, root, serve } from '../packaging/helpers.mjs';

const CITIES = ['Emden', 'Husum', 'Cuxhaven'];
const ROWS = 20_000;
const rowAt = (n) => `${CITIES[n % CITIES.length]},${n}\n`;
const text = `city,amount\n${Array.from({ length: ROWS }, (_, n) => rowAt(n)).join('')}`;
const totals = {};
for (let n = 0; n < ROWS; n += 1) totals[CITIES[n % CITIES.length]] = (totals[CITIES[n % CITIES.length]] ?? 0) + n;

const expected = {
  "README.md's job adds up, and hashes what it unzips": {
    totals,
    sha256: createHash('sha256').update(text).digest('hex'),
  },
  "README.md's job is ended by its signal": 'RangeError: enough',
  'gunzip and csv give rows': ROWS + 1,
  'a BYOB reader fills the buffer it is given': [[0, 1, 2, 3], 2, 8],
  'ReadableStream.from takes an async generator, and for await reads it': ['ebb', 'flow'],
  'a stream goes to a worker, which adds it up': 10,
};

/** Sends rows for as long as the connection lives. */
function endless(response) {
  const zip = createGzip();
  zip.pipe(response);
  zip.write('city,amount\n');
  const timer = setInterval(() => zip.write(rowAt(0).repeat(1000)), 5);
  response.on('close', () => {
    clearInterval(timer);
    zip.destroy();
  });
}

for (const engine of availableEngines()) {
  test(`in ${engine}`, async (t) => {
    const readme = (await readmeExample())
      .replaceAll("'tidegate'", "'/dist/index.js'")
      .replaceAll("'tidegate/codecs'", "'/dist/codecs.js'");
    const server = await serve(
      join(root, 'tests/e2e/readme'),
      {
        '/readme.js': (request, response) => response.writeHead(200, { 'content-type': 'text/javascript' }).end(readme),
        '/data.csv.gz': (request, response) => response.end(gzipSync(text)),
        '/endless.csv.gz': (request, response) => endless(response),
      },
      (request, response) =>
        readFile(join(root, request.url.slice(1))).then(
          (body) => response.writeHead(200, { 'content-type': 'text/javascript' }).end(body),
          () => response.writeHead(404).end(),
        ),
    );
    try {
      const { seen, unhandled } = await runPage(engine, server.url);
      for (const [name, value] of Object.entries(expected))
        await t.test(name, () => assert.deepEqual(seen[name], value));
      await t.test('leaves no rejection unhandled', () => assert.deepEqual(unhandled, []));
    } finally {
      await server.close();
    }
  });
}
