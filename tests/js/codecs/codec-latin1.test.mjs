/** Text of Latin-1 crosses as that, and is what UTF-8 would be; with Node's slices, and with TextDecoder, as in pages. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import fc from 'fast-check';
import * as sliced from 'tidegate/codecs';
import { bytes, pieces, through } from './codec-support.mjs';

/** @type {typeof sliced} */
const decoded = createRequire(import.meta.url)('../../../dist/codecs.cjs');

const texts = {
  ascii: 'plain, "text"',
  latin1: 'São, «¡ÿ»\u00a0',
  controls: 'a\u0080b\u0085c\u009f',
  wide: 'Łódź, 東京, 😀',
};

const csvOf = (rows) => rows.map((row) => row.map((field) => `"${field.replaceAll('"', '""')}"`).join()).join('\n');

for (const [how, { csv, lines, ndjson }] of Object.entries({ 'a slice': sliced, TextDecoder: decoded })) {
  test(`characters of every kind, by ${how}`, async () => {
    const slice = /** @type {any} */ (Buffer.prototype).latin1Slice;
    try {
      if (how === 'TextDecoder') /** @type {any} */ (Buffer.prototype).latin1Slice = undefined;
      const field = fc
        .array(fc.constantFrom(...Object.values(texts), 'é', 'b', '\u00a0'), { maxLength: 6 })
        .map((all) => all.join(''));
      const row = fc.tuple(field, field, field);
      await fc.assert(
        fc.asyncProperty(
          fc.array(row, { minLength: 1, maxLength: 9 }),
          fc.integer({ min: 1, max: 50 }),
          async (rows, size) => {
            const text = csvOf(rows);
            assert.deepEqual(await through(csv(), pieces(bytes(text), size)), rows);
            const chosen = await through(csv({ select: [2, 0], where: [{ column: 1, op: '!=', value: '-' }] }), [
              bytes(text),
            ]);
            assert.deepEqual(
              chosen,
              rows.map(([first, , third]) => [third, first]),
            );
            assert.deepEqual(await through(lines(), pieces(bytes(text), size)), text.split('\n'));
            const json = rows.map((each) => JSON.stringify(each)).join('\n');
            assert.deepEqual(await through(ndjson(), pieces(bytes(json), size)), rows);
          },
        ),
        { numRuns: 200 },
      );
    } finally {
      /** @type {any} */ (Buffer.prototype).latin1Slice = slice;
    }
  });

  test(`a batch of Latin-1 behind one of other text, and the offset of a fault behind both, by ${how}`, async () => {
    const wide = `${'"東京"\n'.repeat(9000)}`;
    const latin = `${'"São"\n'.repeat(9000)}`;
    const writer = ndjson({ batch: true });
    const seen = [];
    await assert.rejects(
      (async () => {
        const ended = through(
          {
            writable: writer.writable,
            readable: writer.readable.pipeThrough(new TransformStream({ transform: (all) => void seen.push(...all) })),
          },
          pieces(bytes(`${latin}${wide}${latin}?`), 1000),
        );
        await ended;
      })(),
      ({ code, offset, line }) =>
        code === 'invalid-json' && offset === bytes(latin).length * 2 + bytes(wide).length && line === 27_001,
    );
    assert.deepEqual([seen.length, seen[0], seen[9000]], [27_000, 'São', '東京']);
  });
}
