/** Conversion of options and chunks, with errors that say what was expected. */
import { describe } from '../values/describe.js';
import type { WorkerPool } from '../bridge/stages.js';
import type { Bytes } from '../runtime/buffers.js';

/** Options of every codec. */
export interface CodecOptions {
  /**
   * The high-water mark of the readable side. For `gunzip` and `digest` in bytes, default 65,536; for `lines`,
   * `csv` and `ndjson` in records, default 256, or 1,024 with `batch`.
   */
  highWaterMark?: number | undefined;
  /** The high-water mark of the writable side, in bytes; a string counts as many as its length. Default: 65,536. */
  inputHighWaterMark?: number | undefined;
  /**
   * True runs the codec in a worker of a pool that all codecs share, a `WorkerPool` in one of its own. Codecs in a row run
   * there together if one of them is to. Default: false, on the thread of the page.
   */
  worker?: boolean | WorkerPool | undefined;
}

/** The option of codecs that read text of other encodings too. */
export interface EncodingOptions {
  /**
   * The encoding of the bytes, by any label of the Encoding Standard (https://encoding.spec.whatwg.org/#names-and-labels), such as `windows-1252` or
   * `shift_jis`. It is decoded before it goes to the module, as by `decodeText()`, so offsets of errors then count the text as UTF-8. Bytes that are no text become
   * U+FFFD. Default: UTF-8, which the module decodes itself.
   */
  encoding?: string | undefined;
}

/** Options of codecs that read text. */
export interface TextOptions extends CodecOptions, EncodingOptions {
  /**
   * True fails with `invalid-utf8` on invalid UTF-8; false replaces it with U+FFFD, as `TextDecoder` does. Default:
   * false.
   */
  fatal?: boolean | undefined;
  /** True keeps a byte order mark at the start; false drops it, as `TextDecoder` does. Default: false. */
  ignoreBOM?: boolean | undefined;
}

const bufferByteLength = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength')!.get!;

function isBuffer(value: unknown): value is ArrayBuffer {
  try {
    bufferByteLength.call(value);
    return true;
  } catch {
    return false;
  }
}

const { keys } = Uint8Array.prototype;

/**
 * A view of its own of a BufferSource's bytes: https://webidl.spec.whatwg.org/#BufferSource
 *
 * @param orText whether the codec takes strings as well
 * @throws {TypeError} on behalf of `codec`
 */
export function toBytes(chunk: unknown, codec: string, orText = false): Bytes {
  const isView = ArrayBuffer.isView(chunk);
  const buffer = isView ? chunk.buffer : chunk;
  if (isBuffer(buffer)) {
    try {
      // A typed array whose resizable buffer has shrunk below it claims to be empty. `keys` throws on it.
      if (isView && chunk.byteLength === 0 && !(chunk instanceof DataView)) keys.call(chunk as Uint8Array);
      // Of a fixed length: one that followed a resizable buffer could end before what has been read of it.
      return isView
        ? new Uint8Array(buffer, chunk.byteOffset, chunk.byteLength)
        : new Uint8Array(buffer, 0, bufferByteLength.call(buffer));
    } catch {
      throw detached(codec);
    }
  }
  if (isView || Object.prototype.toString.call(chunk) === '[object SharedArrayBuffer]') {
    throw new TypeError(
      `${codec}: chunks must not be in a SharedArrayBuffer, which others may write to meanwhile; copy the bytes first, as with new Uint8Array(view)`,
    );
  }
  let advice = '';
  if (typeof chunk === 'string') advice = '. Encode strings first: put new TextEncoderStream() before the codec';
  else if (Array.isArray(chunk)) advice = '. If its elements are bytes, put flatten() before the codec';
  throw new TypeError(
    `${codec}: chunks must be ${orText ? 'strings or ' : ''}bytes, an ArrayBuffer or a view of one; got ${describe(chunk)}${advice}`,
  );
}

export const detached = (codec: string): TypeError =>
  new TypeError(
    `${codec}: a chunk's buffer is detached: it was transferred, or resized, before the codec had read it. Transfer a copy, or wait for the write`,
  );

/** One of a few strings. */
export function oneOf<T extends string>(codec: string, name: string, value: unknown, allowed: readonly T[]): T {
  if (!allowed.includes(value as T)) {
    throw new TypeError(`${codec}: ${name} must be ${allowed.map((item) => `'${item}'`).join(' or ')}`);
  }
  return value as T;
}

/** A whole number from `min` to `max`. */
export function integer(codec: string, name: string, value: unknown, min: number, max: number): number {
  if (typeof value !== 'number') throw new TypeError(`${codec}: ${name} must be a number`);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`${codec}: ${name} must be a whole number from ${min} to ${max}`);
  }
  return value;
}

/** A high-water mark as the standard has it: https://streams.spec.whatwg.org/#validate-and-normalize-high-water-mark */
export function highWaterMark(codec: string, name: string, value: unknown): number {
  const mark = Number(value);
  if (!(mark >= 0)) throw new RangeError(`${codec}: ${name} must be a number that is not negative`);
  return mark;
}

/** The largest bound on the length of a record, in bytes. */
export const MAX_RECORD = 2 ** 28;

/**
 * `batch`: false is one record a chunk, true as many as come together, a number that many. Returns 0, Infinity or n.
 */
export function batchSize(codec: string, value: unknown): number {
  if (value === false) return 0;
  if (value === true) return Infinity;
  return integer(codec, 'batch', value, 1, 2 ** 24);
}
