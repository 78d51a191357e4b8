/** Base64 and hexadecimal digits: bytes as text, and such text as bytes. */
import { base64 as family } from './families/base64.js';
import { BYTES_MARK } from './limits.js';
import { highWaterMark, integer, oneOf } from './options.js';
import { AsciiOutput, ByteOutput } from './output.js';
import { Stage } from './stage.js';
import { workersOf } from './workers.js';
import { requireKnown } from '../values/require.js';
import type { Bytes } from '../runtime/buffers.js';
import type { Codec } from './module.js';
import type { CodecOptions } from './options.js';
import type { CodecStage, StageSpec, TextCodecStage } from './stage.js';

/** The options of what makes text of bytes. */
export interface AsciiOptions extends CodecOptions {
  /** What a chunk is: a string (the default), or the bytes of its characters. High-water marks are the same. */
  output?: 'string' | 'bytes' | undefined;
}

export interface Base64EncodeOptions extends AsciiOptions {
  /** `base64url` has `-` and `_` in place of `+` and `/` (RFC 4648, section 5). Default: `base64`. */
  alphabet?: 'base64' | 'base64url' | undefined;
  /** True leaves out the `=` that fill the last group. Default: false. */
  omitPadding?: boolean | undefined;
  /**
   * The characters of a line, a multiple of 4: 76 for e-mail (RFC 2045), 64 for PEM (RFC 7468). Nothing follows the last line. Default: all text is one line.
   */
  lineLength?: number | undefined;
  /** What is between two lines: CR and LF, or LF. Default: `crlf`. */
  lineEnd?: 'crlf' | 'lf' | undefined;
}

export interface Base64DecodeOptions extends CodecOptions {
  /** `base64url` has `-` and `_` in place of `+` and `/` (RFC 4648, section 5). Default: `base64`. */
  alphabet?: 'base64' | 'base64url' | undefined;
  /**
   * What the last group of characters may be, as in `Uint8Array.fromBase64()`. `strict`: padded, and of canonical bits, so that text that was cut off
   * fails. `loose`: without padding too, and with any bits that belong to no byte. Default: `strict`, and `loose` of `base64url`, which mostly has no
   * padding.
   */
  lastChunkHandling?: 'loose' | 'strict' | undefined;
  /** What to do with spaces, tabs, CR, LF and form feeds: ignore them (`skip`, the default), or fail (`error`). */
  whitespace?: 'skip' | 'error' | undefined;
}

export interface HexEncodeOptions extends AsciiOptions {
  /** True makes `A` to `F`. Default: false, `a` to `f`. */
  upperCase?: boolean | undefined;
}

export interface HexDecodeOptions extends CodecOptions {
  /** What to do with spaces, tabs, CR, LF and form feeds: ignore them (`skip`, the default), or fail (`error`). */
  whitespace?: 'skip' | 'error' | undefined;
}

const COMMON = ['highWaterMark', 'inputHighWaterMark', 'worker'];

/** The longest line, in characters. */
const MAX_LINE = 2 ** 24;

const isUrl = (name: string, { alphabet = 'base64' }: Base64DecodeOptions | Base64EncodeOptions): boolean =>
  oneOf(name, 'alphabet', alphabet, ['base64', 'base64url']) === 'base64url';

const skips = (name: string, { whitespace = 'skip' }: HexDecodeOptions): boolean =>
  oneOf(name, 'whitespace', whitespace, ['skip', 'error']) === 'skip';

function stage(codec: Codec, options: CodecOptions, more: Pick<StageSpec, 'output' | 'takesText'>): Stage<unknown> {
  const { name } = codec;
  return new Stage({
    ...codec,
    ...more,
    highWaterMark: highWaterMark(name, 'highWaterMark', options.highWaterMark ?? BYTES_MARK),
    inputHighWaterMark: highWaterMark(name, 'inputHighWaterMark', options.inputHighWaterMark ?? BYTES_MARK),
    worker: workersOf(name, options.worker),
  });
}

function encoder(codec: Codec, options: AsciiOptions): CodecStage<unknown> {
  const { output = 'string' } = options;
  const isText = oneOf(codec.name, 'output', output, ['string', 'bytes']) === 'string';
  return stage(codec, options, { output: () => (isText ? new AsciiOutput() : new ByteOutput()) });
}

