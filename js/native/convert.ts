/**
 * From the engine's streams to tidegate's and back. Each brand check refuses the other's, so what crosses is a bridge
 * (js/bridge/bridges.js): same chunks, same reasons, same errors, no queue of its own.
 */
import { ReadableStream } from '../streams/readable-stream.js';
import { WritableStream } from '../streams/writable-stream.js';
import { bridgeReadable, bridgeWritable } from '../bridge/bridges.js';
import {
  NativeReadableStream,
  NativeWritableStream,
  isNativeReadable,
  isNativeWritable,
  nativeHasByteStreams,
} from '../bridge/native-classes.js';
import { describe } from '../values/describe.js';
import { abortReasonOf, isOurReadable, isOurWritable } from '../bridge/brands.js';
import { isReadableStreamLike, isWritableStreamLike } from '../bridge/kinds.js';
import type { AnyPair, AnyReadable, AnyWritable, Operator } from '../streams/any.js';
import type { PairLike, ReadableStreamLike, WritableStreamLike } from '../bridge/shapes.js';

/**
 * Wraps a native stream in one of tidegate's. Backpressure, cancellation and errors cross in both directions; the
 * wrapper adds no queue. One of tidegate's streams is returned unchanged. The native stream stays locked until the
 * returned stream has ended.
 *
 * A write to a writable stream made this way settles when the native stream wants more; its `close()` settles when the
 * native stream has closed.
 *
 * @throws {TypeError} when the argument is neither a stream nor a pair of streams, or is locked
 */
export function fromNative<R>(stream: ReadableStream<R>): ReadableStream<R>;
export function fromNative<R>(stream: globalThis.ReadableStream<R>): ReadableStream<R>;
export function fromNative<W>(stream: WritableStream<W>): WritableStream<W>;
export function fromNative<W>(stream: globalThis.WritableStream<W>): WritableStream<W>;
export function fromNative<I, O>(pair: AnyPair<I, O>): { readable: ReadableStream<O>; writable: WritableStream<I> };
/** @internal for streams told by their shape */
export function fromNative<R>(stream: ReadableStreamLike<R>): ReadableStream<R>;
/** @internal */
export function fromNative(stream: WritableStreamLike): WritableStream;
/** @internal */
export function fromNative(pair: PairLike): Operator<unknown, unknown>;
export function fromNative(value: unknown): unknown {
  return convert('fromNative', value, intoOurs);
}

/**
 * Wraps one of tidegate's streams in a native stream, for `Response`, `Request`, `postMessage` and other APIs that
 * accept native streams only. A native stream is returned unchanged. The given stream stays locked until the returned
 * stream has ended.
 *
 * @throws {TypeError} when the argument is neither a stream nor a pair of streams, or is locked, or the engine has no
 *   streams
 *
 * @example
 * return new Response(toNative(readable));
 *
 */
export function toNative<R>(stream: AnyReadable<R>): globalThis.ReadableStream<R>;
export function toNative<W>(stream: AnyWritable<W>): globalThis.WritableStream<W>;
export function toNative<I, O>(
  pair: AnyPair<I, O>,
): { readable: globalThis.ReadableStream<O>; writable: globalThis.WritableStream<I> };
/** @internal for streams told by their shape */
export function toNative(stream: ReadableStreamLike): globalThis.ReadableStream;
/** @internal */
export function toNative(stream: WritableStreamLike): globalThis.WritableStream;
export function toNative(value: unknown): unknown {
  return convert('toNative', value, intoNative);
}

/** `fromNative` of a readable stream, which calls `onError(error)` the moment the engine's stream fails. */
export function readableFromNative(stream: ReadableStreamLike, onError?: (error: unknown) => void): ReadableStream {
  if (isOurReadable(stream)) return stream as unknown as ReadableStream; // by its brand
  // Only of the engine's streams: another implementation's, known by shape alone, may take `mode` for anything.
  const bytes = nativeHasByteStreams && isNativeReadable(stream);
  return bridgeReadable(unlocked('fromNative', 'stream', stream), ReadableStream, { bytes, onError });
}

/** The streams of one implementation: how they are told, and made of those of another. */
interface Implementation {
  isReadable(value: unknown): boolean;
  isWritable(value: unknown): boolean;
  /** A stream over `stream`, which is not locked and of another implementation. */
  readable(stream: ReadableStreamLike): object;
  writable(stream: WritableStreamLike): object;
}

const intoOurs: Implementation = {
  isReadable: isOurReadable,
  isWritable: isOurWritable,
  readable: (stream) => readableFromNative(stream),
  writable: (stream) => bridgeWritable(stream, WritableStream, abortReasonOf),
};

const intoNative: Implementation = {
  isReadable: isNativeReadable,
  isWritable: isNativeWritable,
  readable(stream) {
    if (NativeReadableStream === undefined)
      throw new TypeError('toNative(): this engine has no native ReadableStream to convert to');
    return bridgeReadable(stream, NativeReadableStream, { bytes: nativeHasByteStreams });
  },
  writable(stream) {
    if (NativeWritableStream === undefined)
      throw new TypeError('toNative(): this engine has no native WritableStream to convert to');
    return bridgeWritable(stream, NativeWritableStream);
  },
};

function convert(caller: string, value: unknown, into: Implementation): unknown {
  if (into.isReadable(value) || into.isWritable(value)) return value;
  if (isReadableStreamLike(value)) return into.readable(unlocked(caller, 'stream', value));
  if (isWritableStreamLike(value)) return into.writable(unlocked(caller, 'stream', value));
  const { readable, writable } = pairOf(caller, value);
  if (into.isReadable(readable) && into.isWritable(writable)) return value;
  // Both are looked at before either is locked, so that a refusal leaves the pair as it was.
  if (!into.isReadable(readable)) unlocked(caller, "pair's readable", readable);
  if (!into.isWritable(writable)) unlocked(caller, "pair's writable", writable);
  return {
    readable: into.isReadable(readable) ? readable : into.readable(readable),
    writable: into.isWritable(writable) ? writable : into.writable(writable),
  };
}

function pairOf(caller: string, value: unknown): PairLike {
  if (value !== null && typeof value === 'object') {
    const { readable, writable } = value as Partial<PairLike>;
    if (isReadableStreamLike(readable) && isWritableStreamLike(writable)) return { readable, writable };
  }
  throw new TypeError(
    `${caller}(): expected a ReadableStream, a WritableStream or a { readable, writable } pair of them; got ${describe(value)}`,
  );
}

function unlocked<S extends { readonly locked: boolean }>(caller: string, what: string, stream: S): S {
  if (!stream.locked) return stream;
  throw new TypeError(
    `${caller}(): the ${what} is locked; pass it before it has a reader, writer or pipe, or release that first`,
  );
}
