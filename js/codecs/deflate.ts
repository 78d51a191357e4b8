import { BYTES_MARK } from './limits.js';
import { deflate as family } from './families/deflate.js';
import { DEFAULT_LEVEL } from './flags.js';
import { highWaterMark, integer } from './options.js';
import { requireBoolean, requireKnown, shown } from '../values/require.js';
import { ByteOutput } from './output.js';
import { FlushingStage } from './stage.js';
import { workersOf } from './workers.js';
import type { Bytes } from '../runtime/buffers.js';
import type { CodecOptions } from './options.js';
import type { FlushStage } from './stage.js';

export interface DeflateOptions extends CodecOptions {
  /** From 0, which stores, over 1, the fastest, to 9, the smallest. Default: 6. */
  level?: number | undefined;
  /** True makes all of each chunk that is written available at once, which costs a few bytes for each. Default: false. */
  flushEach?: boolean | undefined;
}

export interface GzipOptions extends DeflateOptions {
  /** The name of the file, in Latin-1, of at most 65,535 characters. */
  name?: string | undefined;
  /** A comment, in Latin-1, of at most 65,535 characters. */
  comment?: string | undefined;
  /** When the file was changed, as a date or in seconds since 1970. Default: 0, which says nothing. */
  mtime?: Date | number | undefined;
  /** The number of the operating system (RFC 1952, 2.3.1): 3 is Unix. Default: 255, unknown. */
  os?: number | undefined;
}

const KNOWN = ['level', 'flushEach', 'highWaterMark', 'inputHighWaterMark', 'worker'];
const KNOWN_OF_GZIP = [...KNOWN, 'name', 'comment', 'mtime', 'os'];

/** The numbers are those of src/wasm/codecs/deflate.rs. */
const GZIP = 0;
const ZLIB = 1;
const RAW = 2;
export const UNKNOWN_OS = 255;

/**
 * Compresses as gzip, RFC 1952 (https://www.rfc-editor.org/rfc/rfc1952), one member. The header has the time and the
 * system only if they are given, so the same input gives the same bytes, however it is cut.
 */
export function gzip(options: GzipOptions = {}): FlushStage<Bytes> {
  requireKnown(options, 'gzip', KNOWN_OF_GZIP);
  return stage('gzip', GZIP, options, {
    name: headerText('name', options.name),
    comment: headerText('comment', options.comment),
    mtime: seconds(options.mtime ?? 0),
    os: integer('gzip', 'os', options.os ?? UNKNOWN_OS, 0, 255),
  });
}

/**
 * Compresses as zlib, RFC 1950 (https://www.rfc-editor.org/rfc/rfc1950), which HTTP calls deflate. The same input gives
 * the same bytes, however it is cut.
 */
export function deflate(options: DeflateOptions = {}): FlushStage<Bytes> {
  requireKnown(options, 'deflate', KNOWN);
  return stage('deflate', ZLIB, options);
}

/**
 * Compresses with deflate alone, RFC 1951 (https://www.rfc-editor.org/rfc/rfc1951), as zip files have it: without a
 * header, and without a checksum. The same input gives the same bytes, however it is cut.
 */
export function deflateRaw(options: DeflateOptions = {}): FlushStage<Bytes> {
  requireKnown(options, 'deflateRaw', KNOWN);
  return stage('deflateRaw', RAW, options);
}

/** What a gzip header says. */
interface Header {
  readonly name: string;
  readonly comment: string;
  readonly mtime: number;
  readonly os: number;
}

const NO_HEADER: Header = { name: '', comment: '', mtime: 0, os: UNKNOWN_OS };

function stage(codec: string, format: number, options: DeflateOptions, header = NO_HEADER): FlushStage<Bytes> {
  const level = integer(codec, 'level', options.level ?? DEFAULT_LEVEL, 0, 9);
  const { flushEach: flushesEach = false } = options;
  requireBoolean(flushesEach, `${codec}: flushEach`);
  const { name, comment, mtime, os } = header;
  return new FlushingStage<Bytes>({
    ...family.codec(codec, (exports) => {
      [name, comment].forEach((text, number) => {
        for (let at = 0; at < text.length; at++) exports.codecs_add_header_byte(number === 1, text.charCodeAt(at));
      });
      exports.codecs_add_deflate(format, level, mtime, os);
    }),
    output: () => new ByteOutput(),
    flushesEach,
    highWaterMark: highWaterMark(codec, 'highWaterMark', options.highWaterMark ?? BYTES_MARK),
    inputHighWaterMark: highWaterMark(codec, 'inputHighWaterMark', options.inputHighWaterMark ?? BYTES_MARK),
    worker: workersOf(codec, options.worker),
  });
}

/** What `onHeader` of `gunzip()` accepts. */
const LONGEST_TEXT = 65_535;

/** A text of the header, in which a zero byte would be its end. */
function headerText(option: string, value: unknown): string {
  if (value === undefined) return '';
  if (typeof value !== 'string') throw new TypeError(`gzip: ${option} must be a string; got ${shown(value)}`);
  if (value.length > LONGEST_TEXT)
    throw new TypeError(`gzip: ${option} must have at most ${LONGEST_TEXT} characters; got ${value.length}`);
  // eslint-disable-next-line no-control-regex
  if (!/^[\x01-\xff]*$/.test(value))
    throw new TypeError(`gzip: ${option} must be Latin-1 without NUL, as the header has it; got ${shown(value)}`);
  return value;
}

function seconds(value: unknown): number {
  const time = value instanceof Date ? Math.floor(value.getTime() / 1000) : value;
  return integer('gzip', 'mtime in seconds', time, 0, 2 ** 32 - 1);
}
