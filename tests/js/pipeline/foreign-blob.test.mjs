/** Blobs of hosts that imitate a browser, such as jsdom, whose methods are fewer than those of a browser's. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromFile, pipeline, toArray, toBytes } from 'tidegate';

const data = Uint8Array.from({ length: 200_000 }, (_, i) => i % 251);

/** A Blob as jsdom 26 has it: no `stream()`, no `arrayBuffer()`, read by FileReader alone. */
class OldBlob {
  constructor(bytes) {
    this.bytes = bytes;
  }
  get size() {
    return this.bytes.length;
  }
  slice(from, to) {
    return new this.constructor(this.bytes.slice(from, to));
  }
  get [Symbol.toStringTag]() {
    return 'Blob';
  }
}

/** A Blob as jsdom 27 has it: no `stream()`. */
class NewBlob extends OldBlob {
  async arrayBuffer() {
    return this.bytes.slice().buffer;
  }
}

class FileReader {
  readAsArrayBuffer(blob) {
    setTimeout(() => {
      if (blob.bytes.length === 0 || blob.bytes[0] !== 255) {
        this.result = blob.bytes.slice().buffer;
        this.onload();
      } else {
        this.error = new Error('NotReadableError');
        this.onerror();
      }
    });
  }
}

test('a Blob without stream() is read in slices', async () => {
  assert.deepEqual(await toBytes(new NewBlob(data)), data);
  const chunks = await toArray(new NewBlob(data));
  assert.ok(chunks.length > 1 && chunks.every((chunk) => chunk.length <= 65_536));
});

test('a Blob that has no method for reading is read by FileReader', async (t) => {
  globalThis.FileReader = FileReader;
  t.after(() => delete globalThis.FileReader);
  assert.deepEqual(await toBytes(new OldBlob(data)), data);
});

test('a Blob that cannot be read fails the pipeline with the error of FileReader', async (t) => {
  globalThis.FileReader = FileReader;
  t.after(() => delete globalThis.FileReader);
  await assert.rejects(toBytes(new OldBlob(Uint8Array.of(255))), /NotReadableError/);
});

test('fromFile takes such a Blob', async (t) => {
  globalThis.FileReader = FileReader;
  t.after(() => delete globalThis.FileReader);
  assert.deepEqual(await toBytes(fromFile(new NewBlob(data))), data);
  assert.deepEqual(await toBytes(fromFile(new OldBlob(data))), data);
});

test('an ArrayBuffer is no Blob, though it has slice()', async () => {
  await assert.rejects(
    pipeline(new ArrayBuffer(8), async () => {}),
    /put it in an array/,
  );
});
