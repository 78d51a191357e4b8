/**
 * What a value is to a pipeline: tidegate's and the engine's streams are recognised by brand, everything else by shape.
 * Nothing here touches what it looks at: no lock is taken, no iterator made, no lazily made stream of a codec asked
 * for.
 */
import { isNativeReadable, isNativeWritable } from './native-classes.js';
import { kFuse, kStages } from '../values/symbols.js';
import { isOurReadable, isOurWritable } from './brands.js';
import type { NodeReadable, NodeWritable, PairLike, ReadableStreamLike, WritableStreamLike } from './shapes.js';
import type { CodecStage } from './stages.js';

const isObject = (value: unknown): value is Record<PropertyKey, unknown> => value !== null && typeof value === 'object';
const has = <K extends PropertyKey>(
  value: unknown,
  ...methods: K[]
): value is Record<K, Function> & Record<PropertyKey, unknown> =>
  isObject(value) && methods.every((name) => typeof value[name] === 'function');

/** Whether `value` is a readable stream: ours, the engine's, or another implementation's by its shape. */
export const isReadableStreamLike = (value: unknown): value is ReadableStreamLike =>
  isOurReadable(value) || isNativeReadable(value) || has(value, 'getReader', 'cancel', 'tee');

/** Whether `value` is a writable stream: ours, the engine's, or another implementation's by its shape. */
export const isWritableStreamLike = (value: unknown): value is WritableStreamLike =>
  isOurWritable(value) || isNativeWritable(value) || has(value, 'getWriter', 'abort', 'close');

/** Whether `value` is a codec stage, which can join its neighbours in one pass through Wasm. */
export const isCodec = (value: unknown): value is CodecStage => has(value, kFuse);

/** Whether `value` is a `{ readable, writable }` pair. */
export function isPair(value: unknown): value is PairLike {
  if (!isObject(value) || isCodec(value) || has(value, kStages)) return isObject(value);
  return isReadableStreamLike(value.readable) && isWritableStreamLike(value.writable);
}

/** Whether `value` is a readable stream of Node's kind, in whatever state. */
export const isAnyNodeReadable = (value: unknown): value is NodeReadable =>
  has(value, 'on', 'removeListener', 'pipe', 'read');

/**
 * Whether such a stream has ended, failed or been destroyed, and will emit no event about it any more. `readable` and
 * `writable` do not show this for every stream: a response whose client has disconnected stays writable, one over
 * HTTP/2 has neither `destroyed` nor `closed`, streamx says `destroying`.
 */
export const isSpentNodeReadable = (node: NodeReadable): boolean =>
  node.readable === false || node.readableEnded === true || isDestroyed(node);

/** The same of its writable side. */
export const isSpentNodeWritable = (node: NodeWritable): boolean =>
  node.writable === false || node.writableEnded === true || node.writableFinished === true || isDestroyed(node);

const isDestroyed = (node: Pick<NodeReadable, 'destroyed' | 'destroying'>): boolean =>
  node.destroyed === true || node.destroying === true;

/** Whether `value` is a writable stream of Node's kind, in whatever state. */
export const isAnyNodeWritable = (value: unknown): value is NodeWritable =>
  has(value, 'on', 'removeListener', 'write', 'end');

/** Whether `value` is a stream of Node's that can be both written and read: a stage. */
export const isNodePair = (value: unknown): value is NodeReadable & NodeWritable =>
  isAnyNodeReadable(value) && isAnyNodeWritable(value);

/** Whether `value` is a `Response` or a `Request`. */
export const isBody = (value: unknown): value is Response | Request =>
  isObject(value) && 'bodyUsed' in value && has(value, 'arrayBuffer');

/**
 * Whether `value` is a `Blob` or a `File`, of this realm or another. Those of older jsdom have no method that reads.
 */
export const isBlob = (value: unknown): value is Blob =>
  has(value, 'slice') &&
  typeof value.size === 'number' &&
  (typeof value.arrayBuffer === 'function' ||
    value[Symbol.toStringTag] === 'Blob' ||
    value[Symbol.toStringTag] === 'File');

/** Whether `value` can be iterated. A string can, but no one who passes one means its characters as chunks. */
export const isIterable = (value: unknown): value is AsyncIterable<unknown> | Iterable<unknown> =>
  has(value, Symbol.asyncIterator) || has(value, Symbol.iterator);

/** Whether `value` is a buffer or a view of one. */
export const isBytes = (value: unknown): value is ArrayBufferView | ArrayBuffer =>
  ArrayBuffer.isView(value) || value instanceof ArrayBuffer;

/**
 * Whether `value` is a promise of something, and nothing by itself: a query may be iterated and awaited, and gives its
 * rows one by one then.
 */
export const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  isThenable(value) && !isIterable(value) && !isReadableStreamLike(value) && !isAnyNodeReadable(value);

/** Whether `value` is a promise or another thenable. */
export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  isObject(value) && typeof value.then === 'function';
