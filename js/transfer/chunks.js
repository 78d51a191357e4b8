/** What a message may hold: the buffers that can be moved with it, and the streams that it must not be cloned with. */
import { unshared } from '../runtime/buffers.js';
import { uncurryThis } from '../runtime/intrinsics.js';
import { dataCloneError } from './wire.js';

/** How many values are looked at for streams before the rest of a message is let through unseen. */
const LIMIT = 100_000;

const none = new Set();
const toStringTag = uncurryThis(Object.prototype.toString);
const { isView } = ArrayBuffer;
const { isArray } = Array;

/**
 * The class of an object as its tag tells, which is the same for objects of other realms and other implementations. A structured clone never
 * asks for the tag, so one whose getter throws is no reason to fail.
 */
export function tagOf(value) {
  try {
    return toStringTag(value).slice(8, -1);
  } catch {
    return 'Object';
  }
}

/** The classes of the Streams Standard, none of which can be cloned. */
export const unserializable = new Set([
  'ReadableStream',
  'ReadableStreamDefaultReader',
  'ReadableStreamBYOBReader',
  'ReadableStreamDefaultController',
  'ReadableByteStreamController',
  'ReadableStreamBYOBRequest',
  'WritableStream',
  'WritableStreamDefaultWriter',
  'WritableStreamDefaultController',
  'TransformStream',
  'TransformStreamDefaultController',
  'ByteLengthQueuingStrategy',
  'CountQueuingStrategy',
]);

/** The buffers of `chunk` where it is a buffer, a view of one, or an array of these; each once. */
export function buffersOf(chunk) {
  const buffers = new Set();
  for (const value of isArray(chunk) ? valuesOf(chunk) : [chunk]) {
    const buffer = isView(value) ? value.buffer : value;
    if (buffer instanceof ArrayBuffer) buffers.add(buffer);
  }
  return [...buffers];
}

/** What is in an array; a long one may be nearly all holes, which a loop over its indices would count for minutes. */
const valuesOf = (array) => (array.length > LIMIT ? Object.values(array) : array);

/**
 * `chunk` with its views that are narrower than their buffers copied: itself where it is one, else those in it where it is an array or a plain
 * object. Views of the buffers in `moved` stay as they are.
 */
export function narrowed(chunk, moved = none) {
  if (typeof chunk !== 'object' || chunk === null) return chunk;
  const own = (value) => (isView(value) && !moved.has(value.buffer) ? unshared(value) : value);
  if (isView(chunk)) return own(chunk);
  const tag = tagOf(chunk);
  if (tag !== 'Object' && !isArray(chunk)) return chunk;
  if (isArray(chunk) && !valuesOf(chunk).some((value) => own(value) !== value)) return chunk;
  let copy = chunk;
  for (const key of Object.keys(chunk)) {
    const value = Object.getOwnPropertyDescriptor(chunk, key)?.value;
    if (own(value) === value) continue;
    if (copy === chunk) copy = isArray(chunk) ? Object.assign(new Array(chunk.length), chunk) : { ...chunk };
    copy[key] = own(value);
  }
  return copy;
}

const { getPrototypeOf } = Object;
const { prototype: ObjectPrototype } = Object;
const { prototype: ArrayPrototype } = Array;

/** The getter of an object's property, inherited or not; without the descriptor, which costs twice as much. */
const getterOf = uncurryThis(/** @type {any} */ (ObjectPrototype).__lookupGetter__);
const hasOwn = uncurryThis(ObjectPrototype.hasOwnProperty);

const isObject = (value) => typeof value === 'object' && value !== null;

/** From this depth on an object is taken for one of a circle, and objects are remembered. */
const DEPTH = 16;

/** How many values may still be looked at, and the objects that are to be, which are remembered only where there seems to be a circle. */
let left = 0;
let seen;

/**
 * Calls `visit(object, tag)` for each object that a structured clone of `value` would reach through arrays, maps, sets and plain data
 * properties, up to a limit; some more than once, and plain objects and arrays never: most messages hold nothing else, and this costs
 * a tenth of their clone. Unless `callsGetters`, a getter is left alone, as it is the clone's to call, and once: to ask for each
 * property whether it is one costs as much as the whole clone.
 */
export function eachSpecial(value, visit, callsGetters = false) {
  if (!isObject(value)) return;
  const before = { left, seen }; // a getter may clone something itself
  left = LIMIT;
  seen = undefined;
  try {
    if (walk(value, visit, callsGetters, 0)) return;
    // One after the other, as some engines clone objects that are nested deeper than calls can be.
    const found = new Set([value]);
    left = LIMIT;
    seen = found;
    for (const object of found) walk(object, visit, callsGetters, 0);
  } finally {
    ({ left, seen } = before);
  }
}

/** Whether it has come to an end without remembering. */
function reach(object, visit, callsGetters, depth) {
  if (seen !== undefined) seen.add(object);
  else return depth < DEPTH && walk(object, visit, callsGetters, depth + 1);
  return true;
}

function walk(object, visit, callsGetters, depth) {
  const prototype = getPrototypeOf(object);
  if (prototype === ArrayPrototype) return walkItems(object, visit, callsGetters, depth);
  if (prototype !== ObjectPrototype) {
    if (isView(object)) return true;
    const tag = tagIn(object);
    if (typeof tag === 'string') visit(object, tag);
    if (tag === 'Map' || tag === 'Set') return walkItems(itemsOf(object, tag), visit, callsGetters, depth);
    if (isArray(object)) return walkItems(object, visit, callsGetters, depth);
  }
  for (const key in object) {
    left -= 1;
    if (left < 0) return true;
    // A clone has an object's own properties; those of the engine's own objects are inherited getters.
    if (prototype !== ObjectPrototype && !hasOwn(object, key)) continue;
    if (!callsGetters && getterOf(object, key) !== undefined) continue;
    const item = object[key];
    if (typeof item === 'object' && item !== null && !reach(item, visit, callsGetters, depth)) return false;
  }
  return true;
}

function tagIn(object) {
  try {
    return object[Symbol.toStringTag];
  } catch {
    return undefined; // a clone does not ask for it
  }
}

function walkItems(items, visit, callsGetters, depth) {
  const length = Math.min(items.length, left);
  left -= length;
  for (let index = 0; index < length; index += 1) {
    const item = items[index];
    if (typeof item === 'object' && item !== null && !reach(item, visit, callsGetters, depth)) return false;
  }
  return true;
}

/** The objects in a map or a set, or in what only says that it is one. */
function itemsOf(object, tag) {
  const items = [];
  const add = (value, key) => {
    if (isObject(value)) items.push(value);
    if (key !== value && isObject(key)) items.push(key);
  };
  try {
    (tag === 'Map' ? Map : Set).prototype.forEach.call(object, add);
  } catch {
    return [];
  }
  return items;
}

/**
 * Throws a DataCloneError where `value` is or holds an object of the Streams Standard's. The engine's clone of one of
 * tidegate's would be an empty object. `transferred`: those that go as transfers, and so need no clone. `callsGetters` as in `eachSpecial`.
 */
export function refuseStreams(value, transferred = none, callsGetters = false) {
  eachSpecial(
    value,
    (object, tag) => {
      if (unserializable.has(tag) && !transferred.has(object)) throw unserializableError(tag);
    },
    callsGetters,
  );
}

export const unserializableError = (tag) => dataCloneError(`A ${tag} cannot be cloned; list a stream for transfer`);
