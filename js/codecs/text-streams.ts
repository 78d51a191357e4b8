/**
 * `TextDecoderStream` and `TextEncoderStream` over any class of transform streams: https://encoding.spec.whatwg.org/#streams. The engine's `TextDecoder`
 * and `TextEncoder` do the work.
 */
import { TextPieces, utf8 } from '../runtime/text.js';
import { convertDictionary, defineInterface, illegalInvocation } from '../runtime/webidl.js';
import { TransformStream } from '../streams/transform-stream.js';
import type { Bytes } from '../runtime/buffers.js';
import type { ReadableStream } from '../streams/readable-stream.js';
import type { WritableStream } from '../streams/writable-stream.js';

/** As much of a class of transform streams as is needed. */
type Transform = new (transformer: {
  transform(chunk: unknown, controller: { enqueue(chunk: unknown): void }): void;
  flush(controller: { enqueue(chunk: unknown): void }): void;
}) => { readonly readable: object; readonly writable: object };

/** The sides of what such a class made, as this package's types have them. */
interface Sides<I, O> {
  readonly readable: ReadableStream<O>;
  readonly writable: WritableStream<I>;
}

const STREAM = { stream: true };

/**
 * What `TextDecoder` is to decode of a chunk, and checks. It takes undefined, and in WebKit null, for no bytes, and some engines' refuses shared memory, of
 * which the standard has a copy: https://encoding.spec.whatwg.org/#decode-and-enqueue-a-chunk
 */
function sourceOf(chunk: unknown): ArrayBufferLike | ArrayBufferView {
  if (chunk === undefined || chunk === null)
    throw new TypeError(`TextDecoderStream: chunks must be an ArrayBuffer or a view of one; got ${chunk}`);
  const isView = ArrayBuffer.isView(chunk);
  const buffer = isView ? chunk.buffer : (chunk as ArrayBufferLike);
  if (Object.prototype.toString.call(buffer) !== '[object SharedArrayBuffer]') return chunk as BufferSource;
  return (isView ? new Uint8Array(buffer, chunk.byteOffset, chunk.byteLength) : new Uint8Array(buffer)).slice();
}

export function textDecoderStreamOver(Class: Transform): TextDecoderStreamClass {
  class Decoder {
    #decoder: TextDecoder;
    #sides: Sides<ArrayBufferLike | ArrayBufferView, string>;

    constructor(
      label: string = 'utf-8',
      options: { fatal?: boolean | undefined; ignoreBOM?: boolean | undefined } = {},
    ) {
      const name = `${label}`;
      // Its members are read once and in the order of their names, whatever the engine's does.
      const dictionary = convertDictionary(options, 'TextDecoderStream: options');
      const fatal = Boolean(dictionary?.fatal);
      const ignoreBOM = Boolean(dictionary?.ignoreBOM);
      const decoder = new TextDecoder(name, { fatal, ignoreBOM });
      this.#decoder = decoder;
      this.#sides = new Class({
        transform(chunk, controller) {
          const text = decoder.decode(sourceOf(chunk), STREAM);
          if (text !== '') controller.enqueue(text);
        },
        flush(controller) {
          const text = decoder.decode();
          if (text !== '') controller.enqueue(text);
        },
      }) as Sides<ArrayBufferLike | ArrayBufferView, string>;
    }

    get encoding(): string {
      return Decoder.#of(this, 'encoding').#decoder.encoding;
    }

    get fatal(): boolean {
      return Decoder.#of(this, 'fatal').#decoder.fatal;
    }

    get ignoreBOM(): boolean {
      return Decoder.#of(this, 'ignoreBOM').#decoder.ignoreBOM;
    }

    get readable(): ReadableStream<string> {
      return Decoder.#of(this, 'readable').#sides.readable;
    }

    get writable(): WritableStream<ArrayBufferLike | ArrayBufferView> {
      return Decoder.#of(this, 'writable').#sides.writable;
    }

    static #of(value: unknown, member: string): Decoder {
      if (!(#sides in Object(value))) throw illegalInvocation(`TextDecoderStream.${member}`);
      return value as Decoder;
    }
  }
  defineInterface(Decoder, 'TextDecoderStream');
  return Decoder;
}

export function textEncoderStreamOver(Class: Transform): TextEncoderStreamClass {
  class Encoder {
    #sides: Sides<string, Bytes>;

    constructor() {
      const pieces = new TextPieces();
      this.#sides = new Class({
        transform(chunk, controller) {
          const text = pieces.take(`${chunk as string}`);
          if (text !== '') controller.enqueue(utf8(text));
        },
        flush(controller) {
          const text = pieces.rest();
          if (text !== '') controller.enqueue(utf8(text));
        },
      }) as Sides<string, Bytes>;
    }

    get encoding(): string {
      Encoder.#of(this, 'encoding');
      return 'utf-8';
    }

    get readable(): ReadableStream<Bytes> {
      return Encoder.#of(this, 'readable').#sides.readable;
    }

    get writable(): WritableStream<string> {
      return Encoder.#of(this, 'writable').#sides.writable;
    }

    static #of(value: unknown, member: string): Encoder {
      if (!(#sides in Object(value))) throw illegalInvocation(`TextEncoderStream.${member}`);
      return value as Encoder;
    }
  }
  defineInterface(Encoder, 'TextEncoderStream');
  return Encoder;
}

/** https://encoding.spec.whatwg.org/#interface-textdecoderstream */
export interface TextDecoderStream {
  /** The name of the encoding, in lower case. */
  readonly encoding: string;
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  readonly readable: ReadableStream<string>;
  readonly writable: WritableStream<ArrayBufferLike | ArrayBufferView>;
}

export interface TextDecoderStreamClass {
  readonly prototype: TextDecoderStream;
  /**
   * @param label of an encoding that the engine's `TextDecoder` knows. Default: `utf-8`
   * @param options `fatal`: true errors on what is not of the encoding, false replaces it with U+FFFD; `ignoreBOM`: true keeps a byte order mark
   *   at the start. Default: both false
   * @throws {RangeError} if it knows none of that label
   */
  new (label?: string, options?: { fatal?: boolean | undefined; ignoreBOM?: boolean | undefined }): TextDecoderStream;
}

/** https://encoding.spec.whatwg.org/#interface-textencoderstream */
export interface TextEncoderStream {
  /** `utf-8` */
  readonly encoding: string;
  readonly readable: ReadableStream<Bytes>;
  readonly writable: WritableStream<string>;
}

export interface TextEncoderStreamClass {
  readonly prototype: TextEncoderStream;
  new (): TextEncoderStream;
}

/**
 * The standard's class, for engines whose own is missing or does not take shared memory. Bytes that are no text become U+FFFD, or with `fatal` fail the
 * streams with a `TypeError`.
 *
 * @see https://encoding.spec.whatwg.org/#interface-textdecoderstream
 */
export const TextDecoderStream: TextDecoderStreamClass = /* @__PURE__ */ textDecoderStreamOver(TransformStream);

/**
 * The standard's class. A surrogate pair may be split between two chunks.
 *
 * @see https://encoding.spec.whatwg.org/#interface-textencoderstream
 */
export const TextEncoderStream: TextEncoderStreamClass = /* @__PURE__ */ textEncoderStreamOver(TransformStream);
