/** Node's own modules with the page's streams: `fromWeb` of node:stream and so `Duplex.from`, and the checks of its fetch; elsewhere nothing. */
import { reflectApply } from '../runtime/intrinsics.js';
import { NativeReadableStream } from '../bridge/native-classes.js';
import { toNative } from '../native/convert.js';
import { isOurReadable, isOurWritable } from '../bridge/brands.js';
import { ReadableStream } from '../streams/readable-stream.js';

const isOurs = (value) =>
  isOurReadable(value) || isOurWritable(value) || isOurReadable(value?.readable) || isOurWritable(value?.writable);

export function patchNodeStreams(patches) {
  const { process } = /** @type {any} */ (globalThis);
  const { Duplex, Readable, Writable } = process?.getBuiltinModule?.('node:stream') ?? {};
  for (const Class of [Readable, Writable, Duplex]) {
    patches.method(
      Class,
      'fromWeb',
      (fromWeb) =>
        ({
          method(stream, ...rest) {
            return reflectApply(fromWeb, this, [isOurs(stream) ? toNative(stream) : stream, ...rest]);
          },
        }).method,
    );
  }
  if (Readable !== undefined) patchFetch(patches, process.getBuiltinModule('node:stream/web'));
}

/**
 * Node's fetch makes its bodies of the global ReadableStream, and since Node 24 asserts that they are instances of the one that was there when
 * fetch was loaded: so the page's have Node's prototype behind their own. What Node keeps there by symbols is about its own state, and hidden.
 */
function patchFetch(patches, web) {
  const { prototype } = NativeReadableStream;
  const behind = Object.create(prototype);
  for (const key of Object.getOwnPropertySymbols(prototype))
    Object.defineProperty(behind, key, { value: undefined, configurable: true });
  patches.inherit(ReadableStream.prototype, behind);
  patches.method(
    web,
    'ReadableStreamTee',
    (tee) =>
      (stream, ...rest) =>
        isOurReadable(stream) ? stream.tee() : tee(stream, ...rest),
  );
}
