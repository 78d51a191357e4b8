/**
 * `node --expose-gc benches/buffer/soak.mjs [--gb 2]`: a producer in bursts and a consumer at a tenth of its pace, through `buffer()` with 32 MiB
 * of memory and a directory. Every chunk is numbered, and their order is checked. Prints what was alive at most, after collections.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buffer, pipeline } from 'tidegate';

const { values } = parseArgs({ options: { gb: { type: 'string', default: '2' } } });
const CHUNK = 65_536;
const count = Math.ceil((Number(values.gb) * 1e9) / CHUNK);
const directory = mkdtempSync(join(tmpdir(), 'tidegate-soak-'));
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const numberOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);

/** Bursts of 500 chunks, as fast as they can be made. */
async function* bursts() {
  for (let number = 0; number < count; number++) {
    const bytes = new Uint8Array(CHUNK);
    new DataView(bytes.buffer).setUint32(0, number);
    yield bytes;
    if (number % 500 === 499) await pause(20);
  }
}

const stage = buffer({ memory: '32 MiB', disk: directory });
const most = { buffers: 0, heap: 0, inBuffer: 0 };
const timer = setInterval(() => {
  // The second one waits for what the first has found.
  globalThis.gc();
  globalThis.gc();
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  most.buffers = Math.max(most.buffers, arrayBuffers);
  most.heap = Math.max(most.heap, heapUsed);
  most.inBuffer = Math.max(most.inBuffer, stage.stats().memoryBytes);
}, 100);
try {
  let next = 0;
  await pipeline(bursts(), stage, async (chunks) => {
    for await (const bytes of chunks) {
      if (numberOf(bytes) !== next) throw new Error(`chunk ${numberOf(bytes)} came in the place of ${next}`);
      next += 1;
      if (next % 64 === 0) await pause(12);
    }
  });
  if (next !== count) throw new Error(`${next} chunks came, not ${count}`);
  const megabytes = (bytes) => Math.round(bytes / 1e6);
  const { peakBytes, spilledBytes } = stage.stats();
  console.log(
    `${count} chunks in their order; waiting at most ${megabytes(peakBytes)} MB; written to the disk ${megabytes(spilledBytes)} MB;`,
    `alive at most: buffers ${megabytes(most.buffers)} MB (of these counted by stats() ${megabytes(most.inBuffer)}), heap ${megabytes(most.heap)} MB;`,
    `left in the directory: ${readdirSync(directory).length}`,
  );
} finally {
  clearInterval(timer);
  rmSync(directory, { recursive: true, force: true });
}
