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
 * What a codec's streams fail with when its input is wrong. Both streams fail with the same object, after the reader has received everything that came
 * before the fault. Neighbouring codecs of a pipeline fail together; `codec` names the one at fault. The message names the codec, the byte and what was
 * wrong: `gunzip: CRC mismatch at byte 1234: expected 0x01020304, got 0x05060708`.
 */
export class CodecError extends Error {
  declare readonly name: 'CodecError';
  /** The codec that refused its input: `'gunzip'`, `'digest'`, `'lines'` or `'csv'`. */
  declare readonly codec: string;
  /** What was wrong. */
  declare readonly code: CodecErrorCode;
  /** Where: bytes of the codec's own input before the place. For gzip, compressed bytes; for csv after gunzip, decompressed bytes. */
  declare readonly offset: number;

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
