/**
 * Codecs and parsers for large files, in a second Wasm module that is compiled when the first codec does something.
 *
 * A codec is a `{ readable, writable }` pair: give it to `pipeThrough`, or to `pipeline()`, which runs codecs that follow
 * one another as one chain inside the module. Each is made for one use. What is written must be bytes.
 *
 * @module
 */
import type { Bytes, ReadableStream, WritableStream } from './index.js';

/**
 * What codecs take: an `ArrayBuffer` or a view of one, not shared. Anything else fails the streams with a `TypeError`, once the
 * reader has taken what came before it.
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
 * What a codec's streams fail with when its input is wrong: both streams with the same object, once the reader has taken all that
 * came before the fault. `out-of-memory` is of that codec alone. The message names the
 * codec, the byte and what was wrong: `gunzip: CRC mismatch at byte 1234: expected 0x01020304, got 0x05060708`.
 */
export class CodecError extends Error {
  constructor(message: string, details: { codec: string; code: CodecErrorCode; offset: number; cause?: unknown });
  readonly name: 'CodecError';
  /** The codec that refused its input: `'gunzip'`, `'digest'`, `'lines'` or `'csv'`. */
  readonly codec: string;
  /** What was wrong. */
  readonly code: CodecErrorCode;
  /** Where: bytes of the codec's own input before the place. Of gzip, compressed bytes; of csv behind gunzip, unpacked ones. */
  readonly offset: number;
}

/** What a stage has done and holds, in bytes. */
export interface StageStats {
  /** The codec. */
  name: string;
  /** Bytes it has consumed. */
  bytesIn: number;
  /** Bytes it has produced; of lines and rows their text with one separator behind each line or field. */
  bytesOut: number;
  /** Bytes that wait before it. */
  queued: number;
  /** The most that may wait there: 65,536. */
  highWaterMark: number;
  /** Bytes produced and not yet handed on: of the last stage of a chain, else 0. */
  held: number;
}

/** A stage of a pipeline: bytes in, chunks of `T` out. */
export interface CodecStage<T> {
  /** What comes out. */
  readonly readable: ReadableStream<T>;
  /** Where bytes go in. A write is done when its chunk has been copied, which waits for the reader. */
  readonly writable: WritableStream<CodecInput>;
  /** The stage's figures, also where `pipeline()` has fused it with others; an array of one. */
  stats(): StageStats[];
}

/** Options that all codecs have. */
export interface CodecOptions {
  /** High-water mark of the readable side: bytes (65,536) of `gunzip` and `digest`, records (256; in batches 1,024) of `lines` and `csv`. */
  highWaterMark?: number | undefined;
  /** High-water mark of the writable side, in bytes. Default 65,536. */
  inputHighWaterMark?: number | undefined;
}

export interface GunzipOptions extends CodecOptions {
  /** What to do with bytes behind the last member that begin no other: fail with `trailing-data` (the default), or drop them. */
  trailing?: 'error' | 'ignore' | undefined;
}

/**
 * Unpacks gzip, RFC 1952 (https://www.rfc-editor.org/rfc/rfc1952): one member or several one after another. Checks what
 * a member lets one check. Chunks are `Uint8Array`s of at most 65,536 bytes, however much a small input expands to.
 */
export function gunzip(options?: GunzipOptions): CodecStage<Bytes>;

/** A tap: the bytes pass unchanged. */
export interface DigestStage extends CodecStage<Bytes> {
  /** The digest, once all bytes have passed. Rejects with the stream's error; that is no unhandled rejection if nobody looks. */
  readonly digest: Promise<Bytes>;
  /** The same in hexadecimal, in lower case. */
  readonly hex: Promise<string>;
}

/**
 * Computes the digest of the bytes that pass: SHA-256 (FIPS 180-4).
 *
 * @param algorithm the name, in any case
 * @throws {TypeError} when there is no such algorithm
 */
