/**
 * Wraps a stream of one implementation in a stream of the other, and locks the wrapped stream at the first read. A page
 * that only looks at `response.body` must still be able to call `response.text()`.
 */
import { bridgeOf, bridgeReadable } from '../bridge/bridges.js';
import type { Bridge } from '../bridge/bridges.js';
import type { AnyReader, Lockable, ReadResult } from '../bridge/shapes.js';
import { NativeReadableStream, nativeHasByteStreams } from '../bridge/native-classes.js';
import { LazyReader, LazyStream } from '../bridge/lazy-reader.js';
import { detachedMessage, isDetached } from '../runtime/buffers.js';
import { isOurReadable } from '../bridge/brands.js';
import { describe } from '../values/describe.js';
import { ReadableStream } from '../streams/readable-stream.js';

/** A stream of the page's class, and one of the engine's. */
export type PageStream = ReadableStream;
export type NativeStream = globalThis.ReadableStream;

/** In both directions: from the engine's stream to the page's stream for it, and back. */
const pages = new WeakMap<object, PageStream>();
const natives = new WeakMap<object, NativeStream>();

/** Streams that `nativeFor` made. */
const made = new WeakSet<object>();

function remember(native: NativeStream, page: PageStream): void {
  pages.set(native, page);
  natives.set(page, native);
}

/**
 * The page's byte stream for `native`, a stream of bytes of the engine; always the same one. `isShared`: whether other
 * code may have the same chunks, because a byte stream transfers their buffers.
 */
export function pageBytes(native: NativeStream, isShared = false): PageStream {
  if (isOurReadable(native)) return native as unknown as PageStream; // Node's Response makes its bodies of the page's class
  if (!pages.has(native))
    remember(
      native,
      bridgeReadable(new EmulatingStream(native as Lockable, isShared), ReadableStream, { bytes: true }),
    );
  return pages.get(native)!;
}

/** Locks `page`, the page's stream of a body that the engine reads from now on through its own stream `native`. */
export function lockNow(page: PageStream, native: NativeStream | undefined): void {
  const bridge = (made.has(native!) ? bridgeOf(native!) : undefined) as
    (Bridge & { readonly reader: LazyReader | undefined }) | undefined;
  if (bridge?.reader !== undefined) bridge.reader.open();
  else if (!page.locked) page.getReader();
}

/**
 * The engine's stream of bytes for `page`, a stream of tidegate that is a body and not locked. It is the same one as
 * before, unless a Response has locked that one without reading it. Node's Response does this when it is made, and a
 * Response may be made of another's body.
 */
export function nativeFor(page: PageStream): NativeStream {
  const known = natives.get(page);
  if (known !== undefined && !(known.locked && made.has(known))) return known;
  const native = bridgeReadable(new BodyStream(page as Lockable), NativeReadableStream!, {
    bytes: nativeHasByteStreams,
  });
  made.add(native);
  remember(native, page);
  return native;
}

/** The engine's stream for a body that is another stream of the engine's, without the empty chunks of that. */
export const readAsNative = (stream: NativeStream): NativeStream =>
  bridgeReadable(new BodyStream(stream as Lockable), NativeReadableStream!, { bytes: nativeHasByteStreams });

class BodyStream extends LazyStream {
  override getReader(options?: { mode?: 'byob' }): LazyReader {
    return options?.mode === 'byob' ? super.getReader(options) : new BodyReader(this.stream);
  }
}

/** Has a BYOB reader even if its stream is no byte stream. */
class EmulatingStream extends LazyStream {
  declare isShared: boolean;

  constructor(stream: Lockable, isShared: boolean) {
    super(stream);
    this.isShared = isShared;
  }

  override getReader(options?: { mode?: 'byob' }): LazyReader {
    if (options?.mode !== 'byob') return new ChunkReader(this.stream, this.isShared);
    try {
      return super.getReader(options);
    } catch {
      return new CopyingReader(this.stream);
    }
  }
}

/**
 * https://fetch.spec.whatwg.org/#body-incrementally-read: the chunks of a body are Uint8Arrays. Node converts every chunk to bytes, and
 * hangs if there are none. So this reader passes on nothing but Uint8Arrays, and no empty ones.
 */
class BodyReader extends LazyReader {
  override async read(): Promise<ReadResult<unknown>> {
    for (;;) {
      const result = await this.open().read();
      if (result.done) return result;
      const refusal = refusalOf(result.value);
      if (refusal !== undefined) {
        const error = new TypeError(refusal);
        this.cancel(error).catch(() => {});
        throw error;
      }
      if ((result.value as Uint8Array).length > 0) return result;
    }
  }
}

/** The message of the error for a chunk that a body cannot take. */
function refusalOf(chunk: unknown): string | undefined {
  if (isUint8Array(chunk))
    return isDetached(chunk) ? detachedMessage("The chunk of a Response's or Request's body") : undefined;
  return `The body of a Response or Request: chunks must be Uint8Arrays; got ${describe(chunk)}. Encode text with a TextEncoderStream`;
}

const noBytesError = () => new TypeError('The body received a chunk that is no Uint8Array');

/** Passes on those chunks of a body that a byte stream accepts. */
class ChunkReader extends LazyReader {
  declare isShared: boolean;

  constructor(stream: Lockable, isShared: boolean) {
    super(stream);
    this.isShared = isShared;
  }

  override async read(): Promise<ReadResult<unknown>> {
    for (;;) {
      const { done, value } = await this.open().read();
      if (done) return { done, value };
      const error = !isUint8Array(value)
        ? noBytesError()
        : isDetached(value) && new TypeError(detachedMessage('The chunk of a body'));
      if (error) {
        this.cancel(error).catch(() => {});
        throw error;
      }
      if ((value as Uint8Array).length > 0)
        return { done, value: this.isShared ? (value as Uint8Array).slice() : value };
    }
  }
}

/** Of any realm. */
const isUint8Array = (value: unknown): value is Uint8Array<ArrayBuffer> =>
  ArrayBuffer.isView(value) && (value as Uint8Array)[Symbol.toStringTag] === 'Uint8Array';

/**
 * A BYOB reader of a stream without BYOB readers, such as WebKit's. It keeps the bytes that do not fit for the next
 * read.
 */
class CopyingReader extends LazyReader {
  rest: Uint8Array = new Uint8Array(0);

  /**
   * Reports only a failure. The stream closes while the rest of its last chunk is still here, so a read reports the
   * close.
   */
  override endOf(reader: AnyReader): Promise<unknown> {
    return reader.closed.then(() => new Promise(() => {}));
  }

  override async read(view?: Uint8Array<ArrayBuffer>): Promise<ReadResult<unknown>>;
  override async read(view: Uint8Array<ArrayBuffer>): Promise<ReadResult<unknown>> {
    while (this.rest.length === 0) {
      const { done, value } = await this.open().read();
      if (done) return { done, value: new Uint8Array(view.buffer, view.byteOffset, 0) };
      if (!isUint8Array(value)) {
        const error = noBytesError();
        this.cancel(error).catch(() => {});
        throw error;
      }
      this.rest = value;
    }
    const part = this.rest.subarray(0, view.byteLength);
    this.rest = this.rest.subarray(part.length);
    const target = new Uint8Array(view.buffer, view.byteOffset, part.length);
    target.set(part);
    return { done: false, value: target };
  }
}
