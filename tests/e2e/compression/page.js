/** Packs and unpacks zstd and brotli in a page, on its thread and in a worker, and through the page's own classes. */
import { pipeline, toBytes } from '/dist/index.js';
import {
  brotliCompress,
  brotliDecompress,
  decompress,
  DecompressionStream,
  installCompression,
  zstdCompress,
  zstdDecompress,
} from '/dist/codecs.js';

const text = new TextEncoder().encode(Array.from({ length: 20_000 }, (_, at) => `${at} the tide comes in\n`).join(''));
const pieces = function* (bytes, size) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
};
const same = (bytes) => bytes.length === text.length && bytes.every((byte, at) => byte === text[at]);

const PAIRS = { zstd: [zstdCompress, zstdDecompress], brotli: [brotliCompress, brotliDecompress] };

/** Whether what is packed is smaller, and is what it was when it is unpacked: by its codec, and by the one that finds the format. */
async function roundTrip(name, options) {
  const [pack, unpack] = PAIRS[name];
  const packed = await pipeline(pieces(text, 10_000), pack(options), toBytes);
  const unpacked = await pipeline(pieces(packed, 1000), unpack(options), toBytes);
  const finder = decompress({ ...options, unknown: 'brotli' });
  const found = await pipeline(pieces(packed, 7), finder, toBytes);
  return [packed.length < text.length / 4, same(unpacked), same(found), await finder.format];
}

const outcome = (promise) =>
  promise.then(
    () => 'it did not fail',
    (error) => `${error.name}${error.cause ? `, ${error.cause.code}` : ''}`,
  );

async function through(Class, chunks) {
  const { readable, writable } = new Class('brotli');
  const writer = writable.getWriter();
  const writing = (async () => {
    for (const chunk of chunks) await writer.write(chunk);
    await writer.close();
  })();
  writing.catch(() => {});
  const parts = [];
  const reader = readable.getReader();
  for (let result; !(result = await reader.read()).done;) parts.push(result.value);
  await writing;
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** Of a class of the standard: what it gives, and what is a TypeError. */
async function classOf(Class, packed) {
  return {
    unpacks: same(await through(Class, pieces(packed, 500))),
    truncated: await outcome(through(Class, [packed.slice(0, -1)])),
    trailing: await outcome(through(Class, [packed, new Uint8Array(1)])),
    noBytes: await outcome(through(Class, ['text'])),
  };
}

async function run() {
  const packed = await pipeline([text], brotliCompress(), toBytes);
  const ours = await classOf(DecompressionStream, packed);
  const installed = installCompression(['brotli']);
  const pages = await classOf(globalThis.DecompressionStream, packed);
  return {
    zstd: await roundTrip('zstd', {}),
    brotli: await roundTrip('brotli', {}),
    zstdInWorker: await roundTrip('zstd', { worker: true }),
    brotliInWorker: await roundTrip('brotli', { worker: true }),
    ours,
    pages,
    installed: typeof installed,
  };
}

const seen = await run().catch((error) => ({ error: String(error?.stack ?? error) }));
await fetch(new URL(location.href).searchParams.get('result'), {
  method: 'POST',
  headers: { 'content-type': 'text/plain' },
  body: JSON.stringify(seen),
});
