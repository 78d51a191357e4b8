import { requireBoolean, requireKnown } from '../values/require.js';
import { unchosen } from './deferred.js';
import { BYTES_MARK } from './limits.js';
import { highWaterMark, integer } from './options.js';
import { ByteOutput } from './output.js';
import { FlushingStage } from './stage.js';
import { workersOf } from './workers.js';
import type { Bytes } from '../runtime/buffers.js';
import type { Codec } from './module.js';
import type { CodecOptions } from './options.js';
import type { FlushStage } from './stage.js';

export interface BrotliCompressOptions extends CodecOptions {
  /** From 0, the fastest, to 11, the smallest. 10 and 11 take twenty times as long as 5. Default: 5. */
  quality?: number | undefined;
  /**
   * The logarithm of the window's size in bytes, from 10 to 24: how far back a repetition is found, and how much memory it
   * takes to decompress. Default: 22, which is 4 MiB.
   */
  window?: number | undefined;
  /** How many bytes there will be, roughly, by which the encoder chooses how to search. Default: 0, unknown. */
  sizeHint?: number | undefined;
  /** True makes all of each chunk that is written available at once, which costs a few bytes for each. Default: false. */
  flushEach?: boolean | undefined;
}

const KNOWN = ['quality', 'window', 'sizeHint', 'flushEach', 'highWaterMark', 'inputHighWaterMark', 'worker'];

/**
 * Compresses as brotli, RFC 7932 (https://www.rfc-editor.org/rfc/rfc7932), which HTTP calls br. The same input gives the same
 * bytes, however it is cut. It takes 4 MiB of memory at qualities 0 and 1, and 30 to 180 MiB at the others.
 *
 * @throws {TypeError | RangeError} when an option is invalid
 */
export function brotliCompress(options: BrotliCompressOptions = {}): FlushStage<Bytes> {
  const name = 'brotliCompress';
  requireKnown(options, name, KNOWN);
  const { flushEach: flushesEach = false } = options;
  requireBoolean(flushesEach, `${name}: flushEach`);
  return new FlushingStage({
    ...unchosen(name),
    choose: brotliCompressCodec(name, options),
    output: () => new ByteOutput(),
    flushesEach,
    highWaterMark: highWaterMark(name, 'highWaterMark', options.highWaterMark ?? BYTES_MARK),
    inputHighWaterMark: highWaterMark(name, 'inputHighWaterMark', options.inputHighWaterMark ?? BYTES_MARK),
    worker: workersOf(name, options.worker),
  });
}

/** Checks the options; what it returns loads the codec, as `brotliCodec` of brotli.ts does. */
export function brotliCompressCodec(name: string, options: BrotliCompressOptions): () => Promise<Codec> {
  const quality = integer(name, 'quality', options.quality ?? 5, 0, 11);
  const window = integer(name, 'window', options.window ?? 22, 10, 24);
  const sizeHint = integer(name, 'sizeHint', options.sizeHint ?? 0, 0, Number.MAX_SAFE_INTEGER);
  return async () => {
    const { brotlied } = await import('./brotli-compress-codec.js').catch((cause: unknown) => {
      throw new Error(`${name}: cannot load codec-brotli-compress.js, the code that compresses as brotli`, { cause });
    });
    return brotlied(name, quality, window, Math.min(sizeHint, 2 ** 30));
  };
}
