/** fromFile(): the bytes of a file, a slice at a time. */
import assert from 'node:assert/strict';
import { openAsBlob } from 'node:fs';
import { mkdtemp, rm, writeFile, appendFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fromFile, pipeline, toBytes } from 'tidegate';
import { turn, within } from '../pipeline/pipeline-parts.mjs';

const SIZE = 1_000_000;
const content = Buffer.from(Uint8Array.from({ length: SIZE }, (_, n) => (n * 7 + (n >> 8)) & 255));
let folder;
let path;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-file-'));
  path = join(folder, 'data');
  await writeFile(path, content);
});
after(() => rm(folder, { recursive: true }));

/** A Blob that counts what is asked of it. */
function counting(blob) {
  const seen = { slices: 0, bytes: 0 };
  const counted = Object.create(blob, {
    size: { get: () => blob.size },
    slice: {
      value: (from, to) => {
        seen.slices += 1;
        seen.bytes += to - from;
        return blob.slice(from, to);
      },
    },
    stream: { value: () => blob.stream() },
    arrayBuffer: { value: () => blob.arrayBuffer() },
  });
  return { seen, blob: counted };
}

describe('fromFile()', () => {
  test('gives the file, byte for byte', async () => {
    assert.deepEqual(Buffer.from(await toBytes(fromFile(await openAsBlob(path)))), content);
  });

  for (const [start, end, from, to] of [
    [10, 20, 10, 20],
    [999_990, undefined, 999_990, SIZE],
    [0, 2 * SIZE, 0, SIZE],
    [SIZE, undefined, SIZE, SIZE],
    [50, 40, 50, 50],
  ]) {
    test(`gives what is between ${start} and ${end ?? 'its end'}`, async () => {
      assert.deepEqual(
        Buffer.from(await toBytes(fromFile(await openAsBlob(path), { start, end }))),
        content.subarray(from, to),
      );
    });
  }

  test('gives an empty file as nothing', async () => {
    assert.equal((await toBytes(fromFile(new Blob([])))).length, 0);
  });

  test('asks for a slice when one is wanted, and for no more while nobody reads', async () => {
    const { seen, blob } = counting(new Blob([content]));
    const reader = fromFile(blob, { chunkSize: 1000 }).getReader();
    for (let n = 0; n < 5; n += 1) await turn();
    assert.deepEqual(seen, { slices: 0, bytes: 0 });
    assert.equal((await reader.read()).value.length, 1000);
    for (let n = 0; n < 5; n += 1) await turn();
    assert.deepEqual(seen, { slices: 1, bytes: 1000 });
    await reader.cancel();
    assert.deepEqual(seen, { slices: 1, bytes: 1000 });
  });

  test('reads into the buffers it is given', async () => {
    const reader = fromFile(await openAsBlob(path)).getReader({ mode: 'byob' });
    const { value } = await reader.read(new Uint8Array(10));
    assert.deepEqual(Buffer.from(value), content.subarray(0, 10));
    const rest = await reader.read(new Uint8Array(2 * SIZE), { min: SIZE - 10 });
    assert.deepEqual(Buffer.from(rest.value), content.subarray(10));
    assert.equal((await reader.read(new Uint8Array(1))).done, true);
  });

  test('goes on where another reader stopped, losing and repeating nothing', async () => {
    const stream = fromFile(await openAsBlob(path), { chunkSize: 333 });
    const parts = [];
    for (let n = 0; n < 10; n += 1) {
      const reader = stream.getReader();
      parts.push((await reader.read()).value);
      reader.releaseLock();
      await turn();
    }
    parts.push(await toBytes(stream));
    assert.deepEqual(Buffer.concat(parts), content);
  });

  test('tells a pipeline its size', async () => {
    let last;
    await pipeline(
      fromFile(new Blob([content]), { start: 100 }),
      (bytes) => bytes.length,
      async (lengths) => {
        for await (const length of lengths) assert.ok(length > 0);
      },
      { onProgress: (progress) => void (last = progress) },
    );
    assert.deepEqual([last.total, last.bytes], [SIZE - 100, SIZE - 100]);
  });

  test('fails with the error of a file that changed while it was read', async () => {
    const other = join(folder, 'changing');
    await writeFile(other, content);
    const reader = fromFile(await openAsBlob(other), { chunkSize: 100 }).getReader();
    await reader.read();
    await appendFile(other, 'more');
    await assert.rejects(
      (async () => {
        for (let n = 0; n < SIZE; n += 1) if ((await reader.read()).done) return;
      })(),
      { name: 'NotReadableError' },
    );
  });

  test('ends with the reason of its signal, and leaves no listener', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const reader = fromFile(new Blob([content]), { signal: controller.signal, chunkSize: 10 }).getReader();
    await reader.read();
    controller.abort(reason);
    await assert.rejects(within(1000, reader.read()), (error) => error === reason);
  });

  test('reads what a handle gives when it is first read', async () => {
    let opened = 0;
    const handle = {
      async getFile() {
        opened += 1;
        return new Blob([content]);
      },
    };
    const stream = fromFile(handle);
    await turn();
    assert.equal(opened, 0);
    assert.equal((await toBytes(stream)).length, SIZE);
    assert.equal(opened, 1);
  });

  test('refuses what is no file', () => {
    assert.throws(() => fromFile('data.csv'), {
      name: 'TypeError',
      message: /^fromFile\(\): the first argument must be a File, a Blob or a FileSystemFileHandle; got string$/,
    });
    assert.throws(() => fromFile(new Blob([]), { start: -1 }), RangeError);
    assert.throws(() => fromFile(new Blob([]), { chunkSize: 0 }), RangeError);
  });
});
