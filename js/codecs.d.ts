/**
 * Codecs and parsers for large files, in a second Wasm module, which is compiled when the first codec runs.
 *
 * A codec is a `{ readable, writable }` pair: pass it to `pipeThrough()`, or to `pipeline()`, which runs adjacent
 * codecs as one chain inside the module. A codec can be used once. Its input must be bytes.
 *
 * @module
 */
import type { Bytes, ReadableStream, WritableStream } from './index.js';

/**
 * The input of a codec: an `ArrayBuffer` or a view of one, not shared. Any other chunk fails the streams with a
 * `TypeError`, after the reader has read what came before it.
 */
export type CodecInput = ArrayBuffer | ArrayBufferView;

/** Why a codec refused its input. */
export type CodecErrorCode =
  | 'not-gzip'
  | 'unsupported-method'
  | 'reserved-flags'
  | 'header-crc-mismatch'
  | 'corrupt-data'
  | 'crc-mismatch'
  | 'size-mismatch'
  | 'truncated'
  | 'trailing-data'
  | 'invalid-utf8'
  | 'too-long'
  | 'unclosed-quote'
  | 'stray-quote'
  | 'ragged-row'
  | 'duplicate-column'
  | 'out-of-memory'
  | 'internal';

/**
 * The error of a codec whose input is invalid. Both streams fail with the same object, after the reader has read all
 * output before the fault. `out-of-memory` affects that codec only. The message names the codec, the byte and the
 * fault: `gunzip: CRC mismatch at byte 1234: expected 0x01020304, got 0x05060708`.
 */
export class CodecError extends Error {
  constructor(message: string, details: { codec: string; code: CodecErrorCode; offset: number; cause?: unknown });
  readonly name: 'CodecError';
  /** The codec that failed: `'gunzip'`, `'digest'`, `'lines'` or `'csv'`. */
  readonly codec: string;
  /** What was wrong. */
  readonly code: CodecErrorCode;
  /**
   * The byte offset of the fault in the codec's own input: for `gunzip` in compressed bytes, for `csv` after `gunzip`
   * in decompressed bytes.
   */
  readonly offset: number;
}

/** How many bytes a codec has processed and holds. */
export interface StageStats {
  /** The codec. */
  name: string;
  /** The bytes that it has consumed. */
  bytesIn: number;
  /** The bytes that it has produced. Lines and rows count their text plus one separator per line or field. */
  bytesOut: number;
  /** The bytes in its input queue. */
  queued: number;
  /** The size of its input queue in bytes: 65,536. */
  highWaterMark: number;
  /** The bytes that it has produced and the reader has not read; 0 unless it is the last codec of a chain. */
  held: number;
}

/** A codec: takes bytes, produces chunks of type `T`. */
export interface CodecStage<T> {
  /** The output. */
  readonly readable: ReadableStream<T>;
  /** The input. A write settles when its chunk has been copied into the codec, which waits for the reader. */
  readonly writable: WritableStream<CodecInput>;
  /** The figures of this codec in an array of one element, even if `pipeline()` has fused it with others. */
  stats(): StageStats[];
}

/** Options of every codec. */
export interface CodecOptions {
  /**
   * The high-water mark of the readable side. For `gunzip` and `digest` in bytes, default 65,536; for `lines` and `csv`
   * in records, default 256, or 1,024 with `batch`.
   */
  highWaterMark?: number | undefined;
  /** The high-water mark of the writable side, in bytes. Default: 65,536. */
  inputHighWaterMark?: number | undefined;
}

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
export function gunzip(options?: GunzipOptions): CodecStage<Bytes>;

/** A codec that passes its bytes through unchanged and computes their digest. */
export interface DigestStage extends CodecStage<Bytes> {
  /**
   * Resolves with the digest once all bytes have passed. Rejects with the stream's error; that rejection counts as
   * handled.
   */
  readonly digest: Promise<Bytes>;
  /** The same in hexadecimal, in lower case. */
  readonly hex: Promise<string>;
}

/**
 * Computes the SHA-256 digest (FIPS 180-4) of the bytes that pass through.
 *
 * @param algorithm the name of the algorithm, in upper or lower case
 * @throws {TypeError} when the algorithm is not supported
 */
export function digest(algorithm: 'sha-256' | 'SHA-256', options?: CodecOptions): DigestStage;

/** Options of codecs that read UTF-8 text. */
export interface TextOptions extends CodecOptions {
  /**
   * True fails with `invalid-utf8` on invalid UTF-8; false replaces it with U+FFFD, as `TextDecoder` does. Default:
   * false.
   */
  fatal?: boolean | undefined;
  /** True keeps a byte order mark at the start; false drops it, as `TextDecoder` does. Default: false. */
  ignoreBOM?: boolean | undefined;
}

