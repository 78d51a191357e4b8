/** What a message may hold: the buffers that can be moved with it, and the streams that it must not be cloned with. */
import { unshared } from '../internal/buffers.js';
import { uncurryThis } from '../internal/intrinsics.js';
import { dataCloneError } from './wire.js';

/** How many objects are looked at for streams before a message is let through unseen. */
const LIMIT = 10_000;

const none = new Set();
const toStringTag = uncurryThis(Object.prototype.toString);
const { isView } = ArrayBuffer;

/** The class of an object as its tag tells, which is the same for objects of other realms and other implementations. */
export const tagOf = (value) => toStringTag(value).slice(8, -1);

/** The classes of the Streams Standard, none of which can be cloned. */
export const unserializable = new Set([
  'ReadableStream', 'ReadableStreamDefaultReader', 'ReadableStreamBYOBReader', 'ReadableStreamDefaultController',
  'ReadableByteStreamController', 'ReadableStreamBYOBRequest', 'WritableStream', 'WritableStreamDefaultWriter',
  'WritableStreamDefaultController', 'TransformStream', 'TransformStreamDefaultController', 'ByteLengthQueuingStrategy',
  'CountQueuingStrategy',
]);

/** The buffers of `chunk` where it is a buffer, a view of one, or an array of these; each once. */
export function buffersOf(chunk) {
  const buffers = new Set();
  for (const value of Array.isArray(chunk) ? chunk : [chunk]) {
    const buffer = isView(value) ? value.buffer : value;
    if (buffer instanceof ArrayBuffer) buffers.add(buffer);
  }
  return [...buffers];
}

/**
 * `chunk` with its views that are narrower than their buffers copied: itself where it is one, else those in it where it is an array or a plain
 * object. Views of the buffers in `moved` stay as they are.
 */
export function narrowed(chunk, moved = none) {
  if (typeof chunk !== 'object' || chunk === null) return chunk;
  const own = (value) => (isView(value) && !moved.has(value.buffer) ? unshared(value) : value);
  if (isView(chunk)) return own(chunk);
  const tag = tagOf(chunk);
  if (tag === 'Array') return chunk.some((value) => own(value) !== value) ? chunk.map(own) : chunk;
  if (tag !== 'Object') return chunk;
  let copy = chunk;
  for (const key of Object.keys(chunk)) {
    const value = Object.getOwnPropertyDescriptor(chunk, key)?.value;
    if (own(value) === value) continue;
    if (copy === chunk) copy = { ...chunk };
    copy[key] = own(value);
  }
  return copy;
}

/**
 * Calls `visit(object, tag)` for each object that a structured clone of `value` would reach through arrays, maps, sets
 * and plain data properties, each once, up to a limit.
 */
function eachObject(value, visit) {
  if (typeof value !== 'object' || value === null || isView(value)) return;
  const seen = new Set([value]);
  const add = (item) => {
    if (typeof item === 'object' && item !== null && seen.size < LIMIT) seen.add(item);
  };
  for (const object of seen) {
    const tag = tagOf(object);
    visit(object, tag);
    if (tag === 'Map') Map.prototype.forEach.call(object, (item, key) => {
      add(key);
      add(item);
    });
    else if (tag === 'Set') Set.prototype.forEach.call(object, add);
    else if (tag === 'Array') object.forEach(add);
    else if (tag === 'Object') {
      // A getter is left alone: it is the clone's to call, and once.
      for (const key of Object.keys(object)) add(Object.getOwnPropertyDescriptor(object, key)?.value);
    }
  }
}

/**
 * Throws a DataCloneError where `value` is or holds an object of the Streams Standard's. The engine's clone of one of
 * tidegate's would be an empty object. `transferred`: those that go as transfers, and so need no clone.
 */
export function refuseStreams(value, transferred = none) {
  eachObject(value, (object, tag) => {
    if (unserializable.has(tag) && !transferred.has(object)) throw unserializableError(tag);
  });
}

export const unserializableError = (tag) => dataCloneError(`A ${tag} cannot be cloned; list a stream for transfer`);
