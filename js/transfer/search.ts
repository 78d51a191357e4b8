/**
 * Finds streams in a message that the engine is about to clone. The engine would clone one of tidegate's as an empty
 * object.
 *
 * Most messages hold no stream, so the search must cost little beside the clone: it makes no object for each value,
 * remembers nothing unless there may be a circle, and asks each prototype for its tag once.
 */
import { append, uncurryThis } from '../runtime/intrinsics.js';
import { dataCloneError } from './wire.js';

/** How many values are searched. The rest of a message passes unsearched. */
export const LIMIT = 100_000;

/** An object at this depth may be in a circle. */
const DEPTH = 100;

/** From this depth on, objects that several others refer to may have been searched too often for the limit. */
const SHALLOW = 16;

const none: ReadonlySet<unknown> = new Set();
const toStringTag = uncurryThis(Object.prototype.toString) as (value: unknown) => string;
const { getPrototypeOf, keys } = Object;
const { prototype: ObjectPrototype } = Object;
const { prototype: ArrayPrototype } = Array;
const { isView } = ArrayBuffer;
const { isArray } = Array;
const sizeOf = (Class: { prototype: object }) =>
  uncurryThis(Object.getOwnPropertyDescriptor(Class.prototype, 'size')!.get!) as (object: object) => number;
const mapSize = sizeOf(Map);
const setSize = sizeOf(Set);
type Items = (object: object) => IterableIterator<unknown>;
const mapKeys = uncurryThis(Map.prototype.keys) as Items;
const mapValues = uncurryThis(Map.prototype.values) as Items;
const setValues = uncurryThis(Set.prototype.values) as Items;

/** A clone copies the value alone of objects with these prototypes, and none of their properties. */
const { prototype: DatePrototype } = Date;
const { prototype: RegExpPrototype } = RegExp;

/** The getter of an object's property, inherited or not. To make the property's descriptor costs twice as much. */
const getterOf = uncurryThis((ObjectPrototype as unknown as { __lookupGetter__: () => unknown }).__lookupGetter__) as (
  object: object,
  key: string,
) => unknown;

/**
 * The class of an object by its tag, which is the same for objects of other realms and other implementations. A
 * structured clone never reads the tag, so a getter of it that throws is no failure.
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

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** How many more values are searched. */
let left = 0;
/** Whether SHALLOW was exceeded. */
let isDeep = false;
/** The objects to search, which are remembered only if there may be a circle. */
let seen: Set<object> | undefined;
/** The prototype of the object before, and its tag: objects of one class mostly come together. */
let lastPrototype: object | null | undefined;
let lastTag: unknown;

/** Called with an object and its tag. */
type Visit = (object: object, tag: string) => void;

/**
 * Calls `visit(object, tag)` for each object that a structured clone of `value` would reach through arrays, maps, sets
 * and plain data properties, up to a limit. It may visit an object more than once, and never visits plain objects,
 * views and arrays. Unless `callsGetters`, it calls no getter, because the clone calls each one once. To find out for
 * each property whether it has a getter costs as much as the whole clone.
 */
export function eachSpecial(value: unknown, visit: Visit, callsGetters = false): void {
  if (!isObject(value)) return;
  const before = { left, isDeep, seen }; // a getter may clone something itself
  left = LIMIT;
  isDeep = false;
  seen = undefined;
  try {
    if (walk(value, visit, callsGetters, 0)) return;
    // A loop, because some engines clone objects that are nested deeper than calls can be.
    const found = new Set<object>([value]);
    left = LIMIT;
    seen = found;
    for (const object of found) walk(object, visit, callsGetters, 0);
  } finally {
    ({ left, isDeep, seen } = before);
    lastPrototype = undefined;
  }
}

/**
 * Searches an object. Returns false if the search must start again and remember objects. So do the functions below,
 * which it calls for each kind of object.
 */
function walk(object: object, visit: Visit, callsGetters: boolean, depth: number): boolean {
  const prototype = getPrototypeOf(object) as object | null;
  if (prototype === ArrayPrototype) return walkItems(object as unknown[], visit, callsGetters, depth);
  if (prototype !== ObjectPrototype) return walkSpecial(object, prototype, visit, callsGetters, depth);
  if (left < 0 || (depth > SHALLOW && isTooDeep(depth))) return !isDeep;
  // Calls only after the loop: Firefox makes an iterator of its own for a loop within one over keys of the same shape.
  let count = 0;
  let first: object | undefined;
  let others: object[] | undefined;
  for (const key in object) {
    count += 1;
    if (!callsGetters && getterOf(object, key) !== undefined) continue;
    const item = (object as Record<string, unknown>)[key];
    if (typeof item !== 'object' || item === null) continue;
    if (seen !== undefined) seen.add(item);
    else if (first === undefined) first = item;
    else if (others === undefined) others = [item];
    else append(others, item);
  }
  left -= count;
  if (first !== undefined && !walk(first, visit, callsGetters, depth + 1)) return false;
  if (others !== undefined && !walkItems(others, visit, callsGetters, depth)) return false;
  return left >= 0 || !isDeep;
}

