import { requireKnown } from '../values/require.js';
import { inflate as family } from './families/inflate.js';
import { BYTES_MARK, KNOWN, numbers } from './limits.js';
import { highWaterMark } from './options.js';
import { ByteOutput } from './output.js';
import { Stage } from './stage.js';
import { workersOf } from './workers.js';
import type { Bytes } from '../runtime/buffers.js';
import type { InflateOptions } from './limits.js';
import type { Codec } from './module.js';
import type { StageSpec } from './pair.js';
import type { CodecStage } from './stage.js';

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
