/** What is raced: workloads of benches/, and unpacking a gzip. */

import * as tidegate from 'tidegate';
import { gunzip } from 'tidegate/codecs';
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
 * @property {() => Promise<{ ours: number, native: number | null }>} run null where the engine lacks what it takes
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
  const rate = (figures) => (figures ? 1e9 / figures.minimum : null);
  return { ours: rate(ours), native: rate(native) };
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
  const lanes = {
    ours: () => pipeline(source, gunzip(), count),
    native: () => drainNative(source(), MEGABYTES * 1e6),
  };
  const best = { ours: Infinity, native: Infinity };
  for (let turn = 0; turn < TURNS; turn++)
    for (const lane of turn % 2 ? ['native', 'ours'] : ['ours', 'native']) {
      const began = performance.now();
      await lanes[lane]();
      if (turn > 0) best[lane] = Math.min(best[lane], performance.now() - began);
    }
  const rate = (milliseconds) => (MEGABYTES * 1000) / milliseconds;
  return { ours: rate(best.ours), native: rate(best.native) };
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

/** Text of a CSV's kind, packed by the engine. */
async function pack() {
  const line = (n) => `${n},2025-01-${10 + (n % 20)},Oslo,"Lamp, tall",${n % 17},${(n * 7919) % 99991},\r\n`;
  let text = '';
  for (let n = 0; text.length < 1e6; n++) text += line(n);
  const block = new TextEncoder().encode(text).subarray(0, 1e6);
  const blob = new Blob(Array(MEGABYTES).fill(block));
  return new Uint8Array(await new Response(blob.stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer());
}