/**
 * Of objects that are referred to many times, each reference is searched; so if the limit is reached at some depth, the
 * search starts again.
 */
function isTooDeep(depth: number): boolean {
  isDeep = true;
  return depth > DEPTH;
}

/** The index of the first item that is no number, which a loop for numbers alone finds in half of the time. */
function skipNumbers(items: readonly unknown[], length: number): number {
  let index = 0;
  if (typeof items[0] === 'number') while (index < length && typeof items[index] === 'number') index += 1;
  return index;
}

/**
 * Searches an array. Its plain objects are searched here too, because a call for each costs as much as the search of a
 * small one.
 */
function walkItems(items: readonly unknown[], visit: Visit, callsGetters: boolean, depth: number): boolean {
  if (depth > SHALLOW && isTooDeep(depth)) return false;
  const length = Math.min(items.length, Math.max(left, 0));
  left -= items.length;
  for (let index = skipNumbers(items, length); index < length; index += 1) {
    const item = items[index];
    if (typeof item !== 'object' || item === null) continue;
    if (seen !== undefined) {
      seen.add(item);
      continue;
    }
    const prototype = getPrototypeOf(item) as object | null;
    if (prototype === ArrayPrototype) {
      if (!walkItems(item as unknown[], visit, callsGetters, depth + 1)) return false;
    } else if (prototype !== ObjectPrototype) {
      if (!walkSpecial(item, prototype, visit, callsGetters, depth + 1)) return false;
    } else if (callsGetters) {
      let count = 0;
      for (const key in item) {
        count += 1;
        const inner = (item as Record<string, unknown>)[key];
        if (typeof inner === 'object' && inner !== null && !walk(inner, visit, callsGetters, depth + 2)) return false;
      }
      left -= count;
    } else if (!walk(item, visit, callsGetters, depth + 1)) return false;
  }
  return left >= 0 || !isDeep;
}

/** Searches an object that is neither plain nor an array of this realm. */
function walkSpecial(
  object: object,
  prototype: object | null,
  visit: Visit,
  callsGetters: boolean,
  depth: number,
): boolean {
  if (prototype === DatePrototype || prototype === RegExpPrototype) return true;
  if (prototype !== lastPrototype) {
    if (isView(object)) return true;
    lastTag = tagIn(object);
    lastPrototype = prototype;
  }
  if (typeof lastTag === 'string') {
    const tag = lastTag;
    visit(object, tag);
    if (tag === 'Map' && has(mapSize, object))
      return (
        walkItems([...mapKeys(object)], visit, callsGetters, depth) &&
        walkItems([...mapValues(object)], visit, callsGetters, depth)
      );
    if (tag === 'Set' && has(setSize, object)) return walkItems([...setValues(object)], visit, callsGetters, depth);
  }
  if (isArray(object)) return walkItems(object, visit, callsGetters, depth);
  // A clone copies own properties. The engine's own objects have inherited getters.
  const own = keys(object);
  if (own.length === 0) return true;
  left -= own.length;
  for (const key of own) {
    if (!callsGetters && getterOf(object, key) !== undefined) continue;
    const item = (object as Record<string, unknown>)[key];
    if (typeof item !== 'object' || item === null) continue;
    if (seen !== undefined) seen.add(item);
    else if (!walk(item, visit, callsGetters, depth + 1)) return false;
  }
  return left >= 0 || !isDeep;
}

function tagIn(object: object): unknown {
  try {
    return (object as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  } catch {
    return undefined; // a clone does not read it
  }
}

/** Whether `object`, which has the tag of a map or a set, is one. */
function has(size: (object: object) => number, object: object): boolean {
  try {
    size(object);
    return true;
  } catch {
    return false;
  }
}

/**
 * Throws a DataCloneError if `value` is or holds an object of the Streams Standard. `transferred`: objects in the
 * transfer list, which are not cloned. `callsGetters` as in `eachSpecial`.
 */
export function refuseStreams(value: unknown, transferred: ReadonlySet<unknown> = none, callsGetters = false): void {
  eachSpecial(
    value,
    transferred === none
      ? refuse
      : (object, tag) => {
          if (!transferred.has(object)) refuse(object, tag);
        },
    callsGetters,
  );
}

function refuse(object: object, tag: string): void {
  if (unserializable.has(tag)) throw unserializableError(tag);
}

export const unserializableError = (tag: string): DOMException =>
  dataCloneError(`A ${tag} cannot be cloned; to send a stream, put it into the transfer list`);
