/** What is raced: workloads of benches/, and unpacking a gzip. */

import * as tidegate from 'tidegate';
import { gunzip, gzip } from 'tidegate/codecs';
import { measure } from '../../benches/measure.js';

const CHUNKS = 5000;
const TURNS = 5;
/** Megabytes of text that the gzip unpacks to. */
const MEGABYTES = 16;

/**
 * @typedef {object} Racer
 * @property {string} title
 * @property {string} what
 * @property {'chunks' | 'MB'} unit of the rates, a second
 * @property {() => Promise<{ ours: number, native: number | null }>} run null where the engine lacks what it takes; rejects where either failed
 */

const stream = (title, what, name) => ({ title, what, unit: 'chunks', run: () => runStreams(name) });

/** @type {Record<string, Racer>} */
export const RACERS = {
  readLoop: stream('Read', 'a source, read chunk by chunk', 'readLoop'),
  pipeTo: stream('Pipe', 'a source piped into a sink', 'pipeTo'),
  transform3: stream('Transform', 'a pipe through three transforms', 'transform3'),
  tee: stream('Tee', 'both branches read at once', 'tee'),
  shortStreams: stream('Many short streams', 'three chunks each, one after another', 'shortStreams'),
  byteRead: stream('Bytes', 'a byte stream of new buffers, mostly the engine’s own work', 'byteRead'),
  gunzip: { title: 'Unpack', what: 'gzip to text, beside DecompressionStream', unit: 'MB', run: runGunzip },
};

async function runStreams(name) {
  const { workloads } = await measure(
    { ours: tidegate, native: globalThis },
    { only: [name], turns: TURNS, chunks: CHUNKS },
  );
  const { ours, native } = workloads[name];
  return { ours: rateOf('tidegate', ours), native: rateOf('the engine', native) };
}

/** Chunks a second. @param {string} who @param {{ minimum: number, error?: string } | null} figures nanoseconds a chunk */
export function rateOf(who, figures) {
  if (figures?.error !== undefined) throw new Error(`${who}: ${figures.error}`);
  return figures ? 1e9 / figures.minimum : null;
}

async function runGunzip() {
  const packed = await pack();
  const count = async (chunks) => {
    let bytes = 0;
    for await (const chunk of chunks) bytes += chunk.byteLength;
    if (bytes !== MEGABYTES * 1e6) throw new Error(`${bytes} bytes came out`);
  };
  const source = function* () {
    for (let at = 0; at < packed.length; at += 65_536) yield packed.subarray(at, at + 65_536);
  };
  const { pipeline } = tidegate;
  const lanes = { ours: () => pipeline(source, gunzip(), count) };
  if (globalThis.DecompressionStream) lanes.native = () => drainNative(source(), MEGABYTES * 1e6);
  const best = { ours: Infinity, native: Infinity };
  const order = Object.keys(lanes);
  // The first turn warms up, and does not count.
  for (let turn = 0; turn <= TURNS; turn++, order.reverse())
    for (const lane of order) {
      const began = performance.now();
      await lanes[lane]();
      if (turn > 0) best[lane] = Math.min(best[lane], performance.now() - began);
    }
  const rate = (milliseconds) => (MEGABYTES * 1000) / milliseconds;
  return { ours: rate(best.ours), native: lanes.native ? rate(best.native) : null };
}

async function drainNative(chunks, expected) {
  const { readable, writable } = new DecompressionStream('gzip');
  const writing = (async () => {
    const writer = writable.getWriter();
    for (const chunk of chunks) await writer.write(chunk);
    await writer.close();
  })();
  const reader = readable.getReader();
  let bytes = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) bytes += read.value.byteLength;
  await writing;
  if (bytes !== expected) throw new Error(`${bytes} bytes came out`);
}

/** Text of a CSV's kind, packed. */
function pack() {
  const line = (n) => `${n},2025-01-${10 + (n % 20)},Oslo,"Lamp, tall",${n % 17},${(n * 7919) % 99991},\r\n`;
  let text = '';
  for (let n = 0; text.length < 1e6; n++) text += line(n);
  const block = new TextEncoder().encode(text).subarray(0, 1e6);
  return tidegate.pipeline(Array(MEGABYTES).fill(block), gzip(), (chunks) => tidegate.toBytes(chunks));
}