function decoder(codec: Codec, options: CodecOptions): TextCodecStage<Bytes> {
  return stage(codec, options, { output: () => new ByteOutput(), takesText: true }) as TextCodecStage<Bytes>;
}

/**
 * Makes base64 of bytes: RFC 4648 (https://www.rfc-editor.org/rfc/rfc4648), sections 4 and 5. Groups go on from chunk to chunk, so the text does not
 * depend on how the bytes were cut.
 *
 * @throws {TypeError} if an option is unknown, or of another type
 * @throws {RangeError} if `lineLength` is no multiple of 4 from 4 to 16,777,216
 */
export function base64Encode(options?: Base64EncodeOptions & { output?: 'string' | undefined }): CodecStage<string>;
export function base64Encode(options: Base64EncodeOptions & { output: 'bytes' }): CodecStage<Bytes>;
export function base64Encode(options: Base64EncodeOptions = {}): CodecStage<unknown> {
  const name = 'base64Encode';
  requireKnown(options, name, ['alphabet', 'omitPadding', 'lineLength', 'lineEnd', 'output', ...COMMON]);
  const url = isUrl(name, options);
  const { omitPadding, lineLength, lineEnd = 'crlf' } = options;
  const length = lineLength === undefined ? 0 : integer(name, 'lineLength', lineLength, 4, MAX_LINE);
  if (length % 4 !== 0) throw new RangeError(`${name}: lineLength must be a multiple of 4, such as 76; got ${length}`);
  const lf = oneOf(name, 'lineEnd', lineEnd, ['crlf', 'lf']) === 'lf';
  const codec = family.codec(name, (exports) => exports.codecs_add_base64_encode(url, !omitPadding, length, lf));
  return encoder(codec, options);
}

/**
 * Makes bytes of base64, in strings or in the bytes of ASCII text: RFC 4648 (https://www.rfc-editor.org/rfc/rfc4648), with whitespace as forgiving-base64
 * has it (https://infra.spec.whatwg.org/#forgiving-base64-decode). What is not base64 fails with `invalid-character` or `invalid-padding`, an end within
 * a group with `truncated`, text after the padding with `trailing-data`, all of them after the bytes before it.
 *
 * @throws {TypeError} if an option is unknown, or has another value
 */
export function base64Decode(options: Base64DecodeOptions = {}): TextCodecStage<Bytes> {
  const name = 'base64Decode';
  requireKnown(options, name, ['alphabet', 'lastChunkHandling', 'whitespace', ...COMMON]);
  const url = isUrl(name, options);
  const { lastChunkHandling = url ? 'loose' : 'strict' } = options;
  const loose = oneOf(name, 'lastChunkHandling', lastChunkHandling, ['loose', 'strict']) === 'loose';
  const skip = skips(name, options);
  const codec = family.codec(name, (exports) => exports.codecs_add_base64_decode(url, loose, skip));
  return decoder(codec, options);
}

/**
 * Makes two hexadecimal digits of each byte: RFC 4648 (https://www.rfc-editor.org/rfc/rfc4648), section 8.
 *
 * @throws {TypeError} if an option is unknown, or has another value
 */
export function hexEncode(options?: HexEncodeOptions & { output?: 'string' | undefined }): CodecStage<string>;
export function hexEncode(options: HexEncodeOptions & { output: 'bytes' }): CodecStage<Bytes>;
export function hexEncode(options: HexEncodeOptions = {}): CodecStage<unknown> {
  requireKnown(options, 'hexEncode', ['upperCase', 'output', ...COMMON]);
  const upper = Boolean(options.upperCase);
  return encoder(
    family.codec('hexEncode', (exports) => exports.codecs_add_hex_encode(upper)),
    options,
  );
}

/**
 * Makes bytes of hexadecimal digits, in strings or in the bytes of ASCII text, in upper or lower case. Anything else fails with `invalid-character`, and an
 * end after the first digit of a byte with `truncated`, after the bytes before it.
 *
 * @throws {TypeError} if an option is unknown, or has another value
 */
export function hexDecode(options: HexDecodeOptions = {}): TextCodecStage<Bytes> {
  requireKnown(options, 'hexDecode', ['whitespace', ...COMMON]);
  const skip = skips('hexDecode', options);
  return decoder(
    family.codec('hexDecode', (exports) => exports.codecs_add_hex_decode(skip)),
    options,
  );
}
