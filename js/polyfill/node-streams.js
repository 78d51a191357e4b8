/** `fromWeb` of node:stream, and so `Duplex.from`, with the page's streams; elsewhere nothing. */
import { reflectApply } from '../internal/intrinsics.js';
import { toNative } from '../native.js';
import { isOurReadable, isOurWritable } from '../pipeline/brands.js';

const isOurs = (value) => isOurReadable(value) || isOurWritable(value) || isOurReadable(value?.readable) || isOurWritable(value?.writable);

export function patchNodeStreams(patches) {
  const { process } = /** @type {any} */ (globalThis);
  const { Duplex, Readable, Writable } = process?.getBuiltinModule?.('node:stream') ?? {};
  for (const Class of [Readable, Writable, Duplex]) {
    patches.method(Class, 'fromWeb', (fromWeb) => ({
      method(stream, ...rest) {
        return reflectApply(fromWeb, this, [isOurs(stream) ? toNative(stream) : stream, ...rest]);
      },
    }).method);
  }
}
