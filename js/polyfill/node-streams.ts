/**
 * Makes Node's own modules accept the page's streams: `fromWeb` of node:stream, and so `Duplex.from`, and the class
 * checks of its fetch. Does nothing elsewhere.
 */
import { reflectApply } from '../runtime/intrinsics.js';
import { NativeReadableStream } from '../bridge/native-classes.js';
import { toNative } from '../native/convert.js';
import { isOurReadable, isOurWritable } from '../bridge/brands.js';
import { ReadableStream } from '../streams/readable-stream.js';
import type { Patches } from './patches.js';
import type { PairLike, ReadableStreamLike } from '../bridge/shapes.js';

/** node:stream, and node:stream/web by the function that its fetch tees a body with. */
interface BuiltinModules {
  'node:stream': { Duplex: object; Readable: object; Writable: object };
  'node:stream/web': object;
}

interface NodeProcess {
  getBuiltinModule?<Name extends keyof BuiltinModules>(name: Name): BuiltinModules[Name];
}

const isOurs = (value: Partial<PairLike> | null | undefined) =>
  isOurReadable(value) || isOurWritable(value) || isOurReadable(value?.readable) || isOurWritable(value?.writable);

export function patchNodeStreams(patches: Patches): void {
  const { process } = globalThis as { process?: NodeProcess };
  const { Duplex, Readable, Writable }: Partial<BuiltinModules['node:stream']> =
    process?.getBuiltinModule?.('node:stream') ?? {};
  for (const Class of [Readable, Writable, Duplex]) {
    patches.method(
      Class,
      'fromWeb',
      (fromWeb) =>
        ({
          method(this: unknown, stream: unknown, ...rest: unknown[]) {
            return reflectApply(fromWeb, this, [
              isOurs(stream as PairLike) ? toNative(stream as ReadableStreamLike) : stream,
              ...rest,
            ]);
          },
        }).method,
    );
  }
  if (Readable !== undefined) patchFetch(patches, process!.getBuiltinModule!('node:stream/web'));
}

/**
 * Node's fetch makes its bodies of the global ReadableStream. Since Node 24 it asserts that they are instances of the
 * class that was global when fetch was loaded, so the prototype of the page's class inherits from Node's. The members
 * that Node keeps there under symbols describe its own state and are hidden.
 */
function patchFetch(patches: Patches, web: object): void {
  const { prototype } = NativeReadableStream!;
  const behind = Object.create(prototype) as object;
  for (const key of Object.getOwnPropertySymbols(prototype))
    Object.defineProperty(behind, key, { value: undefined, configurable: true });
  patches.inherit(ReadableStream.prototype, behind);
  patches.method(
    web,
    'ReadableStreamTee',
    (tee) =>
      (stream, ...rest) =>
        isOurReadable(stream) ? (stream as ReadableStream).tee() : tee(stream, ...rest),
  );
}
