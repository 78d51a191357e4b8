/** Puts formats that the engine lacks into the page's `CompressionStream` and `DecompressionStream`. */
import { CompressionStream, DecompressionStream, FORMATS } from './compression-streams.js';
import { toNative } from '../native/convert.js';
import { reflectApply } from '../runtime/intrinsics.js';
import { defineInterface } from '../runtime/webidl.js';
import { ReadableStream } from '../streams/readable-stream.js';
import { WritableStream } from '../streams/writable-stream.js';
import { describe } from '../values/describe.js';
import { oneOf } from './options.js';
import type { CompressionFormat } from './compression-streams.js';

interface Sides {
  readonly readable: object;
  readonly writable: object;
}

/** A class of the standard, the engine's or another's. */
type PairClass = (new (format: CompressionFormat) => Sides) & { readonly prototype: object };

const OURS: Readonly<Record<string, PairClass>> = { CompressionStream, DecompressionStream };

const page = globalThis as unknown as Record<string, PairClass | undefined>;

/** An engine makes no stream of a format that it does not know. */
function supports(Class: PairClass | undefined, format: CompressionFormat): boolean {
  try {
    return Class !== undefined && new Class(format) instanceof Class;
  } catch {
    return false;
  }
}

/** A stream of the page's classes, whichever they are when it is asked for. */
function ofPage(stream: ReadableStream | WritableStream): object {
  if (page['ReadableStream'] === (ReadableStream as unknown) || page['WritableStream'] === (WritableStream as unknown))
    return stream;
  return toNative(stream as ReadableStream);
}

/** The engine's class with the formats that it lacks. Objects of the others are the engine's own. */
function extended(name: string, Native: PairClass | undefined, formats: readonly CompressionFormat[]): PairClass {
  const Ours = OURS[name]!;
  const made = new WeakMap<object, Sides>();
  const side = (object: unknown, which: 'readable' | 'writable'): object => {
    const sides = made.get(Object(object) as object);
    if (sides !== undefined) return sides[which];
    const Class = Native ?? Ours;
    return reflectApply(Object.getOwnPropertyDescriptor(Class.prototype, which)!.get!, object, []) as object;
  };
  class Extended {
    constructor(format: CompressionFormat) {
      const text = `${format as string}` as CompressionFormat;
      if (Native !== undefined && !formats.includes(text))
        return Reflect.construct(Native, [text], new.target) as Extended;
      const { readable, writable } = new Ours(text);
      made.set(this, {
        readable: ofPage(readable as ReadableStream),
        writable: ofPage(writable as WritableStream),
      });
    }

    get readable(): object {
      return side(this, 'readable');
    }

    get writable(): object {
      return side(this, 'writable');
    }
  }
  if (Native !== undefined) Object.setPrototypeOf(Extended.prototype, Native.prototype);
  defineInterface(Extended, name);
  return Extended;
}

/**
 * Makes the page's `CompressionStream` and `DecompressionStream` take formats that the engine does not know. For the formats that it knows
 * they stay the engine's, and if it knows all, nothing changes. The streams are of the page's classes: the engine's, or those that
 * `tidegate/polyfill` has installed; import that before.
 *
 * @param formats Default: `['brotli']`.
 * @returns a function that puts the page's classes back, if they are still these
 * @throws {TypeError} if one of them is no format
 */
export function installCompression(formats: readonly CompressionFormat[] = ['brotli']): () => void {
  if (!Array.isArray(formats))
    throw new TypeError(`installCompression: formats must be an array of names; got ${describe(formats)}`);
  for (const format of formats) oneOf('installCompression', 'each format', format, FORMATS);
  const restore: (() => void)[] = [];
  for (const name of Object.keys(OURS)) {
    const before = Object.getOwnPropertyDescriptor(globalThis, name);
    const Native = page[name];
    const lacking = formats.filter((format) => !supports(Native, format));
    if (lacking.length === 0) continue;
    const value = extended(name, Native, lacking);
    Object.defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });
    restore.push(() => {
      if (page[name] !== value) return;
      if (before === undefined) delete page[name];
      else Object.defineProperty(globalThis, name, before);
    });
  }
  return () => restore.splice(0).forEach((undo) => undo());
}
