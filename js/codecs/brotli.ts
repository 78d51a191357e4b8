import { requireKnown } from '../values/require.js';
import { unchosen } from './deferred.js';
import { BYTES_MARK, KNOWN, numbers } from './limits.js';
import { highWaterMark, integer } from './options.js';
import { ByteOutput } from './output.js';
import { Stage } from './stage.js';
import { workersOf } from './workers.js';
import type { Bytes } from '../runtime/buffers.js';
import type { InflateOptions } from './limits.js';
import type { Codec } from './module.js';
import type { CodecStage } from './stage.js';

export interface BrotliDecompressOptions extends InflateOptions {
  /**
   * The most bytes of output for each byte of input, and 65,536 in addition; a whole number. Each 1,024 bytes of input that
   * have begun count as whole. More fails with `ratio-too-high`. A few bytes of brotli can make 16 MiB. Default: no bound.
   */
  maxRatio?: number | undefined;
  /**
   * The largest window that a stream may ask for, in bytes, which bounds the memory that it needs. A larger one fails with
   * `window-too-large` at the first byte. Default: 16,777,216, the largest of RFC 7932.
   */
  maxWindowBytes?: number | undefined;
}

/** The largest window of RFC 7932, in bytes. */
const LARGEST_WINDOW = 2 ** 24;

/**
 * Decompresses brotli, RFC 7932 (https://www.rfc-editor.org/rfc/rfc7932), which HTTP calls br. Large-window brotli, which is not
 * of the RFC, fails with `window-too-large`. Chunks are `Uint8Array`s of at most 65,536 bytes, however far a small input expands.
 *
 * @throws {TypeError | RangeError} when an option is invalid
 */
export function brotliDecompress(options: BrotliDecompressOptions = {}): CodecStage<Bytes> {
  requireKnown(options, 'brotliDecompress', [...KNOWN, 'maxWindowBytes']);
  const name = 'brotliDecompress';
  const codec = brotliCodec(name, options);
  return new Stage({
    ...unchosen(name),
    choose: codec,
    output: () => new ByteOutput(),
    highWaterMark: highWaterMark(name, 'highWaterMark', options.highWaterMark ?? BYTES_MARK),
    inputHighWaterMark: highWaterMark(name, 'inputHighWaterMark', options.inputHighWaterMark ?? BYTES_MARK),
    worker: workersOf(name, options.worker),
  });
}

/**
 * Checks the options; what it returns resolves with the codec. Its module, which is large, is loaded by nobody who does not need
 * it. So no file may import it statically: a bundler would put it into each page that has a codec.
 *
 * @param name on whose behalf: a function or a class
 */
export function brotliCodec(name: string, options: BrotliDecompressOptions): () => Promise<Codec> {
  const [ignores, bytes, ratio] = numbers(name, options);
  const window = integer(name, 'maxWindowBytes', options.maxWindowBytes ?? LARGEST_WINDOW, 1, 2 ** 32 - 1);
  return async () => {
    const { unbrotli } = await import('./brotli-codec.js').catch((cause: unknown) => {
      throw new Error(`${name}: cannot load codec-brotli.js, the code that decompresses brotli`, { cause });
    });
    return unbrotli(name, ignores, bytes, ratio, window);
  };
}