export interface LinesOptions extends TextOptions {
  /**
   * The longest line allowed, in bytes without its line end. A longer line fails with `too-long`. Default: 1,048,576.
   */
  maxLineBytes?: number | undefined;
}

/**
 * Splits text into lines at LF and CRLF. Any other CR is text. The last line needs no line end.
 *
 * A chunk is one line, or with `batch` an array of lines: `true` for all lines that are available, a number for arrays
 * of that length (the last one may be shorter). Batches are several times as fast. A long line that you keep may keep
 * the memory of the lines around it alive.
 *
 * Before another codec in a `pipeline()`, the output is text with an LF after each line.
 */
export function lines(options?: LinesOptions & { batch?: false }): CodecStage<string>;
export function lines(options: LinesOptions & { batch: true | number }): CodecStage<string[]>;

export interface CsvOptions extends TextOptions {
  /** The character between fields: one ASCII character. Default: `,`. */
  delimiter?: string | undefined;
  /** The character around quoted fields: one ASCII character. Default: `"`. */
  quote?: string | undefined;
  /**
   * What to do with a row that has another number of fields than the header or the first row. `error` fails with
   * `ragged-row` (the default). `keep` keeps the row: an object then lacks the missing properties, and fields beyond
   * the header are left out. `pad` adds empty fields and cuts off surplus ones.
   */
  ragged?: 'error' | 'keep' | 'pad' | undefined;
  /**
   * What to do with columns without a name, as in `a,b,,`. `keep` names them '' (the default); rows as objects allow
   * only one. `skip` leaves them out of rows and `columns`.
   */
  emptyNames?: 'keep' | 'skip' | undefined;
  /** What to do with empty lines. `skip` ignores them (the default). `keep` makes each a row of one empty field. */
  emptyLines?: 'skip' | 'keep' | undefined;
  /**
   * The longest row allowed: the bytes of its fields plus one per field. A longer row fails with `too-long`. Default:
   * 1,048,576.
   */
  maxRowBytes?: number | undefined;
}

/** The codec that `csv()` returns. */
export interface CsvStage<T> extends CodecStage<T> {
  /**
   * Resolves with the names of the columns once they are known, or with null if there is no header. Its rejection
   * counts as handled.
   */
  readonly columns: Promise<string[] | null>;
}

/**
 * A row as an object. Its properties are in the order of the header, except that JavaScript puts integer names first.
 */
export type CsvObject = Record<string, string>;
/** `true`: the first row is the header. An array: the names of the columns, all different. */
export type CsvHeader = true | readonly string[];

/**
 * Parses comma-separated values, RFC 4180 (https://www.rfc-editor.org/rfc/rfc4180), in UTF-8. Rows end with LF or CRLF.
 * A quote inside an unquoted field is text. After a closing quote only a delimiter or the end of the row may follow,
 * else the codec fails with `stray-quote`. A quote that is never closed fails with `unclosed-quote`.
 *
 * With a `header`, rows are objects, else arrays. With `rows: 'arrays'` they are always arrays, and a header row in the
 * text is skipped. Fields are strings.
 *
 * A chunk is one row, or with `batch` an array of rows: `true` for all rows that are available, a number for arrays of
 * that length (the last one may be shorter). Batches are several times as fast. A long field that you keep may keep the
 * memory of the rows around it alive.
 *
 * @throws {TypeError | RangeError} when an option is invalid
 */
export function csv(options?: CsvOptions & { header?: false; rows?: 'arrays'; batch?: false }): CsvStage<string[]>;
export function csv(
  options: CsvOptions & { header?: false; rows?: 'arrays'; batch: true | number },
): CsvStage<string[][]>;
export function csv(options: CsvOptions & { header: CsvHeader; rows?: 'objects'; batch?: false }): CsvStage<CsvObject>;
export function csv(
  options: CsvOptions & { header: CsvHeader; rows?: 'objects'; batch: true | number },
): CsvStage<CsvObject[]>;
export function csv(options: CsvOptions & { header: CsvHeader; rows: 'arrays'; batch?: false }): CsvStage<string[]>;
export function csv(
  options: CsvOptions & { header: CsvHeader; rows: 'arrays'; batch: true | number },
): CsvStage<string[][]>;

/**
 * Returns how many chains of codecs hold Wasm memory, and the bytes of all Wasm instances. An instance that has grown
 * beyond 4 MiB is released when its last chain has ended.
 */
export function codecMemory(): { chains: number; bytes: number };
