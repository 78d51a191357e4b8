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

/**
 * tidegate's stream for one of the engine's: a readable, a writable or a `{ readable, writable }` pair. What is
 * tidegate's already is returned as it is. The given stream stays locked until the returned one has ended.
 *
 * @param value a stream of the engine (or of any other implementation of the standard), or a pair of them
 * @returns a stream of the same kind, or a new `{ readable, writable }` object for a pair that needed a bridge
 * @throws {TypeError} when `value` is none of these, or is locked
 */
export function fromNative(value) {
  return convert('fromNative', value, intoOurs);
}

/**
 * The engine's stream for one of tidegate's, as `Response`, `postMessage` and every other part of the engine wants it.
 * What is the engine's already is returned as it is. The given stream stays locked until the returned one has ended.
 *
 * @param value a stream of tidegate's, or a `{ readable, writable }` pair such as a `TransformStream` or a codec
 * @returns a stream of the same kind, or a new `{ readable, writable }` object for a pair that needed a bridge
 * @throws {TypeError} when `value` is none of these, or is locked, or the engine has no such streams
 */
export function toNative(value) {
  return convert('toNative', value, intoNative);
}

/** `fromNative` of a readable stream, which calls `onError(error)` the moment the engine's stream fails. */
export function readableFromNative(stream, onError) {
  if (isOurReadable(stream)) return stream;
  // Only of the engine's streams: another implementation's, known by shape alone, may take `mode` for anything.
  const bytes = nativeHasByteStreams && isNativeReadable(stream);
  return bridgeReadable(unlocked('fromNative', 'stream', stream), ReadableStream, { bytes, onError });
}

const intoOurs = {
  isReadable: isOurReadable,
  isWritable: isOurWritable,
  readable: (stream) => readableFromNative(stream),
  writable: (stream) => bridgeWritable(stream, WritableStream, abortReasonOf),
};

const intoNative = {
  isReadable: isNativeReadable,
  isWritable: isNativeWritable,
  readable(stream) {
    if (NativeReadableStream === undefined)
      throw new TypeError('toNative(): this engine has no ReadableStream of its own');
    return bridgeReadable(stream, NativeReadableStream, { bytes: nativeHasByteStreams });
  },
  writable(stream) {
    if (NativeWritableStream === undefined)
      throw new TypeError('toNative(): this engine has no WritableStream of its own');
    return bridgeWritable(stream, NativeWritableStream);
  },
};

function convert(caller, value, into) {
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

function pairOf(caller, value) {
  if (value !== null && typeof value === 'object') {
    const { readable, writable } = value;
    if (isReadableStreamLike(readable) && isWritableStreamLike(writable)) return { readable, writable };
  }
  throw new TypeError(
    `${caller}(): expected a ReadableStream, a WritableStream or a { readable, writable } pair of them; got ${describe(value)}`,
  );
}

function unlocked(caller, what, stream) {
  if (!stream.locked) return stream;
  throw new TypeError(
    `${caller}(): the ${what} is locked; pass it before it has a reader, writer or pipe, or release that first`,
  );
}