export function digest(algorithm: 'sha-256' | 'SHA-256', options?: CodecOptions): DigestStage;

/** Options of codecs that read text, which is UTF-8. */
export interface TextOptions extends CodecOptions {
  /** Fail with `invalid-utf8` rather than replace what is invalid with U+FFFD, as with `TextDecoder`. Default false. */
  fatal?: boolean | undefined;
  /** Keep a byte order mark at the start rather than drop it, as with `TextDecoder`. Default false. */
  ignoreBOM?: boolean | undefined;
}

export interface LinesOptions extends TextOptions {
  /** The longest line there may be, in bytes without its end; a longer one fails with `too-long`. Default 1,048,576. */
  maxLineBytes?: number | undefined;
}

/**
 * Splits text at LF and CRLF. A CR elsewhere is text; the last line need not be ended.
 *
 * A chunk is one line, or with `batch` an array of lines: `true` for as many as come together, a number for that many
 * (the last one may have fewer). Batches are several times as fast. A long line may share the memory of the lines
 * around it for as long as it is kept.
 *
 * Before another codec in a `pipeline()`, lines are text with an LF behind each.
 */
export function lines(options?: LinesOptions & { batch?: false }): CodecStage<string>;
export function lines(options: LinesOptions & { batch: true | number }): CodecStage<string[]>;

export interface CsvOptions extends TextOptions {
  /** Between fields: one ASCII character. Default `,`. */
  delimiter?: string | undefined;
  /** Around fields: one ASCII character. Default `"`. */
  quote?: string | undefined;
  /**
   * Rows with another number of fields than the header or the first row: fail with `ragged-row` (the default), keep them
   * as they are, or pad them with empty fields and cut off what is beyond. An object that is kept lacks the
   * properties its row had no field for; fields beyond the header are left out.
   */
  ragged?: 'error' | 'keep' | 'pad' | undefined;
  /**
   * Columns whose name in the header is empty, as behind `a,b,,`: named '' (the default), of which there can be only one where
   * rows are objects, or left out of rows and `columns`.
   */
  emptyNames?: 'keep' | 'skip' | undefined;
  /** Empty lines are no rows (the default), or rows of one empty field. */
  emptyLines?: 'skip' | 'keep' | undefined;
  /** The longest row there may be: the bytes of its fields and one for each. A longer one fails with `too-long`. Default 1,048,576. */
  maxRowBytes?: number | undefined;
}

/** A csv stage. */
export interface CsvStage<T> extends CodecStage<T> {
  /** The names of the columns, once they are known; null without a header. Never an unhandled rejection. */
  readonly columns: Promise<string[] | null>;
}

/** A row as an object. The properties are in the header's order, as far as their names are not whole numbers. */
export type CsvObject = Record<string, string>;
/** The first row is the header, or these are its names, all of them different. */
export type CsvHeader = true | readonly string[];

/**
 * Parses comma-separated values, RFC 4180 (https://www.rfc-editor.org/rfc/rfc4180), in UTF-8. Rows end with LF or CRLF. A
 * quote inside of an unquoted field is text; behind a closing quote nothing but a delimiter or the row's end may
 * come (`stray-quote`), and a quote that is never closed is `unclosed-quote`.
 *
 * With a `header` rows are objects, else arrays; with `rows: 'arrays'` they are arrays in any case, and a header in the
 * text is read over. Fields are strings.
 *
 * A chunk is one row, or with `batch` an array of rows: `true` for as many as come together, a number for that many
 * (the last one may have fewer). Batches are several times as fast. A long field may share the memory of the rows
 * around it for as long as it is kept.
 *
 * @throws {TypeError} or {RangeError} when an option is not what it should be
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
 * How many chains of codecs hold memory of the Wasm module, and how much memory its instances have, in bytes. An instance that has
 * grown beyond 4 MiB is dropped when its last chain has ended.
 */
export function codecMemory(): { chains: number; bytes: number };
