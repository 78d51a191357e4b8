/** The engine's transforms, and what is left of its own streams, with the installed classes. */
import { reflectApply } from '../runtime/intrinsics.js';
import { NativeReadableStream, isNativeReadable, isNativeWritable } from '../bridge/native-classes.js';
import { fromNative } from '../native/convert.js';
import { pipeThrough, pipeTo } from '../native/pipe.js';

const pairs = ['CompressionStream', 'DecompressionStream', 'TextDecoderStream', 'TextEncoderStream'];

/** An engine's side to the page's stream for it. */
const sides = new WeakMap();

function sideOf(native) {
  if (!sides.has(native)) sides.set(native, fromNative(native));
  return sides.get(native);
}

/** `readable` and `writable` of the engine's transforms become the page's streams. */
export function patchPairs(patches) {
  for (const name of pairs) {
    for (const side of ['readable', 'writable']) {
      patches.getter(
        globalThis[name]?.prototype,
        side,
        (get) =>
          function () {
            return sideOf(reflectApply(get, this, []));
          },
      );
    }
  }
}

/** Streams of the engine's that come from elsewhere, such as a file's, can be piped through and to the page's. */
export function patchNativePipes(patches) {
  const prototype = NativeReadableStream?.prototype;
  patches.method(
    prototype,
    'pipeTo',
    (original) =>
      ({
        method(destination, ...rest) {
          const foreign = isNativeReadable(this) && !isNativeWritable(destination);
          return foreign ? pipeTo(this, destination, rest[0]) : reflectApply(original, this, [destination, ...rest]);
        },
      }).method,
  );
  patches.method(
    prototype,
    'pipeThrough',
    (original) =>
      ({
        method(transform, ...rest) {
          const foreign =
            isNativeReadable(this) && !(isNativeReadable(transform?.readable) && isNativeWritable(transform?.writable));
          return foreign ? pipeThrough(this, transform, rest[0]) : reflectApply(original, this, [transform, ...rest]);
        },
      }).method,
  );
}
