/** `decodeText()`: text of any encoding, by the engine's `TextDecoder` where that is right, else by encoding_rs in a Wasm module that is loaded then. */
import { Chain } from './chain.js';
import { EngineText } from './engine-text.js';
import { encodingOf, engineDecodes, isSingleByte, numberOf } from './encodings.js';
import { FATAL, IGNORE_BOM } from './flags.js';
import { BYTES_MARK } from './limits.js';
import { highWaterMark } from './options.js';
import { TextOutput } from './output.js';
import { Stage } from './stage.js';
import { requireKnown, shown } from '../values/require.js';
import type { ChainLike } from './chain.js';
import type { CodecStage as FusableStage } from '../bridge/stages.js';
import type { CodecOptions, EncodingOptions } from './options.js';
import type { CodecStage, StageSpec } from './stage.js';

export interface DecodeTextOptions extends Omit<CodecOptions, 'worker'> {
  /**
   * True fails on bytes that are no text, with `invalid-utf8` or of another encoding `invalid-text`; false replaces them with U+FFFD, as `TextDecoder`
   * does. Default: false.
   */
  fatal?: boolean | undefined;
  /** True keeps a byte order mark at the start; false drops it, as `TextDecoder` does. Default: false. */
  ignoreBOM?: boolean | undefined;
}

/** A codec that makes strings of the bytes of an encoding. */
export interface DecodeTextStage extends CodecStage<string> {
  /** The name of the encoding, in lower case. */
  readonly encoding: string;
}

/** @throws {RangeError} if no encoding has this label */
function requireEncoding(what: string, label: unknown): string {
  if (typeof label !== 'string')
    throw new TypeError(`${what} must be a string, as 'windows-1252'; got ${shown(label)}`);
  const name = encodingOf(label);
  if (name !== undefined) return name;
  throw new RangeError(
    `${what} must be a label of the Encoding Standard, as 'windows-1252' or 'shift_jis' (https://encoding.spec.whatwg.org/#names-and-labels); got ${shown(label)}`,
  );
}

/** Makes the chain that decodes: the engine's decoder, or the module of all encodings. */
function openerOf(
  codec: string,
  encoding: string,
  fatal: boolean,
  ignoreBOM: boolean,
): () => ChainLike | Promise<ChainLike> {
  if (engineDecodes(encoding) && (!fatal || encoding === 'utf-8' || isSingleByte(encoding)))
    return () => new EngineText(codec, encoding, fatal, ignoreBOM);
  const flags = (fatal ? FATAL : 0) | (ignoreBOM ? IGNORE_BOM : 0);
  return () =>
    import('./families/encoding.js').then(
      ({ encoding: family }) =>
        new Chain([family.codec(codec, (exports) => exports.codecs_add_decode_text(numberOf(encoding), flags))]),
      (cause: unknown) => {
        throw new Error(
          `${codec}: cannot load codec-encoding.js, which decodes ${encoding}, as this engine's TextDecoder does not decode it as the standard says`,
          { cause },
        );
      },
    );
}

/** What decodes the bytes of a codec that takes text, before they get to it. */
export type Decoding = Pick<StageSpec, 'decoder' | 'before'>;

/**
 * What the option `encoding` of such a codec stands for; undefined if that is UTF-8.
 *
 * @throws {TypeError} if it is no string, or there is `fatal` with it
 * @throws {RangeError} if no encoding has this label
 */
export function decodingOf(
  codec: string,
  { encoding: label, fatal, ignoreBOM }: EncodingOptions & Pick<DecodeTextOptions, 'fatal' | 'ignoreBOM'>,
): Decoding | undefined {
  if (label === undefined) return undefined;
  const encoding = requireEncoding(`${codec}: encoding`, label);
  if (encoding === 'utf-8') return undefined;
  if (fatal) throw new TypeError(`${codec}: fatal is for UTF-8 only; what is not valid ${encoding} becomes U+FFFD`);
  if (engineDecodes(encoding)) return { decoder: () => new TextDecoder(encoding, { ignoreBOM: !!ignoreBOM }) };
  return { before: () => decodeText(encoding, { ignoreBOM }) as unknown as FusableStage };
}

/**
 * Decodes text: takes bytes, produces strings.
 *
 * The engine's `TextDecoder` does it if it decodes this encoding as the Encoding Standard says, which is tried once. If not, and with `fatal` of encodings
 * whose characters have several bytes, other than UTF-8, a Wasm module does it, of 135 KB (gzip), which is loaded then.
 *
 * @param label any label of the Encoding Standard (https://encoding.spec.whatwg.org/#names-and-labels). Default: `utf-8`
 * @throws {RangeError} if no encoding has this label, or the encoding is `replacement`, which none can be decoded of
 */
export function decodeText(label: string = 'utf-8', options: DecodeTextOptions = {}): DecodeTextStage {
  const codec = 'decodeText';
  const encoding = requireEncoding('decodeText: the label', label);
  requireKnown(options, codec, ['fatal', 'ignoreBOM', 'highWaterMark', 'inputHighWaterMark']);
  const stage = new Stage<string>({
    name: codec,
    open: openerOf(codec, encoding, Boolean(options.fatal), Boolean(options.ignoreBOM)),
    output: () => new TextOutput(),
    highWaterMark: highWaterMark(codec, 'highWaterMark', options.highWaterMark ?? BYTES_MARK),
    inputHighWaterMark: highWaterMark(codec, 'inputHighWaterMark', options.inputHighWaterMark ?? BYTES_MARK),
  });
  return Object.defineProperty(stage, 'encoding', { value: encoding, enumerable: true }) as Stage<string> &
    DecodeTextStage;
}
