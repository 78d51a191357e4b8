/** The dictionary of zstd's codecs. */
import { describe } from '../values/describe.js';
import { toBytes } from './options.js';
import type { Bytes } from '../runtime/buffers.js';

/** A copy of the bytes of a dictionary. */
export function dictionaryOf(codec: string, value: unknown): Bytes | undefined {
  if (value === undefined) return undefined;
  try {
    return toBytes(value, codec).slice();
  } catch {
    throw new TypeError(
      `${codec}: dictionary must be bytes, an ArrayBuffer or a view of one, not shared; got ${describe(value)}`,
    );
  }
}
