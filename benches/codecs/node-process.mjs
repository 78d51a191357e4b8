/** Runs the workloads in a Node process of its own and prints what it found. */
import { documentsOf } from './documents.js';
import { createRequire } from 'node:module';
import { measure } from './measure.js';
import { workloads } from './workloads.js';

globalThis.brotliWasm = createRequire(import.meta.url)('brotli-wasm');

const { origin, ...settings } = JSON.parse(process.argv[2]);
const bytesOf = async (path) => new Uint8Array(await (await fetch(`${origin}${path}`)).arrayBuffer());
const data = {
  text: await bytesOf('/text'),
  packed: await bytesOf('/packed'),
  brotli: await bytesOf('/brotli'),
  zstd: await bytesOf('/zstd'),
  json: await bytesOf('/json'),
  packedUrl: `${origin}/packed`,
};
data.documents = documentsOf(data.json);
console.log(JSON.stringify(await measure(workloads, data, settings)));
