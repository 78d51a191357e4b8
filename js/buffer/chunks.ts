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
  if (ArrayBuffer.isView(chunk) || chunk instanceof ArrayBuffer) {
    const bytes = toBytes(chunk, 'buffer');
    // A small part must not keep a large buffer.
    return bytes.byteLength < bytes.buffer.byteLength / 2 ? bytes.slice() : bytes;
  }
  throw new TypeError(
    `buffer(): a chunk must be a string or bytes; got ${describe(chunk)}. Put map(JSON.stringify) before it, or another stage that makes text or bytes`,
  );
}

/** What a chunk has, in bytes. */
export const sizeOf = (chunk: Chunk): number => (typeof chunk === 'string' ? 2 * chunk.length : chunk.byteLength);

/** What an engine takes for a chunk of its own, in bytes, roughly. */
export const OVERHEAD = 96;

const isWellFormed = (text: string): boolean => !/[\ud800-\udfff]/u.test(text);

/** The code units of a text, two bytes each. */
function unitsOf(text: string): Uint8Array {
  const units = new Uint16Array(text.length);
  for (let at = 0; at < text.length; at++) units[at] = text.charCodeAt(at);
  return new Uint8Array(units.buffer);
}

type Record = readonly [kind: number, bytes: Uint8Array];

function recordOf(chunk: Chunk): Record {
  if (typeof chunk !== 'string') return [BYTES, chunk];
  return isWellFormed(chunk) ? [UTF8, utf8(chunk)] : [UTF16, unitsOf(chunk)];
}

/** Puts chunks into a segment as they come, so that they are in memory once. */
export class SegmentWriter {
  #capacity: number;
  #bytes: Bytes | undefined;
  #at = 0;
  /** The chunks that are in it. */
  count = 0;

  /** @param capacity the most bytes of a segment; a chunk that has more is one by itself */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** The bytes that are in it. */
  get length(): number {
    return this.#at;
  }

  /** Says whether there was room. */
  add(chunk: Chunk): boolean {
    const [kind, bytes] = recordOf(chunk);
    const length = HEAD + bytes.length;
    if (this.count > 0 && this.#at + length > this.#capacity) return false;
    const segment = (this.#bytes ??= new Uint8Array(Math.max(this.#capacity, length)));
    const view = new DataView(segment.buffer);
    view.setUint8(this.#at, kind);
    view.setUint32(this.#at + 1, bytes.length);
    segment.set(bytes, this.#at + HEAD);
    this.#at += length;
    this.count += 1;
    return true;
  }

  /** The segment, which is empty then. */
  take(): Bytes {
    const segment = this.#bytes!.subarray(0, this.#at);
    this.#bytes = undefined;
    this.#at = this.count = 0;
    return segment;
  }
}

/** Takes the chunks out of a segment one by one, each with a buffer of its own. */
export class SegmentReader {
  #segment: Uint8Array;
  #view: DataView;
  #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #at = 0;
  /** The chunks that are left. */
  count: number;

  constructor(segment: Uint8Array, count: number) {
    this.#segment = segment;
    this.#view = new DataView(segment.buffer, segment.byteOffset, segment.byteLength);
    this.count = count;
  }

  /** The bytes that are left. */
  get length(): number {
    return this.#segment.length - this.#at;
  }

  next(): Chunk {
    const kind = this.#view.getUint8(this.#at);
    const start = this.#at + HEAD;
    this.#at = start + this.#view.getUint32(this.#at + 1);
    this.count -= 1;
    const bytes = this.#segment.slice(start, this.#at);
    if (kind === BYTES) return bytes as Bytes;
    if (kind === UTF8) return this.#decoder.decode(bytes);
    return Array.from(new Uint16Array(bytes.buffer), (unit) => String.fromCharCode(unit)).join('');
  }
}
