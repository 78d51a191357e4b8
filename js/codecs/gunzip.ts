import { highWaterMark, oneOf } from './options.js';
import { requireKnown } from '../values/require.js';
import { inflate } from './families/inflate.js';
import { ByteOutput } from './output.js';
import { Stage } from './stage.js';
import { workersOf } from './workers.js';
import type { Bytes } from '../runtime/buffers.js';
import type { CodecOptions } from './options.js';
import type { CodecStage } from './stage.js';

/** High-water marks of bytes, in bytes. */
export const BYTES_MARK = 65536;

export interface GunzipOptions extends CodecOptions {
  /**
   * What to do with bytes after the last member that are not a gzip member: `error` fails with `trailing-data` (the
   * default), `ignore` drops them.
   */
  trailing?: 'error' | 'ignore' | undefined;
}

/**
 * Decompresses gzip, RFC 1952 (https://www.rfc-editor.org/rfc/rfc1952): one or more members. Verifies the header's CRC,
 * and each member's CRC and size. Chunks are `Uint8Array`s of at most 65,536 bytes, however far a small input expands.
 */
export function gunzip(options: GunzipOptions = {}): CodecStage<Bytes> {
  requireKnown(options, 'gunzip', ['trailing', 'highWaterMark', 'inputHighWaterMark', 'worker']);
  const trailing = oneOf('gunzip', 'trailing', options.trailing ?? 'error', ['error', 'ignore']);
  return new Stage({
    ...inflate.codec('gunzip', (exports) => exports.codecs_add_gunzip(trailing === 'ignore')),
    output: () => new ByteOutput(),
    highWaterMark: highWaterMark('gunzip', 'highWaterMark', options.highWaterMark ?? BYTES_MARK),
    inputHighWaterMark: highWaterMark('gunzip', 'inputHighWaterMark', options.inputHighWaterMark ?? BYTES_MARK),
    worker: workersOf('gunzip', options.worker),
  });
}
