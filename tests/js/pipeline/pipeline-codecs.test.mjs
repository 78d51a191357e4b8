/** pipeline() with the codecs: rows arrive, errors are the codec's own, and however it ends no chain is left in Wasm. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ReadableStream, TransformStream, pipeline } from 'tidegate';
import { CodecError, codecMemory, csv, digest, gunzip, lines } from 'tidegate/codecs';
import { within } from './pipeline-parts.mjs';

const ROWS = 20_000;
const text = Array.from({ length: ROWS }, (_, n) => `${n},"a ""quoted"" field",x${n}\r\n`).join('');
const zipped = gzipSync(text);
const sha256 = createHash('sha256').update(text).digest('hex');

const slices = (bytes, size) =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) => bytes.subarray(n * size, (n + 1) * size));

const sources = {
  'an array of slices': (bytes) => slices(bytes, 5000),
  'a Blob': (bytes) => new Blob([bytes]),
  'a Response': (bytes) => new Response(bytes),
  'a stream of ours': (bytes) => ReadableStream.from(slices(bytes, 777)),
};

const count = async (batches) => {
  let rows = 0;
  for await (const batch of batches) rows += batch.length;
  return rows;
};

/** Runs the job and says how it ended, and what the digest said. */
async function job(source, consume, { between = [], signal } = {}) {
  const hash = digest('sha-256');
  const settled = (promise) =>
    promise.then(
      (value) => ({ value }),
      (error) => ({ error }),
    );
  const outcome = await within(
    5000,
    settled(pipeline(source, gunzip(), hash, ...between, csv({ batch: true }), consume, { signal })),
  );
  return { ...outcome, hash: await within(1000, settled(hash.hex)), chains: codecMemory().chains };
}

for (const [name, make] of Object.entries(sources)) {
  describe(`from ${name}`, () => {
    test('every row and the digest arrive', async () => {
      assert.deepEqual(await job(make(zipped), count), { value: ROWS, hash: { value: sha256 }, chains: 0 });
    });

    test('a stage of another kind between the codecs changes nothing', async () => {
      assert.deepEqual(await job(make(zipped), count, { between: [new TransformStream()] }), {
        value: ROWS,
        hash: { value: sha256 },
        chains: 0,
      });
    });

    test("truncated gzip fails with the codec's error, which the digest has too", async () => {
      const { error, hash, chains } = await job(make(zipped.subarray(0, zipped.length >> 1)), count);
      assert.ok(error instanceof CodecError);
      assert.deepEqual([error.codec, error.code, chains], ['gunzip', 'truncated', 0]);
      assert.equal(hash.error, error);
    });

    test('a consumer that throws fails with its error, and frees the chain', async () => {
      const failure = new Error('the first error');
      const { error, hash, chains } = await job(make(zipped), async (batches) => {
        await batches.next();
        throw failure;
      });
      assert.deepEqual([error, hash.error, chains], [failure, failure, 0]);
    });

    test('a consumer that has had enough frees the chain', async () => {
      const { value, chains } = await job(make(zipped), async (batches) => {
        for await (const batch of batches) return batch.length > 0;
      });
      assert.deepEqual([value, chains], [true, 0]);
    });

    test('an abort frees the chain', async () => {
      const failure = new Error('the first error');
      const controller = new AbortController();
      const { error, hash, chains } = await job(
        make(zipped),
        async (batches) => {
          await batches.next();
          controller.abort(failure);
          await count(batches);
        },
        { signal: controller.signal },
      );
      assert.deepEqual([error, hash.error, chains], [failure, failure, 0]);
    });
  });
}

test('lines go from a codec to a function', async () => {
  const numbers = await pipeline(
    [Buffer.from('1\n2\n3\n')],
    lines(),
    async function* (all) {
      for await (const line of all) yield Number(line);
    },
    async (chunks) => {
      let sum = 0;
      for await (const chunk of chunks) sum += chunk;
      return sum;
    },
  );
  assert.equal(numbers, 6);
});

test('a codec that has been used is refused', async () => {
  const used = lines();
  await pipeline([Buffer.from('1\n')], used, () => {});
  await assert.rejects(
    pipeline([Buffer.from('1\n')], used, () => {}),
    TypeError,
  );
});
