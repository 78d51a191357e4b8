/**
 * A stream of one implementation over one of the other's, which is locked at the first read and not before: that
 * somebody looks at `response.body` must not take the body from `response.text()`.
 */
import { bridgeReadable } from '../native-bridge.js';
import { NativeReadableStream, nativeHasByteStreams } from '../native-classes.js';
import { LazyReader, LazyStream } from '../lazy-reader.js';
import { isOurReadable } from '../pipeline/brands.js';
import { ReadableStream } from '../readable-stream.js';

/** Both ways: an engine's stream to the page's one for it, a page's stream to the engine's one for it. */
const pages = new WeakMap();
const natives = new WeakMap();

function remember(native, page) {
  pages.set(native, page);
  natives.set(page, native);
}

/** The page's byte stream for `native`, a stream of bytes of the engine's; always the same one. */
export function pageBytes(native) {
  if (isOurReadable(native)) return native; // Node's Response makes its bodies of the page's class
  if (!pages.has(native)) remember(native, bridgeReadable(new EmulatingStream(native), ReadableStream, { bytes: true }));
  return pages.get(native);
}

/** The engine's stream for `page`, a stream of tidegate's; always the same one. */
export function nativeFor(page) {
  if (!natives.has(page)) {
    remember(bridgeReadable(new LazyStream(page), NativeReadableStream, { bytes: nativeHasByteStreams }), page);
  }
  return natives.get(page);
}

/** Gives a BYOB reader even where its stream is no byte stream. */
class EmulatingStream extends LazyStream {
  getReader(options) {
    try {
      return super.getReader(options);
    } catch {
      return new CopyingReader(this.stream);
    }
  }
}

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
      if (!(value instanceof Uint8Array)) {
        const error = new TypeError('The body gave a chunk that is no Uint8Array');
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
