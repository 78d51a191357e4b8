/**
 * What a value is to a pipeline, told by brand for tidegate's and the engine's streams and by shape for everything else.
 * Nothing here touches what it looks at: no lock is taken, no iterator made, no lazily made stream of a codec asked for.
 */
import { isNativeReadable, isNativeWritable } from './native-classes.js';
import { kFuse, kStages } from '../values/symbols.js';
import { isOurReadable, isOurWritable } from './brands.js';

const isObject = (value) => value !== null && typeof value === 'object';
const has = (value, ...methods) => isObject(value) && methods.every((name) => typeof value[name] === 'function');

/** Whether `value` is a readable stream: ours, the engine's, or another implementation's by its shape. */
export const isReadableStreamLike = (value) =>
  isOurReadable(value) || isNativeReadable(value) || has(value, 'getReader', 'cancel', 'tee');

/** Whether `value` is a writable stream: ours, the engine's, or another implementation's by its shape. */
export const isWritableStreamLike = (value) =>
  isOurWritable(value) || isNativeWritable(value) || has(value, 'getWriter', 'abort', 'close');

/** Whether `value` is a codec stage, which can join its neighbours in one pass through Wasm. */
export const isCodec = (value) => has(value, kFuse);

/** Whether `value` is a `{ readable, writable }` pair. */
export function isPair(value) {
  if (!isObject(value) || isCodec(value) || has(value, kStages)) return isObject(value);
  return isReadableStreamLike(value.readable) && isWritableStreamLike(value.writable);
}

/** Whether `value` is a readable stream of Node's kind, in whatever state. */
export const isAnyNodeReadable = (value) => has(value, 'on', 'removeListener', 'pipe', 'read');

/**
 * Whether such a stream has ended, failed or been destroyed, and will tell of it no more. `readable` and `writable` do not say so of all: a
 * response whose client has left goes on being writable, one over HTTP/2 has neither `destroyed` nor `closed`, streamx says
 * `destroying`.
 */
export const isSpentNodeReadable = (node) =>
  node.readable === false || node.readableEnded === true || isDestroyed(node);

/** The same of its writable side. */
export const isSpentNodeWritable = (node) =>
  node.writable === false || node.writableEnded === true || node.writableFinished === true || isDestroyed(node);

const isDestroyed = (node) => node.destroyed === true || node.destroying === true;

/** Whether `value` is a writable stream of Node's kind, in whatever state. */
export const isAnyNodeWritable = (value) => has(value, 'on', 'removeListener', 'write', 'end');

/** Whether `value` is a stream of Node's that can be both written and read: a stage. */
export const isNodePair = (value) => isAnyNodeReadable(value) && isAnyNodeWritable(value);

/** Whether `value` is a `Response` or a `Request`. */
export const isBody = (value) => isObject(value) && 'bodyUsed' in value && has(value, 'arrayBuffer');

/** Whether `value` is a `Blob` or a `File`. */
export const isBlob = (value) => has(value, 'stream', 'slice', 'arrayBuffer') && typeof value.size === 'number';

/** Whether `value` can be iterated. A string can, but no one who passes one means its characters as chunks. */
export const isIterable = (value) => has(value, Symbol.asyncIterator) || has(value, Symbol.iterator);

/** Whether `value` is a buffer or a view of one. */
export const isBytes = (value) => ArrayBuffer.isView(value) || value instanceof ArrayBuffer;

/** Whether `value` is a promise of something, and nothing by itself: a query may be iterated and awaited, and gives its rows one by one then. */
export const isPromise = (value) =>
  isThenable(value) && !isIterable(value) && !isReadableStreamLike(value) && !isAnyNodeReadable(value);

/** Whether `value` is a promise or another thenable. */
export const isThenable = (value) => isObject(value) && typeof value.then === 'function';
