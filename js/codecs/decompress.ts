import { requireKnown } from '../values/require.js';
import { brotliCodec } from './brotli.js';
import { deferred } from './deferred.js';
import { CodecError } from './error.js';
import { inflate } from './families/inflate.js';
import { zstd } from './families/zstd.js';
import { BYTES_MARK, KNOWN, numbers } from './limits.js';
import { highWaterMark, integer, oneOf } from './options.js';
import { ByteOutput } from './output.js';
import { Stage } from './stage.js';
import { workersOf } from './workers.js';
import { ZSTD_WINDOW } from './zstd.js';
import type { Bytes } from '../runtime/buffers.js';
import type { Deferred } from './deferred.js';
import type { InflateOptions } from './limits.js';
import type { CodecStage } from './stage.js';

/** A format that `decompress()` reads. `deflate` is zlib, as in the Compression Standard. */
export type DecompressFormat = 'gzip' | 'deflate' | 'zstd' | 'brotli';

export interface DecompressOptions extends InflateOptions {
  /**
   * What to do with bytes that are of no format that can be told by its first bytes: `error` fails with `unknown-format` (the
   * default), `brotli` decompresses them as brotli, which has no such bytes, and `pass` passes them on as they are.
   */
  unknown?: 'error' | 'brotli' | 'pass' | undefined;
  /** The largest window that a stream may ask for, in bytes. Default: for zstd 8,388,608, for brotli 16,777,216, its largest. */
  maxWindowBytes?: number | undefined;
}

/** A codec that decompresses what it finds. */
export interface DecompressStage extends CodecStage<Bytes> {
  /**
   * Resolves with the format when the first bytes have told it; with null if bytes of no known format are passed on. Rejects
   * with the error of a stream that fails before that.
   */
  readonly format: Promise<DecompressFormat | null>;
}

/** How a file of a format begins. */
interface Magic {
  readonly name: string;
  readonly bytes: readonly number[];
  readonly advice?: string;
}

const GZIP: Magic = { name: 'gzip', bytes: [0x1f, 0x8b] };

const ZSTD: Magic = { name: 'zstd', bytes: [0x28, 0xb5, 0x2f, 0xfd] };

/** What is known and not decompressed, each with what to do. */
const OTHERS: readonly Magic[] = [
  { name: 'zip', bytes: [0x50, 0x4b, 3, 4], advice: "open it with openZip() of 'tidegate/archives'" },
  { name: 'zip', bytes: [0x50, 0x4b, 5, 6], advice: "open it with openZip() of 'tidegate/archives'" },
  {
    name: 'bzip2',
    bytes: [0x42, 0x5a, 0x68],
    advice: 'recompress it with gzip, or put a decompressor of bzip2 before',
  },
  {
    name: 'xz',
    bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0],
    advice: 'recompress it with gzip, or put a decompressor of xz before',
  },
  { name: 'lz4', bytes: [4, 0x22, 0x4d, 0x18], advice: 'recompress it with gzip, or put a decompressor of lz4 before' },
];

/** Whether the bytes are the beginning's, or the beginning's beginning: undefined where they end too early to tell. */
function begins(head: Bytes, { bytes }: Magic): boolean | undefined {
  const length = Math.min(head.length, bytes.length);
  for (let at = 0; at < length; at++) if (head[at] !== bytes[at]) return false;
  return head.length >= bytes.length ? true : undefined;
}

/** Whether these are the two bytes of a zlib header: RFC 1950, 2.2. */
function beginsZlib(head: Bytes): boolean | undefined {
  const [method, flags] = head;
  if (method === undefined) return undefined;
  if ((method & 15) !== 8 || method >> 4 > 7) return false;
  return flags === undefined ? undefined : ((method << 8) | flags) % 31 === 0;
}

/** Whether these are of a skippable frame of zstd, RFC 8878, 3.1.2: the first byte is one of sixteen. */
function beginsSkippable(head: Bytes): boolean | undefined {
  if (head.length > 0 && head[0]! >> 4 !== 5) return false;
  return begins(head, { name: 'zstd', bytes: [head[0] ?? 0x50, 0x2a, 0x4d, 0x18] });
}

type Found = 'gzip' | 'deflate' | 'zstd' | Magic | 'unknown';

