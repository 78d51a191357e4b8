/**
 * `node benches/archives/flat.mjs [BYTES]`: writes an entry of that many bytes (4.2 GB) of zeros, and one of as many that do not compress, with
 * `zip()`, reads them with `zipEntries()` at the same time, and prints the process's memory. It fails if something is missing, or if the
 * memory grows with what has gone through.
 */
import { pipeline } from 'tidegate';
import { zip, zipEntries } from 'tidegate/archives';

const SIZE = Number(process.argv[2] ?? 4.2e9);
const CHUNK = 65_536;
/** Bytes by which the memory may grow after the first tenth. */
const MOST_GROWN = 64 * 2 ** 20;

function* contents(isNoise) {
  const noise = new Uint8Array(CHUNK + 4096);
  for (let at = 0, state = 1; at < noise.length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    noise[at] = state >>> 24;
  }
  for (let left = SIZE, n = 0; left > 0; left -= CHUNK, n++) {
    const length = Math.min(left, CHUNK);
    // Deflate looks 32 KiB back, so a chunk that begins elsewhere each time is new to it.
    yield isNoise ? noise.slice(n % 4096, (n % 4096) + length) : new Uint8Array(length);
  }
}

const entries = [
  { name: 'zeros', content: contents(false), level: 1 },
  { name: 'noise', content: contents(true), level: 1 },
];

const rss = () => process.memoryUsage().rss;
let peak = 0;
let early = 0;
let total = 0;
const start = performance.now();
await pipeline(zip(entries), zipEntries(), async (list) => {
  for await (const entry of list) {
    let size = 0;
    for await (const chunk of entry.stream()) {
      size += chunk.length;
      const before = Math.floor(total / 2 ** 28);
      total += chunk.length;
      if (Math.floor(total / 2 ** 28) === before) continue;
      peak = Math.max(peak, rss());
      if (total < SIZE / 5) early = Math.max(early, rss());
    }
    if (size !== SIZE) throw new Error(`${entry.name} has ${size} bytes, not ${SIZE}`);
    console.log(
      `${entry.name}: ${(size / 1e9).toFixed(2)} GB, rss ${(rss() / 2 ** 20).toFixed(0)} MiB, ${((performance.now() - start) / 1000).toFixed(0)} s`,
    );
  }
});
console.log(
  `rss: ${(early / 2 ** 20).toFixed(0)} MiB at most in the first tenth, ${(peak / 2 ** 20).toFixed(0)} MiB at most in all`,
);
if (early > 0 && peak > early + MOST_GROWN) {
  console.error('The memory has grown with what went through.');
  process.exitCode = 1;
}
