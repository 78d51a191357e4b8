import { requireBoolean, requireKnown } from '../values/require.js';
import { zstdCompress as family } from './families/zstd-compress.js';
import { BYTES_MARK } from './limits.js';
import { highWaterMark, integer } from './options.js';
import { ByteOutput } from './output.js';
import { FlushingStage } from './stage.js';
import { workersOf } from './workers.js';
import { dictionaryOf } from './zstd-dictionary.js';
import type { Bytes } from '../runtime/buffers.js';
import type { CodecOptions } from './options.js';
import type { CodecInput, FlushStage } from './stage.js';

export interface ZstdCompressOptions extends CodecOptions {
  /** From 1, the fastest, to 4, the smallest. They are not those of the zstd command. Default: 3. */
  level?: number | undefined;
  /** Whether the frame ends with a checksum, by which a reader finds faults. Default: true, as of the zstd command. */
  checksum?: boolean | undefined;
  /**
   * How many bytes there will be, for the header to say it; other than so many fail with `size-mismatch`. Default:
   * unknown. The header has the size of up to 131,072 bytes anyway, if nothing was flushed.
   */
  contentSize?: number | undefined;
  /**
   * A dictionary, which is copied: one in the format of RFC 8878, section 5, such as `zstd --train` makes, or any bytes,
   * which are raw content. A reader needs the same. Default: none.
   */
  dictionary?: CodecInput | undefined;
  /** True makes all of each chunk that is written available at once, which costs a block for each. Default: false. */
  flushEach?: boolean | undefined;
}

const KNOWN = [
  'level',
  'checksum',
  'contentSize',
  'dictionary',
  'flushEach',
  'highWaterMark',
  'inputHighWaterMark',
  'worker',
];

/** Those of src/codec/zstd/compress/matches.rs. */
const LEVELS = 4;

/**
 * Compresses as Zstandard, RFC 8878 (https://www.rfc-editor.org/rfc/rfc8878), one frame. The same input gives the same
 * bytes, however it is cut.
 */
export function zstdCompress(options: ZstdCompressOptions = {}): FlushStage<Bytes> {
  const name = 'zstdCompress';
  requireKnown(options, name, KNOWN);
  const level = integer(name, 'level', options.level ?? 3, 1, LEVELS);
  const { checksum = true, contentSize, flushEach: flushesEach = false } = options;
  requireBoolean(checksum, `${name}: checksum`);
  requireBoolean(flushesEach, `${name}: flushEach`);
  const size = contentSize === undefined ? -1 : integer(name, 'contentSize', contentSize, 0, Number.MAX_SAFE_INTEGER);
  const dictionary = dictionaryOf(name, options.dictionary);
  return new FlushingStage<Bytes>({
    ...family.codec(name, (exports, put) => {
      if (dictionary !== undefined && !put(exports.codecs_add_zstd_dictionary(dictionary.length), dictionary)) return;
      exports.codecs_add_zstd_compress(level, checksum, size);
    }),
    output: () => new ByteOutput(),
    flushesEach,
    highWaterMark: highWaterMark(name, 'highWaterMark', options.highWaterMark ?? BYTES_MARK),
    inputHighWaterMark: highWaterMark(name, 'inputHighWaterMark', options.inputHighWaterMark ?? BYTES_MARK),
    worker: workersOf(name, options.worker),
  });
}