/** What the first bytes are of; undefined if more of them are needed. */
function formatOf(head: Bytes, last: boolean): Found | undefined {
  const tried: [Found, boolean | undefined][] = [
    ['gzip', begins(head, GZIP)],
    ['deflate', beginsZlib(head)],
    ['zstd', begins(head, ZSTD)],
    ['zstd', beginsSkippable(head)],
    ...OTHERS.map((magic): [Found, boolean | undefined] => [magic, begins(head, magic)]),
  ];
  const found = tried.find(([, is]) => is === true);
  if (found !== undefined) return found[0];
  return last || tried.every(([, is]) => is === false) ? 'unknown' : undefined;
}

function fault(head: Bytes, found: Magic | 'unknown'): CodecError {
  if (head.length === 0)
    return new CodecError('decompress: input ends too early at byte 0: there is no data', {
      codec: 'decompress',
      code: 'truncated',
      offset: 0,
    });
  // As many as were needed, however they came.
  let length = 1;
  while (length < head.length && formatOf(head.subarray(0, length), false) === undefined) length++;
  const shown = Array.from(head.subarray(0, length), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const what =
    found === 'unknown'
      ? "it is not gzip, zlib or zstd. If it is brotli, use the option unknown: 'brotli'; if it may be uncompressed, unknown: 'pass'"
      : `it is ${found.name}; ${found.advice!}`;
  return new CodecError(`decompress: unknown format at byte 0: it begins with ${shown}: ${what}`, {
    codec: 'decompress',
    code: 'unknown-format',
    offset: 0,
  });
}

const UNKNOWN = ['error', 'brotli', 'pass'] as const;

class Decompress extends Stage<Bytes> implements DecompressStage {
  #format: Deferred<DecompressFormat | null>;

  constructor(options: DecompressOptions) {
    const unknown = oneOf('decompress', 'unknown', options.unknown ?? 'error', UNKNOWN);
    const [ignores, bytes, ratio] = numbers('decompress', options);
    const { maxWindowBytes = ZSTD_WINDOW } = options;
    const asked = integer('decompress', 'maxWindowBytes', maxWindowBytes, 1, 2 ** 32 - 1);
    const window = Math.min(Math.max(asked, 1024), 2 ** 31);
    const format = deferred<DecompressFormat | null>();
    const codecs = {
      gzip: inflate.codec('decompress', (exports) => exports.codecs_add_gunzip(ignores, bytes, ratio, 0)),
      deflate: inflate.codec('decompress', (exports) => exports.codecs_add_inflate(false, ignores, bytes, ratio)),
      zstd: zstd.codec('decompress', (exports) => exports.codecs_add_zstd_decompress(ignores, bytes, ratio, window)),
      // It passes its bytes on.
      pass: inflate.codec('decompress', (exports) => exports.codecs_add_crc32()),
    };
    const brotli = brotliCodec('decompress', options);
    super({
      ...codecs.pass,
      choose(head, last) {
        const found = formatOf(head, last);
        if (found === undefined) return undefined;
        if (found === 'gzip' || found === 'deflate' || found === 'zstd') {
          format.resolve(found);
          return codecs[found];
        }
        if (unknown === 'pass') {
          format.resolve(null);
          return codecs.pass;
        }
        if (unknown === 'error' || found !== 'unknown' || head.length === 0) throw fault(head, found);
        format.resolve('brotli');
        return brotli();
      },
      failed: (error) => format.reject(error),
      output: () => new ByteOutput(),
      highWaterMark: highWaterMark('decompress', 'highWaterMark', options.highWaterMark ?? BYTES_MARK),
      inputHighWaterMark: highWaterMark('decompress', 'inputHighWaterMark', options.inputHighWaterMark ?? BYTES_MARK),
      worker: workersOf('decompress', options.worker),
    });
    this.#format = format;
  }

  get format(): Promise<DecompressFormat | null> {
    return this.#format.promise;
  }
}

/**
 * Decompresses gzip, zlib and zstd, whichever the first bytes are of, and with `unknown: 'brotli'` brotli, which nothing tells. Other formats
 * fail with `unknown-format`, whose message names the one that it is. The errors and the figures in a stream are those of
 * `gunzip`, `inflate`, `zstdDecompress` or `brotliDecompress`, whose options these are.
 *
 * @throws {TypeError | RangeError} when an option is invalid
 */
export function decompress(options: DecompressOptions = {}): DecompressStage {
  requireKnown(options, 'decompress', [...KNOWN, 'unknown', 'maxWindowBytes']);
  return new Decompress(options);
}
