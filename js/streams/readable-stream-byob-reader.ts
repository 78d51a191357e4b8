/** https://streams.spec.whatwg.org/#byob-reader-class */
import { readableImpl } from '../bridge/brands.js';
import { convertView, refuseDetached, transferArrayBuffer } from '../runtime/buffers.js';
import { readInto } from '../machines/byob.js';
import { PullInto } from '../machines/pull-into.js';
import { promiseReject } from '../runtime/intrinsics.js';
import { ERRORED } from '../machines/readable.js';
import { ByobReaderImpl, disposeReader } from '../machines/reader.js';
import { convertDictionary, convertUnsignedLongLong, defineInterface, illegalInvocation } from '../runtime/webidl.js';
import type { ViewParts } from '../runtime/buffers.js';
import type { ByteReadableImpl } from '../machines/byte-readable.js';
import type { ReadResult } from '../machines/reader.js';
import type { ReadableStream } from './readable-stream.js';
import type { UseToNative } from './any.js';
import type { ReadableStreamGenericReader } from './readable-stream-default-reader.js';

export type ReadableStreamReadResult<T> = { done: false; value: T } | { done: true; value: T | undefined };

export interface ReadableStreamBYOBReaderReadOptions {
  /** The least number of elements to read, from 1 to the length of the view. Default: 1. */
  min?: number | undefined;
}

export interface ReadableStreamBYOBReader {
  /** Not in the standard. Cancels the stream and releases the lock, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** https://streams.spec.whatwg.org/#byob-reader-class */
export class ReadableStreamBYOBReader implements ReadableStreamGenericReader {
  #reader: ByobReaderImpl;

  /** @throws {TypeError} when the stream is locked or is not a byte stream */
  constructor(stream: ReadableStream<Uint8Array>) {
    const impl = readableImpl(stream);
    if (impl === undefined)
      throw new TypeError('ReadableStreamBYOBReader: the first argument must be a ReadableStream');
    if (!impl.isByteStream)
      throw new TypeError("ReadableStreamBYOBReader: the stream must have an underlying source of type 'bytes'");
    this.#reader = new ByobReaderImpl(impl);
  }

  get closed(): Promise<undefined | UseToNative> {
    if (!(#reader in Object(this))) return promiseReject(illegalInvocation('ReadableStreamBYOBReader.closed'));
    return this.#reader.closed.get();
  }

  cancel(reason: unknown = undefined): Promise<void> {
    if (!(#reader in Object(this))) return promiseReject(illegalInvocation('ReadableStreamBYOBReader.cancel'));
    if (this.#reader.stream === undefined) return promiseReject(new TypeError('cancel(): the reader was released'));
    return this.#reader.cancel(reason);
  }

  /**
   * Reads into `view`. Its buffer is transferred: use the view of the result.
   * https://streams.spec.whatwg.org/#byob-reader-read
   *
   * @returns a promise that rejects with a TypeError when `view` is empty, its buffer is detached or cannot be
   *   transferred, or `min` is 0; and with a RangeError when `min` is larger than `view`
   */
  read<T extends ArrayBufferView>(
    view: T,
    options: ReadableStreamBYOBReaderReadOptions | undefined = undefined,
  ): Promise<ReadableStreamReadResult<T>> {
    if (!(#reader in Object(this))) return promiseReject(illegalInvocation('ReadableStreamBYOBReader.read'));
    try {
      if (arguments.length === 0) throw new TypeError('read(): 1 argument required');
      return read(this.#reader, convertView(view, 'read(): the view'), convertMin(options)) as never;
    } catch (error) {
      return promiseReject(error);
    }
  }

  /** https://streams.spec.whatwg.org/#byob-reader-release-lock */
  releaseLock(): void {
    if (!(#reader in Object(this))) throw illegalInvocation('ReadableStreamBYOBReader.releaseLock');
    if (this.#reader.stream !== undefined) this.#reader.release();
  }
}

/** The member `min` of the dictionary ReadableStreamBYOBReaderReadOptions. */
function convertMin(options: unknown): number {
  const min = convertDictionary(options, 'read(): options')?.min;
  return min === undefined ? 1 : convertUnsignedLongLong(min, 'read(): min');
}

/** https://streams.spec.whatwg.org/#byob-reader-read; throws what the promise is to be rejected with. */
function read(reader: ByobReaderImpl, view: ViewParts, min: number): Promise<ReadResult> {
  const { type, buffer, bufferByteLength, byteOffset, byteLength } = view;
  if (byteLength === 0) {
    refuseDetached(buffer, 'read(): the view');
    throw new TypeError('read(): the view must not be empty');
  }
  if (min === 0) throw new TypeError('read(): min must be greater than 0');
  const minimumFill = min * type.elementSize;
  if (minimumFill > byteLength) throw new RangeError("read(): min must not be greater than the view's length");
  const { stream } = reader;
  if (stream === undefined) throw new TypeError('read(): the reader was released');
  if (stream.state === ERRORED) return promiseReject(stream.storedError);
  return readInto(
    stream as ByteReadableImpl,
    reader,
    new PullInto(transferArrayBuffer(buffer), bufferByteLength, byteOffset, byteLength, type),
    minimumFill,
  );
}

defineInterface(ReadableStreamBYOBReader, 'ReadableStreamBYOBReader', disposeReader);
