import { requireKnown } from '../values/require.js';
import { zstd } from './families/zstd.js';
import { unpacker } from './inflate.js';
import { KNOWN, numbers } from './limits.js';
import { integer } from './options.js';
import { dictionaryOf } from './zstd-dictionary.js';
import type { Bytes } from '../runtime/buffers.js';
import type { InflateOptions } from './limits.js';
import type { CodecInput, CodecStage } from './stage.js';

export interface ZstdDecompressOptions extends InflateOptions {
  /**
   * What to do with bytes after the last frame that are not a frame: `error` fails with `trailing-data` (the default),
   * `ignore` drops them.
   */
  trailing?: 'error' | 'ignore' | undefined;
  /**
   * The most bytes of output for each byte of input, and 65,536 in addition; a whole number. A block of up to 128 KiB
   * counts with all of its bytes. More fails with `ratio-too-high`. Zstd reaches 32,768, text is seldom beyond 20.
   * Default: no bound.
   */
  maxRatio?: number | undefined;
  /**
   * The largest window that a frame may ask for, in bytes, from 1,024 to 2,147,483,648: the codec holds as much of the
   * output in memory. More fails with `window-too-large`. Default: 8,388,608 (8 MiB), as RFC 8878 recommends and
   * RFC 9659 has for the web. Files of `zstd --long` or `--ultra` may need up to 134,217,728.
   */
  maxWindowBytes?: number | undefined;
  /**
   * The dictionary that the frames were compressed with, which is copied: one in the format of RFC 8878, section 5,
   * such as `zstd --train` makes, whose ID is compared with that of each frame, or any bytes, which are raw content. A
   * frame that names another one fails with `needs-dictionary`. Default: none.
   */
  dictionary?: CodecInput | undefined;
}

/** What RFC 8878, 3.1.1.1.2, recommends. */
export const ZSTD_WINDOW = 2 ** 23;

/**
 * Decompresses Zstandard, RFC 8878 (https://www.rfc-editor.org/rfc/rfc8878): one or more frames, with skippable frames
 * among them. Verifies the size and the checksum that a frame has. Chunks are `Uint8Array`s of at most 65,536 bytes.
 */
export function zstdDecompress(options: ZstdDecompressOptions = {}): CodecStage<Bytes> {
  const name = 'zstdDecompress';
  requireKnown(options, name, [...KNOWN, 'maxWindowBytes', 'dictionary']);
  const [ignores, bytes, ratio] = numbers(name, options);
  const window = integer(name, 'maxWindowBytes', options.maxWindowBytes ?? ZSTD_WINDOW, 1024, 2 ** 31);
  const dictionary = dictionaryOf(name, options.dictionary);
  const codec = zstd.codec(name, (exports, put) => {
    if (dictionary !== undefined && !put(exports.codecs_add_zstd_dictionary(dictionary.length), dictionary)) return;
    exports.codecs_add_zstd_decompress(ignores, bytes, ratio, window);
  });
  return unpacker(codec, options);
}
