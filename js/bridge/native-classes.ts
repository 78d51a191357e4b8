/**
 * The engine's own stream classes, as they were when tidegate was imported: a page may replace the globals later
 * (tidegate's own polyfill does), and what `toNative` must build is what `Response` accepts.
 *
 * A stream is told by its brand, read through a getter captured here, and never by `instanceof`: a subclass, a stream
 * of another frame and a page that swaps prototypes are all told rightly that way.
 */
import { reflectApply } from '../runtime/intrinsics.js';

const { ReadableStream, WritableStream, ReadableStreamBYOBReader } = globalThis;

/** The engine's `ReadableStream`, or undefined where it has none. */
export const NativeReadableStream: typeof ReadableStream | undefined = ReadableStream;

/** The engine's `WritableStream`, or undefined where it has none. */
export const NativeWritableStream: typeof WritableStream | undefined = WritableStream;

/** True where the engine has byte streams at all. */
export const nativeHasByteStreams = typeof ReadableStreamBYOBReader === 'function';

type Getter = (this: unknown) => unknown;

const brandOf = (Class: { readonly prototype: object } | undefined): Getter | undefined =>
  (Class && Object.getOwnPropertyDescriptor(Class.prototype, 'locked')?.get) || undefined;

/** Whether `getter`, a `locked` getter, accepts `value` as a stream of its class. */
export function hasBrand(getter: Getter | undefined, value: unknown): boolean {
  if (getter === undefined || value === null || typeof value !== 'object') return false;
  try {
    reflectApply(getter, value, []);
    return true;
  } catch {
    return false;
  }
}

const readableBrand = brandOf(NativeReadableStream);
const writableBrand = brandOf(NativeWritableStream);

/** Whether `value` is the engine's own `ReadableStream`. */
export const isNativeReadable = (value: unknown): value is ReadableStream => hasBrand(readableBrand, value);

/** Whether `value` is the engine's own `WritableStream`. */
export const isNativeWritable = (value: unknown): value is WritableStream => hasBrand(writableBrand, value);
