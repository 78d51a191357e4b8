/** Chunks of a buffer, in memory and as the bytes of a segment on the disk. */
import { toBytes } from '../codecs/options.js';
import { describe } from '../values/describe.js';
import { utf8 } from '../runtime/text.js';
import type { Bytes } from '../runtime/buffers.js';

/** What a buffer keeps. */
export type Chunk = Bytes | string;

/** The kinds of a record. A string with half a surrogate pair has no UTF-8. */
const BYTES = 0;
const UTF8 = 1;
const UTF16 = 2;
/** The kind, and the bytes of what follows. */
const HEAD = 5;

/** @throws {TypeError} unless the chunk is a string or bytes */
export function checked(chunk: unknown): Chunk {
  if (typeof chunk === 'string') return chunk;
  if (ArrayBuffer.isView(chunk) || chunk instanceof ArrayBuffer) return toBytes(chunk, 'buffer');
  throw new TypeError(
    `buffer(): a chunk must be a string or bytes; got ${describe(chunk)}. Put map(JSON.stringify) before it, or another stage that makes text or bytes`,
  );
}

/** What a chunk takes in memory, in bytes. */
export const sizeOf = (chunk: Chunk): number => (typeof chunk === 'string' ? 2 * chunk.length : chunk.byteLength);

const isWellFormed = (text: string): boolean => !/[\ud800-\udfff]/u.test(text);

/** The code units of a text, two bytes each. */
function unitsOf(text: string): Uint8Array {
  const units = new Uint16Array(text.length);
  for (let at = 0; at < text.length; at++) units[at] = text.charCodeAt(at);
  return new Uint8Array(units.buffer);
}

/** A segment of `chunks`. */
export function packed(chunks: readonly Chunk[]): Bytes {
  const records = chunks.map((chunk): [kind: number, bytes: Uint8Array] => {
    if (typeof chunk !== 'string') return [BYTES, chunk];
    if (isWellFormed(chunk)) return [UTF8, utf8(chunk)];
    return [UTF16, unitsOf(chunk)];
  });
  const segment = new Uint8Array(records.reduce((sum, [, bytes]) => sum + HEAD + bytes.length, 0));
  const view = new DataView(segment.buffer);
  let at = 0;
  for (const [kind, bytes] of records) {
    view.setUint8(at, kind);
    view.setUint32(at + 1, bytes.length);
    segment.set(bytes, at + HEAD);
    at += HEAD + bytes.length;
  }
  return segment;
}

/** The chunks of a segment, each with a buffer of its own. */
export function unpacked(segment: Uint8Array): Chunk[] {
  const view = new DataView(segment.buffer, segment.byteOffset, segment.byteLength);
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const chunks: Chunk[] = [];
  for (let at = 0; at < segment.length;) {
    const kind = view.getUint8(at);
    const start = at + HEAD;
    at = start + view.getUint32(at + 1);
    const bytes = segment.slice(start, at);
    if (kind === BYTES) chunks.push(bytes);
    else if (kind === UTF8) chunks.push(decoder.decode(bytes));
    else chunks.push(Array.from(new Uint16Array(bytes.buffer), (unit) => String.fromCharCode(unit)).join(''));
  }
  return chunks;
}
