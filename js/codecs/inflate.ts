import { requireKnown } from '../values/require.js';
import { inflate as family } from './families/inflate.js';
import { highWaterMark, integer, oneOf } from './options.js';
import { ByteOutput } from './output.js';
import { Stage } from './stage.js';
import { workersOf } from './workers.js';
import type { Bytes } from '../runtime/buffers.js';
import type { Codec } from './module.js';
import type { CodecOptions } from './options.js';
import type { StageSpec } from './pair.js';
import type { CodecStage } from './stage.js';

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

/**
 * Decompresses zlib, RFC 1950 (https://www.rfc-editor.org/rfc/rfc1950), which HTTP calls deflate, and verifies its
 * Adler-32. A stream that needs a dictionary fails with `needs-dictionary`.
 */
export function inflate(options: InflateOptions = {}): CodecStage<Bytes> {
  return stage('inflate', false, options);
}

/** Decompresses deflate data alone, RFC 1951 (https://www.rfc-editor.org/rfc/rfc1951), as zip files have it. */
export function inflateRaw(options: InflateOptions = {}): CodecStage<Bytes> {
  return stage('inflateRaw', true, options);
}

function stage(name: string, raw: boolean, options: InflateOptions): CodecStage<Bytes> {
  requireKnown(options, name, KNOWN);
  const [ignores, bytes, ratio] = numbers(name, options);
  return unpacker(
    family.codec(name, (exports) => exports.codecs_add_inflate(raw, ignores, bytes, ratio)),
    options,
  );
}

/** The options as the Wasm module has them. */
export function numbers(codec: string, options: InflateOptions): [ignores: boolean, bytes: number, ratio: number] {
  const { trailing = 'error', maxOutputBytes, maxRatio } = options;
  return [
    oneOf(codec, 'trailing', trailing, ['error', 'ignore']) === 'ignore',
    maxOutputBytes === undefined ? -1 : integer(codec, 'maxOutputBytes', maxOutputBytes, 0, Number.MAX_SAFE_INTEGER),
    maxRatio === undefined ? 0 : integer(codec, 'maxRatio', maxRatio, 1, 2 ** 32 - 1),
  ];
}

export function unpacker(codec: Codec, options: InflateOptions, headers?: StageSpec['headers']): CodecStage<Bytes> {
  const { name } = codec;
  return new Stage({
    ...codec,
    headers,
    output: () => new ByteOutput(),
    highWaterMark: highWaterMark(name, 'highWaterMark', options.highWaterMark ?? BYTES_MARK),
    inputHighWaterMark: highWaterMark(name, 'inputHighWaterMark', options.inputHighWaterMark ?? BYTES_MARK),
    worker: workersOf(name, options.worker),
  });
}
