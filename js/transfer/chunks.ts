/** What a message may hold: buffers that can be transferred with it, and streams that must not be cloned with it. */
import { unshared } from '../runtime/buffers.js';
import { uncurryThis } from '../runtime/intrinsics.js';
import { dataCloneError } from './wire.js';

/** How many values are searched for streams. The rest of a message passes unsearched. */
const LIMIT = 100_000;

const none: ReadonlySet<unknown> = new Set();
const toStringTag = uncurryThis(Object.prototype.toString) as (value: unknown) => string;
const { isView } = ArrayBuffer;
const { isArray } = Array;

/**
 * The class of an object by its tag, which is the same for objects of other realms and other implementations. A structured clone never
 * reads the tag, so a getter of it that throws is no failure.
 */
export function tagOf(value: unknown): string {
  try {
    return toStringTag(value).slice(8, -1);
  } catch {
    return 'Object';
  }
}

/** The classes of the Streams Standard. None can be cloned. */
export const unserializable: ReadonlySet<string> = new Set([
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

/** The buffers of `chunk` if it is a buffer, a view, or an array of these; each once. */
export function buffersOf(chunk: unknown): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const value of isArray(chunk) ? valuesOf(chunk) : [chunk]) {
    const buffer = isView(value) ? value.buffer : value;
    if (buffer instanceof ArrayBuffer) buffers.add(buffer);
  }
  return [...buffers];
}

/** The values in an array. A long one may be nearly all holes, and a loop over its indices would take minutes. */
const valuesOf = (array: unknown[]): unknown[] => (array.length > LIMIT ? Object.values(array) : array);

/**
 * `chunk` with copies in place of views that are narrower than their buffers: `chunk` itself if it is such a view, or the views in it if it is an
 * array or a plain object. Views of the buffers in `moved` are not copied.
 */
export function narrowed(chunk: unknown, moved: ReadonlySet<unknown> = none): unknown {
  if (typeof chunk !== 'object' || chunk === null) return chunk;
  const own = (value: unknown) => (isView(value) && !moved.has(value.buffer) ? unshared(value) : value);
  if (isView(chunk)) return own(chunk);
  const tag = tagOf(chunk);
  if (tag !== 'Object' && !isArray(chunk)) return chunk;
  if (isArray(chunk) && !valuesOf(chunk).some((value) => own(value) !== value)) return chunk;
  let copy = chunk as Record<string, unknown>;
  for (const key of Object.keys(chunk)) {
    const value = Object.getOwnPropertyDescriptor(chunk, key)?.value;
    if (own(value) === value) continue;
    if (copy === chunk)
      copy = (isArray(chunk) ? Object.assign(new Array(chunk.length), chunk) : { ...chunk }) as typeof copy;
    copy[key] = own(value);
  }
  return copy;
}

const { getPrototypeOf } = Object;
const { prototype: ObjectPrototype } = Object;
const { prototype: ArrayPrototype } = Array;

/** The getter of an object's property, inherited or not. To make the property's descriptor costs twice as much. */
const getterOf = uncurryThis((ObjectPrototype as unknown as { __lookupGetter__: () => unknown }).__lookupGetter__) as (
  object: object,
  key: string,
) => unknown;
const hasOwn = uncurryThis(ObjectPrototype.hasOwnProperty) as (object: object, key: string) => boolean;

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** An object at this depth may be in a circle, so from there on objects are remembered. */
const DEPTH = 16;

/** How many more values are searched; and the objects to search, which are remembered only if there may be a circle. */
let left = 0;
let seen: Set<object> | undefined;

/** Called with an object and its tag. */
type Visit = (object: object, tag: string) => void;

/**
 * Calls `visit(object, tag)` for each object that a structured clone of `value` would reach through arrays, maps, sets and plain data
 * properties, up to a limit. It may visit an object more than once, and never visits plain objects and arrays: most messages hold nothing else, and
 * the search costs a tenth of their clone. Unless `callsGetters`, it calls no getter, because the clone calls each one once. To
 * find out for each property whether it has a getter costs as much as the whole clone.
 */
export function eachSpecial(value: unknown, visit: Visit, callsGetters = false): void {
  if (!isObject(value)) return;
  const before = { left, seen }; // a getter may clone something itself
  left = LIMIT;
  seen = undefined;
  try {
    if (walk(value, visit, callsGetters, 0)) return;
    // A loop, because some engines clone objects that are nested deeper than calls can be.
    const found = new Set<object>([value]);
    left = LIMIT;
    seen = found;
    for (const object of found) walk(object, visit, callsGetters, 0);
  } finally {
    ({ left, seen } = before);
  }
}

/** Returns false if the search must start again and remember objects. So does `walk`. */
function reach(object: object, visit: Visit, callsGetters: boolean, depth: number): boolean {
  if (seen !== undefined) seen.add(object);
  else return depth < DEPTH && walk(object, visit, callsGetters, depth + 1);
  return true;
}

function walk(object: object, visit: Visit, callsGetters: boolean, depth: number): boolean {
  const prototype = getPrototypeOf(object);
  if (prototype === ArrayPrototype) return walkItems(object as unknown[], visit, callsGetters, depth);
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
    // A clone copies own properties. The engine's own objects have inherited getters.
    if (prototype !== ObjectPrototype && !hasOwn(object, key)) continue;
    if (!callsGetters && getterOf(object, key) !== undefined) continue;
    const item = (object as Record<string, unknown>)[key];
    if (typeof item === 'object' && item !== null && !reach(item, visit, callsGetters, depth)) return false;
  }
  return true;
}

function tagIn(object: object): unknown {
  try {
    return (object as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  } catch {
    return undefined; // a clone does not read it
  }
}

function walkItems(items: unknown[], visit: Visit, callsGetters: boolean, depth: number): boolean {
  const length = Math.min(items.length, left);
  left -= length;
  for (let index = 0; index < length; index += 1) {
    const item = items[index];
    if (typeof item === 'object' && item !== null && !reach(item, visit, callsGetters, depth)) return false;
  }
  return true;
}

/** The objects in a map or a set. `object` may only have the tag of one. */
function itemsOf(object: object, tag: 'Map' | 'Set'): object[] {
  const items: object[] = [];
  const add = (value: unknown, key: unknown) => {
    if (isObject(value)) items.push(value);
    if (key !== value && isObject(key)) items.push(key);
  };
  try {
    (tag === 'Map' ? Map : Set).prototype.forEach.call(object as never, add);
  } catch {
    return [];
  }
  return items;
}

/**
 * Throws a DataCloneError if `value` is or holds an object of the Streams Standard. The engine would clone one of tidegate's as an empty
 * object. `transferred`: objects in the transfer list, which are not cloned. `callsGetters` as in `eachSpecial`.
 */
export function refuseStreams(value: unknown, transferred: ReadonlySet<unknown> = none, callsGetters = false): void {
  eachSpecial(
    value,
    (object, tag) => {
      if (unserializable.has(tag) && !transferred.has(object)) throw unserializableError(tag);
    },
    callsGetters,
  );
}

export const unserializableError = (tag: string): DOMException =>
  dataCloneError(`A ${tag} cannot be cloned; to send a stream, put it into the transfer list`);
