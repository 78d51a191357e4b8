/** Buffers that a message can transfer, and copies of views that are narrower than their buffers. */
import { unshared } from '../runtime/buffers.js';
import { LIMIT, tagOf } from './search.js';

const none: ReadonlySet<unknown> = new Set();
const { isView } = ArrayBuffer;
const { isArray } = Array;

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
 * `chunk` with copies in place of views that are narrower than their buffers: `chunk` itself if it is such a view, or
 * the views in it if it is an array or a plain object. Views of the buffers in `moved` are not copied.
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
