/** Replaces objects inside arrays, plain objects, maps and sets, as structured clone sees them. */
import { tagOf, unserializable, unserializableError } from '../transfer/search.js';

/** An object that has contents; its tag says what it is. */
type Container = Map<unknown, unknown> & Set<unknown> & Record<string, unknown>;

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const hasOwn = (object: object, key: string, value: unknown): object =>
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });

/**
 * A copy of `root` in which each key of `replacements` is replaced by its value. An object that is no array, plain
 * object, map or set is not copied. Throws a DataCloneError for a stream that is neither replaced nor in `transferred`.
 */
export function replaceInCopy(
  root: unknown,
  replacements: ReadonlyMap<unknown, unknown>,
  transferred: ReadonlySet<unknown>,
): unknown {
  const copies = new Map(replacements);
  /** Objects whose copies are still empty. A list, because objects may be nested deeper than calls can be. */
  const empty: { value: Container; copy: Container; tag: string }[] = [];
  const copyOf = (value: unknown): unknown => {
    if (!isObject(value) || ArrayBuffer.isView(value)) return value;
    if (copies.has(value)) return copies.get(value);
    const tag = tagOf(value);
    if (unserializable.has(tag) && !transferred.has(value)) throw unserializableError(tag);
    const copy = emptyLike(tag, value);
    copies.set(value, copy);
    if (copy !== value) empty.push({ value: value as Container, copy: copy as Container, tag });
    return copy;
  };
  const result = copyOf(root);
  for (const { value, copy, tag } of empty) {
    if (tag === 'Map') for (const [key, item] of value) copy.set(copyOf(key), copyOf(item));
    else if (tag === 'Set') for (const item of value) copy.add(copyOf(item));
    else for (const key of Object.keys(value)) hasOwn(copy, key, copyOf(value[key as never]));
  }
  return result;
}

function emptyLike(tag: string, value: object): object {
  if (tag === 'Array') return new Array((value as unknown[]).length);
  if (tag === 'Object') return {};
  if (tag === 'Map') return new Map();
  if (tag === 'Set') return new Set();
  return value;
}

/** Replaces each key of `replacements` in `root` by its value, and returns `root`, or its replacement. */
export function replaceInPlace(root: unknown, replacements: ReadonlyMap<unknown, unknown>): unknown {
  const seen = new Set<Container>();
  const replace = (value: unknown): unknown => {
    if (replacements.has(value)) return replacements.get(value);
    if (isObject(value) && !ArrayBuffer.isView(value)) seen.add(value as Container);
    return value;
  };
  const result = replace(root);
  for (const object of seen) {
    const tag = tagOf(object);
    if (tag === 'Map') {
      const entries = [...object];
      object.clear();
      for (const [key, item] of entries) object.set(replace(key), replace(item));
    } else if (tag === 'Set') {
      const items = [...object];
      object.clear();
      for (const item of items) object.add(replace(item));
    } else if (tag === 'Object' || tag === 'Array') {
      for (const key of Object.keys(object)) hasOwn(object, key, replace(object[key as never]));
    }
  }
  return result;
}
