/** https://compression.spec.whatwg.org/ over the codecs. */
import { brotliCodec } from './brotli.js';
import { brotliCompressCodec } from './brotli-compress.js';
import { UNKNOWN_OS } from './deflate.js';
import { DEFAULT_LEVEL } from './flags.js';
import { CodecError } from './error.js';
import { deflate } from './families/deflate.js';
import { inflate } from './families/inflate.js';
import { ByteOutput } from './output.js';
import { Pair } from './pair.js';
import { defineInterface, illegalInvocation } from '../runtime/webidl.js';
import { shown } from '../values/require.js';
import type { Bytes } from '../runtime/buffers.js';
import type { ReadableStream } from '../streams/readable-stream.js';
import type { WritableStream } from '../streams/writable-stream.js';
import type { Codec } from './module.js';
import type { CodecInput } from './stage.js';

/** https://compression.spec.whatwg.org/#supported-formats */
export type CompressionFormat = 'brotli' | 'deflate' | 'deflate-raw' | 'gzip';

/** The numbers of the first three are those of src/wasm/codecs. */
export const FORMATS: readonly CompressionFormat[] = ['gzip', 'deflate', 'deflate-raw', 'brotli'];
const BROTLI = 3;

/** @throws {TypeError} as Web IDL's conversion to an enumeration does */
function formatNumber(context: string, value: unknown): number {
  const format = `${value as string}`;
  const number = FORMATS.indexOf(format as CompressionFormat);
  if (number === -1) {
    const names = FORMATS.map((name) => `'${name}'`).join(', ');
    throw new TypeError(`${context}: the format must be one of ${names}; got ${shown(format)}`);
  }
  return number;
}

/**
 * A pair with the queues of a transform stream. A chunk is its writer's again when its write has begun.
 *
 * @param choose resolves with the codec that is to run in place of this one
 */
function open(codec: Codec, choose?: () => Promise<Codec>): Pair {
  return new Pair([
    {
      ...codec,
      ...(choose && { choose }),
      output: () => new ByteOutput(),
      highWaterMark: 0,
      inputHighWaterMark: 1,
      countsInput: true,
      copiesInput: true,
      errorOf: (error) => asTypeError(codec.name, error),
    },
  ]);
}

/** The standard knows a TypeError for whatever is wrong with the data; the codec's error is its cause. */
function asTypeError(context: string, error: unknown): unknown {
  if (!(error instanceof CodecError) || error.code === 'out-of-memory' || error.code === 'internal') return error;
  return new TypeError(`${context}: ${error.message}`, { cause: error });
}

/** Gives a class the shape of an interface. Called so that a bundler can leave out what is not used. */
function asInterface<Class extends { prototype: object }>(Class: Class, name: string): Class {
  defineInterface(Class, name);
  return Class;
}

class Compression {
  #pair: Pair;

  constructor(format: CompressionFormat) {
    const number = formatNumber('CompressionStream', format);
    this.#pair = open(
      deflate.codec('CompressionStream', (exports) => exports.codecs_add_deflate(number, DEFAULT_LEVEL, 0, UNKNOWN_OS)),
      number === BROTLI ? brotliCompressCodec('CompressionStream', {}) : undefined,
    );
  }

  get readable(): ReadableStream<Bytes> {
    if (!(#pair in Object(this))) throw illegalInvocation('CompressionStream.readable');
    return this.#pair.readable as ReadableStream<Bytes>;
  }

  get writable(): WritableStream<CodecInput> {
    if (!(#pair in Object(this))) throw illegalInvocation('CompressionStream.writable');
    return this.#pair.writable;
  }
}

class Decompression {
  #pair: Pair;

  constructor(format: CompressionFormat) {
    const number = formatNumber('DecompressionStream', format);
    this.#pair = open(
      inflate.codec('DecompressionStream', (exports) =>
        number === 0
          ? exports.codecs_add_gunzip(false, -1, 0, 0)
          : exports.codecs_add_inflate(number === 2, false, -1, 0),
      ),
      number === BROTLI ? brotliCodec('DecompressionStream', {}) : undefined,
    );
  }

  get readable(): ReadableStream<Bytes> {
    if (!(#pair in Object(this))) throw illegalInvocation('DecompressionStream.readable');
    return this.#pair.readable as ReadableStream<Bytes>;
  }

  get writable(): WritableStream<CodecInput> {
    if (!(#pair in Object(this))) throw illegalInvocation('DecompressionStream.writable');
    return this.#pair.writable;
  }
}

/** https://compression.spec.whatwg.org/#compression-stream */
export interface CompressionStream {
  readonly readable: ReadableStream<Bytes>;
  readonly writable: WritableStream<CodecInput>;
}

/**
 * The standard's class, for engines whose own is missing, slow, or makes different bytes. Compresses at level 6, or as brotli at quality 5.
 *
 * @see https://compression.spec.whatwg.org/#compression-stream
 */
export const CompressionStream: {
  readonly prototype: CompressionStream;
  /** @throws {TypeError} if the format is none of the standard's */
  new (format: CompressionFormat): CompressionStream;
} = /* @__PURE__ */ asInterface(Compression, 'CompressionStream');

/** https://compression.spec.whatwg.org/#decompression-stream */
export interface DecompressionStream {
  readonly readable: ReadableStream<Bytes>;
  readonly writable: WritableStream<CodecInput>;
}

/**
 * The standard's class. Reads all members of a gzip file. Output is made as the reader takes it, however far a small
 * input expands. What is wrong with the data is a `TypeError`, whose `cause` is the `CodecError`.
 *
 * @see https://compression.spec.whatwg.org/#decompression-stream
 */
export const DecompressionStream: {
  readonly prototype: DecompressionStream;
  /** @throws {TypeError} if the format is none of the standard's */
  new (format: CompressionFormat): DecompressionStream;
} = /* @__PURE__ */ asInterface(Decompression, 'DecompressionStream');
