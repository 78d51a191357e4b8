/** Makes the engine's transform streams, and streams that the engine still makes, work with the installed classes. */
import { reflectApply } from '../runtime/intrinsics.js';
import { NativeReadableStream, isNativeReadable, isNativeWritable } from '../bridge/native-classes.js';
import { fromNative } from '../native/convert.js';
import { pipeThrough, pipeTo } from '../native/pipe.js';
import type { PairLike, ReadableStreamLike, WritableStreamLike } from '../bridge/shapes.js';
import type { StreamPipeOptions } from '../streams/readable-stream.js';
import type { AnyPair, AnyReadable } from '../streams/any.js';
import type { Patches } from './patches.js';

type Pair = Partial<PairLike> | null | undefined;

const pairs = ['CompressionStream', 'DecompressionStream'];

/** From each side of a transform stream of the engine to the page's stream for it. */
const sides = new WeakMap<object, object>();

function sideOf(native: ReadableStreamLike | WritableStreamLike): object | undefined {
  if (!sides.has(native)) sides.set(native, fromNative(native as ReadableStreamLike));
  return sides.get(native);
}

/** Makes `readable` and `writable` of the engine's transform streams return the page's streams. */
export function patchPairs(patches: Patches): void {
  for (const name of pairs) {
    for (const side of ['readable', 'writable']) {
      patches.getter(
        (globalThis as unknown as Record<string, { prototype: object } | undefined>)[name]?.prototype,
        side,
        (get) =>
          function (this: unknown) {
            return sideOf(reflectApply(get, this, []) as ReadableStreamLike);
          },
      );
    }
  }
}

/**
 * Makes streams of the engine that come from elsewhere, such as a file, accept the page's streams in `pipeTo` and
 * `pipeThrough`.
 */
export function patchNativePipes(patches: Patches): void {
  const prototype = NativeReadableStream?.prototype;
  patches.method(
    prototype,
    'pipeTo',
    (original) =>
      ({
        method(this: unknown, destination: unknown, ...rest: unknown[]) {
          const foreign = isNativeReadable(this) && !isNativeWritable(destination);
          return foreign
            ? pipeTo(this as AnyReadable, destination as never, rest[0] as StreamPipeOptions)
            : reflectApply(original, this, [destination, ...rest]);
        },
      }).method,
  );
  patches.method(
    prototype,
    'pipeThrough',
    (original) =>
      ({
        method(this: unknown, transform: unknown, ...rest: unknown[]) {
          const foreign =
            isNativeReadable(this) &&
            !(isNativeReadable((transform as Pair)?.readable) && isNativeWritable((transform as Pair)?.writable));
          return foreign
            ? pipeThrough(this as AnyReadable, transform as AnyPair, rest[0] as StreamPipeOptions)
            : reflectApply(original, this, [transform, ...rest]);
        },
      }).method,
  );
}
