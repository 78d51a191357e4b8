/** Why a codec refused its input. */
export type CodecErrorCode =
  | 'not-gzip'
  | 'unknown-format'
  | 'unsupported-method'
  | 'reserved-flags'
  | 'header-crc-mismatch'
  | 'not-zlib'
  | 'not-zstd'
  | 'needs-dictionary'
  | 'invalid-dictionary'
  | 'window-too-large'
  | 'corrupt-data'
  | 'crc-mismatch'
  | 'adler-mismatch'
  | 'checksum-mismatch'
  | 'size-mismatch'
  | 'truncated'
  | 'output-too-large'
  | 'ratio-too-high'
  | 'trailing-data'
  | 'invalid-character'
  | 'invalid-padding'
  | 'stray-bits'
  | 'invalid-utf8'
  | 'invalid-text'
  | 'too-long'
  | 'unclosed-quote'
  | 'stray-quote'
  | 'ragged-row'
  | 'invalid-json'
  | 'invalid-value'
  | 'missing-column'
  | 'duplicate-column'
  | 'too-deep'
  | 'missing-path'
  | 'out-of-memory'
  | 'worker-lost'
  | 'internal';

/**
 * The error of a codec whose input is invalid. Both streams fail with the same object, after the reader has read all
 * output before the fault. `out-of-memory` affects that codec only. The message names the codec, the byte and the
 * fault: `gunzip: CRC mismatch at byte 1234: expected 0x01020304, got 0x05060708`.
 */
export class CodecError extends Error {
  declare readonly name: 'CodecError';
  /** The codec that failed, by the name of its function, such as `'gunzip'` or `'csv'`. */
  declare readonly codec: string;
  /** What was wrong. */
  declare readonly code: CodecErrorCode;
  /**
   * The byte offset of the fault in the codec's own input: for `gunzip` in compressed bytes, for `csv` after `gunzip`
   * in decompressed bytes. NaN where the engine unpacks, as WebAssembly is refused.
   */
  declare readonly offset: number;
  /** The line of the fault, from 1; only of `ndjson`, with the code `invalid-json`. */
  declare readonly line?: number;
  /** The row of the fault, from 1, the header among them; only of `csv`, with the code `invalid-value`. */
  declare readonly row?: number;
  /** The column of the fault, by its name in the option `columns`; only of `csv`, with the code `invalid-value`. */
  declare readonly column?: string;
  /**
   * The item at fault, as far as the text had got to one: a normalized path (RFC 9535, 2.7), as `$['features'][3]`; only of
   * `json`.
   */
  declare readonly path?: string;

  constructor(message: string, details: { codec: string; code: CodecErrorCode; offset: number; cause?: unknown }) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.codec = details.codec;
    this.code = details.code;
    this.offset = details.offset;
  }
}
// On the prototype, as the engine's own error classes have it.
Object.defineProperty(CodecError.prototype, 'name', { value: 'CodecError', configurable: true, writable: true });
// No minifier changes it.
Object.defineProperty(CodecError, 'name', { value: 'CodecError', configurable: true });
