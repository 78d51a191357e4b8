/**
 * `node benches/archives/run.mjs`: zips and unzips beside zip.js, in Node: the same contents in chunks of 64 KiB, every content counted and
 * its CRC checked. Prints MB of contents a second, by the least time of three turns.
 */
import { isMainThread } from 'node:worker_threads';
import { configure, ZipReader, ZipWriter } from '@zip.js/zip.js';
import { fromNative } from 'tidegate';
import { openZip, zip, zipEntries } from 'tidegate/archives';
import { pipeline } from 'tidegate';

const TURNS = 3;
const MB = 1e6;

/** Text that compresses about as logs do. */
function textOf(length, seed) {
  const words = ['high', 'low', 'water', 'tide', 'gate', 'spring', 'neap', 'ebb', 'flow', 'slack'];
  const parts = [];
  let state = seed;
  for (let size = 0; size < length;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const part = `${state % 1000} ${words[(state >>> 10) % 10]}${state % 7 ? ' ' : '\n'}`;
    parts.push(part);
    size += part.length;
  }
  return Buffer.from(parts.join('').slice(0, length));
}

const chunksOf = (bytes) => {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at === bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, (at += Math.min(65_536, bytes.length - at))));
    },
  });
};

const CASES = {
  'one text of 64 MB': [{ name: 'text', bytes: textOf(64 * MB, 1) }],
  '2,000 texts of 8 KB': Array.from({ length: 2000 }, (_, n) => ({ name: `${n}.txt`, bytes: textOf(8000, n + 1) })),
};

const counter = () => {
  const sink = { bytes: 0 };
  sink.stream = () => new WritableStream({ write: (chunk) => void (sink.bytes += chunk.length) });
  return sink;
};

/** Each does the work and returns how many bytes of contents it has counted. */
const WORK = {
  async 'zip: tidegate'(files) {
    const parts = [];
    for await (const part of zip(files.map(({ name, bytes }) => ({ name, content: fromNative(chunksOf(bytes)) }))))
      parts.push(part);
    return { blob: new Blob(parts), bytes: sum(files) };
  },
  async 'zip: zip.js'(files, options) {
    const parts = [];
    const writer = new ZipWriter(new WritableStream({ write: (part) => void parts.push(part.slice()) }), options);
    for (const { name, bytes } of files) await writer.add(name, chunksOf(bytes), { level: 6 });
    await writer.close();
    return { blob: new Blob(parts), bytes: sum(files) };
  },
  async 'unzip: tidegate openZip()'(files, options, blob) {
    let bytes = 0;
    for (const entry of (await openZip(blob)).entries) for await (const chunk of entry.stream()) bytes += chunk.length;
    return { bytes };
  },
  async 'unzip: tidegate zipEntries()'(files, options, blob) {
    let bytes = 0;
    await pipeline(blob, zipEntries(), async (entries) => {
      for await (const entry of entries) for await (const chunk of entry.stream()) bytes += chunk.length;
    });
    return { bytes };
  },
  async 'unzip: zip.js'(files, options, blob) {
    const reader = new ZipReader(blob.stream(), { ...options, checkSignature: true });
    let bytes = 0;
    for (const entry of await reader.getEntries()) {
      const sink = counter();
      await entry.getData(sink.stream());
      bytes += sink.bytes;
    }
    await reader.close();
    return { bytes };
  },
};

const sum = (files) => files.reduce((bytes, file) => bytes + file.bytes.length, 0);

async function measure(name, files, options, blob) {
  let least = Infinity;
  let made;
  for (let turn = 0; turn < TURNS; turn++) {
    const start = performance.now();
    made = await WORK[name](files, options, blob);
    least = Math.min(least, performance.now() - start);
    if (made.bytes !== sum(files)) throw new Error(`${name} gave ${made.bytes} bytes, not ${sum(files)}`);
  }
  return { made, speed: sum(files) / 1e3 / least };
}

if (isMainThread) {
  for (const [what, files] of Object.entries(CASES)) {
    const { made } = await measure('zip: tidegate', files, {}, undefined);
    for (const name of Object.keys(WORK)) {
      for (const useWebWorkers of name.endsWith('zip.js') ? [false, true] : [false]) {
        configure({ useWebWorkers });
        const { speed } = await measure(name, files, { useWebWorkers }, made.blob);
        const label = name.endsWith('zip.js') ? `${name}, ${useWebWorkers ? 'with' : 'without'} its workers` : name;
        console.log(`${what.padEnd(22)} ${label.padEnd(36)} ${speed.toFixed(0).padStart(6)} MB/s`);
      }
    }
  }
  process.exit();
}
