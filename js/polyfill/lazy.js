/**
 * A stream of one implementation over one of the other's, which is locked at the first read and not before: that
 * somebody looks at `response.body` must not take the body from `response.text()`.
 */
import { bridgeOf, bridgeReadable } from '../bridge/bridges.js';
import { NativeReadableStream, nativeHasByteStreams } from '../bridge/native-classes.js';
import { LazyReader, LazyStream } from '../bridge/lazy-reader.js';
import { detachedMessage, isDetached } from '../runtime/buffers.js';
import { isOurReadable } from '../bridge/brands.js';
import { describe } from '../values/describe.js';
import { ReadableStream } from '../streams/readable-stream.js';

/** Both ways: an engine's stream to the page's one for it, a page's stream to the engine's one for it. */
const pages = new WeakMap();
const natives = new WeakMap();

/** Those that `nativeFor` made. */
const made = new WeakSet();

function remember(native, page) {
  pages.set(native, page);
  natives.set(page, native);
}

/**
 * The page's byte stream for `native`, a stream of bytes of the engine's; always the same one. `isShared`: whether somebody else may have the
 * same chunks, which a byte stream takes the buffers of.
 */
export function pageBytes(native, isShared = false) {
  if (isOurReadable(native)) return native; // Node's Response makes its bodies of the page's class
  if (!pages.has(native))
    remember(native, bridgeReadable(new EmulatingStream(native, isShared), ReadableStream, { bytes: true }));
  return pages.get(native);
}

/** Locks `page`, the page's stream of a body that the engine reads from now on through `native`, its own. */
export function lockNow(page, native) {
  const bridge = /** @type {any} */ (made.has(native) ? bridgeOf(native) : undefined);
  if (bridge?.reader !== undefined) bridge.reader.open();
  else if (!page.locked) page.getReader();
}

/**
 * The engine's stream of bytes for `page`, a stream of tidegate's that is a body and not locked. It is the same one as before, except where
 * a Response has locked that without reading: Node's does when it is made, and a Response may be made of another's body.
 */
export function nativeFor(page) {
  const known = natives.get(page);
  if (known !== undefined && !(known.locked && made.has(known))) return known;
  const native = bridgeReadable(new BodyStream(page), NativeReadableStream, { bytes: nativeHasByteStreams });
  made.add(native);
  remember(native, page);
  return native;
}

class BodyStream extends LazyStream {
  getReader(options) {
    return options?.mode === 'byob' ? super.getReader(options) : new BodyReader(this.stream);
  }
}

/** Gives a BYOB reader even where its stream is no byte stream. */
class EmulatingStream extends LazyStream {
  constructor(stream, isShared) {
    super(stream);
    this.isShared = isShared;
  }

  getReader(options) {
    if (options?.mode !== 'byob') return new ChunkReader(this.stream, this.isShared);
    try {
      return super.getReader(options);
    } catch {
      return new CopyingReader(this.stream);
    }
  }
}

/**
 * https://fetch.spec.whatwg.org/#body-incrementally-read: a body's chunks are Uint8Arrays. Node makes bytes of whatever it gets, and
 * waits for ever where those are none: so it gets nothing else, and no empty chunk.
 */
class BodyReader extends LazyReader {
  async read() {
    for (;;) {
      const result = await this.open().read();
      if (result.done) return result;
      const refusal = refusalOf(result.value);
      if (refusal !== undefined) {
        const error = new TypeError(refusal);
        this.cancel(error).catch(() => {});
        throw error;
      }
      if (/** @type {Uint8Array} */ (result.value).length > 0) return result;
    }
  }
}

function refusalOf(chunk) {
  if (isUint8Array(chunk))
    return isDetached(chunk) ? detachedMessage("The chunk of a Response's or Request's body") : undefined;
  return `The stream of a Response's or Request's body gave ${describe(chunk)}; a body takes Uint8Arrays, so encode chunks before, with TextEncoderStream say`;
}

const noBytesError = () => new TypeError('The body gave a chunk that is no Uint8Array');

/** Gives the chunks of a body that a byte stream can take. */
class ChunkReader extends LazyReader {
  constructor(stream, isShared) {
    super(stream);
    this.isShared = isShared;
  }

  async read() {
    for (;;) {
      const { done, value } = /** @type {any} */ (await this.open().read());
      if (done) return { done, value };
      const error = !isUint8Array(value)
        ? noBytesError()
        : isDetached(value) && new TypeError(detachedMessage('The chunk of a body'));
      if (error) {
        this.cancel(error).catch(() => {});
        throw error;
      }
      if (value.length > 0) return { done, value: this.isShared ? value.slice() : value };
    }
  }
}

/** Of whatever realm. @type {(value: unknown) => value is Uint8Array<ArrayBuffer>} */
const isUint8Array = (value) => ArrayBuffer.isView(value) && value[Symbol.toStringTag] === 'Uint8Array';

/** A BYOB reader of a stream that has none, as WebKit's have none. What does not fit waits for the next read. */
class CopyingReader extends LazyReader {
  /** @type {Uint8Array} */
  rest = new Uint8Array(0);

  /** Only a failure: the stream is closed while the rest of its last chunk is still here, and then a read tells. */
  endOf(reader) {
    return reader.closed.then(() => new Promise(() => {}));
  }

  async read(view) {
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
