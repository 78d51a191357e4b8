/** Objects exchanged for others in a graph as structured clone sees it: arrays, plain objects, maps and sets. */
import { tagOf, unserializable, unserializableError } from '../transfer/chunks.js';

const isObject = (value) => typeof value === 'object' && value !== null;
const hasOwn = (object, key, value) =>
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });

/**
 * A copy of `root` with the values of `replacements` in the place of its keys. What holds none of them but is no container
 * stays the same object. Throws a DataCloneError for any other stream that is not in `transferred`.
 */
export function replaceInCopy(root, replacements, transferred) {
  const copies = new Map(replacements);
  /** Those whose copies are still empty: one after the other, as objects may be nested deeper than calls can be. */
  const empty = [];
  const copyOf = (value) => {
    if (!isObject(value) || ArrayBuffer.isView(value)) return value;
    if (copies.has(value)) return copies.get(value);
    const tag = tagOf(value);
    if (unserializable.has(tag) && !transferred.has(value)) throw unserializableError(tag);
    const copy = emptyLike(tag, value);
    copies.set(value, copy);
    if (copy !== value) empty.push({ value, copy, tag });
    return copy;
  };
  const result = copyOf(root);
  for (const { value, copy, tag } of empty) {
    if (tag === 'Map') for (const [key, item] of value) copy.set(copyOf(key), copyOf(item));
    else if (tag === 'Set') for (const item of value) copy.add(copyOf(item));
    else for (const key of Object.keys(value)) hasOwn(copy, key, copyOf(value[key]));
  }
  return result;
}

function emptyLike(tag, value) {
  if (tag === 'Array') return new Array(value.length);
  if (tag === 'Object') return {};
  if (tag === 'Map') return new Map();
  if (tag === 'Set') return new Set();
  return value;
}

/** `root`, changed: the values of `replacements` in the place of its keys. */
export function replaceInPlace(root, replacements) {
  const seen = new Set();
  const replace = (value) => {
    if (replacements.has(value)) return replacements.get(value);
    if (isObject(value) && !ArrayBuffer.isView(value)) seen.add(value);
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
      for (const key of Object.keys(object)) hasOwn(object, key, replace(object[key]));
    }
  }
  return result;
}
