/** The options of all that decompresses, for codecs of any module. */
import { integer, oneOf } from './options.js';
import type { CodecOptions } from './options.js';

/** High-water marks of bytes, in bytes. */
export const BYTES_MARK = 65536;

export interface InflateOptions extends CodecOptions {
  /** What to do with bytes after the end: `error` fails with `trailing-data` (the default), `ignore` drops them. */
  trailing?: 'error' | 'ignore' | undefined;
  /**
   * The most bytes of output. One more fails with `output-too-large`, after the reader has read those that are allowed.
   * Default: no bound.
   */
  maxOutputBytes?: number | undefined;
  /**
   * The most bytes of output for each byte of input, and 65,536 in addition; a whole number. More fails with
   * `ratio-too-high`. Deflate reaches 1,032, text is seldom beyond 20. Default: no bound.
   */
  maxRatio?: number | undefined;
}

export const KNOWN = ['trailing', 'maxOutputBytes', 'maxRatio', 'highWaterMark', 'inputHighWaterMark', 'worker'];

/** The options as the Wasm module has them. */
export function numbers(codec: string, options: InflateOptions): [ignores: boolean, bytes: number, ratio: number] {
  const { trailing = 'error', maxOutputBytes, maxRatio } = options;
  return [
    oneOf(codec, 'trailing', trailing, ['error', 'ignore']) === 'ignore',
    maxOutputBytes === undefined ? -1 : integer(codec, 'maxOutputBytes', maxOutputBytes, 0, Number.MAX_SAFE_INTEGER),
    maxRatio === undefined ? 0 : integer(codec, 'maxRatio', maxRatio, 1, 2 ** 32 - 1),
  ];
}
