/** The file that the workloads read: CSV of six columns and the same as NDJSON, the same at every run. */
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const CITIES = ['London', 'Paris', 'Amsterdam', 'São Paulo', 'New York', 'Hamburg'];

/** About `size` bytes of CSV, as many rows as NDJSON, and the CSV packed by zlib at level 6, and as brotli at quality 5. */
export function makeData(size) {
  let seed = 1;
  const random = (below) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const csv = ['id,time,city,amount,email,note\n'];
  const json = [];
  for (let id = 0, length = 0; length < size; id++) {
    const time = `2026-0${1 + random(9)}-${10 + random(18)}T12:${10 + random(50)}:56Z`;
    const row = [
      `${id}`,
      time,
      CITIES[random(6)],
      `${random(1e6) / 100}`,
      `user${random(1e6)}@example.com`,
      `note ${random(1e9)}`,
    ];
    csv.push(`${row.join()}\n`);
    length += csv.at(-1).length;
    const [, , city, amount, email, note] = row;
    json.push(`${JSON.stringify({ id, time, city, amount: Number(amount), email, note })}\n`);
  }
  const text = Buffer.from(csv.join(''));
  return {
    files: {
      text,
      packed: gzipSync(text, { level: 6 }),
      brotli: brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
      json: Buffer.from(json.join('')),
    },
    rows: csv.length - 1,
  };
}
