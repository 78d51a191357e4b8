/** https://streams.spec.whatwg.org/#default-reader-class */
import { readableImpl } from '../bridge/brands.js';
import { readMany } from '../machines/many.js';
import { broken, repair } from '../runtime/broken.js';
import { core } from '../core/module.js';
import { R_CHUNK } from '../core/effects.js';
import { promiseReject, promiseResolve, resolved } from '../runtime/intrinsics.js';
import { applyReadable, CLOSED, FOLLOW_UP, READABLE } from '../machines/readable.js';
import { DefaultReaderImpl, disposeReader, PromiseReadRequest } from '../machines/reader.js';
import { defineInterface, illegalInvocation } from '../runtime/webidl.js';
import type { ReadablePart } from '../machines/parts.js';
import type { ReadResult } from '../machines/reader.js';
import type { ReadableStream } from './readable-stream.js';
import type { UseToNative } from './any.js';

/** The members of both kinds of reader. https://streams.spec.whatwg.org/#generic-reader-mixin */
export interface ReadableStreamGenericReader {
  /** Resolves when the stream closes; rejects when the stream errors or the lock is released. */
  readonly closed: Promise<undefined | UseToNative>;
  /** `ReadableStream.prototype.cancel`, for the holder of the lock. */
  cancel(reason?: unknown): Promise<void>;
}

// The parameter has to be the class's.
// eslint-disable-next-line @typescript-eslint/no-unused-vars
export interface ReadableStreamDefaultReader<R = any> {
  /** Not in the standard. Cancels the stream and releases the lock, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** https://streams.spec.whatwg.org/#default-reader-class */
export class ReadableStreamDefaultReader<R = any> implements ReadableStreamGenericReader {
  #reader: DefaultReaderImpl;

  /** @throws {TypeError} when the stream is locked */
  constructor(stream: ReadableStream<R>) {
    const impl = readableImpl(stream);
    if (impl === undefined)
      throw new TypeError('ReadableStreamDefaultReader: the first argument must be a ReadableStream');
    this.#reader = new DefaultReaderImpl(impl);
  }

  get closed(): Promise<undefined> {
    if (!(#reader in Object(this))) return promiseReject(illegalInvocation('ReadableStreamDefaultReader.closed'));
    return this.#reader.closed.get();
  }

  cancel(reason: unknown = undefined): Promise<void> {
    if (!(#reader in Object(this))) return promiseReject(illegalInvocation('ReadableStreamDefaultReader.cancel'));
    if (this.#reader.stream === undefined) return promiseReject(new TypeError('cancel(): the reader was released'));
    return this.#reader.cancel(reason);
  }

  /** https://streams.spec.whatwg.org/#default-reader-read */
  read(): Promise<{ done: false; value: R } | { done: true; value: undefined }> {
    if (!(#reader in Object(this))) return promiseReject(illegalInvocation('ReadableStreamDefaultReader.read'));
    return read(this.#reader) as Promise<{ done: false; value: R } | { done: true; value: undefined }>;
  }

  /**
   * Not in the standard. Reads all queued chunks with one promise; if none is queued, waits for the next chunks.
   * Backpressure and errors are those of `read()`.
   */
  readMany(): Promise<{ done: false; value: R[] } | { done: true; value: undefined }> {
    if (!(#reader in Object(this))) return promiseReject(illegalInvocation('ReadableStreamDefaultReader.readMany'));
    return readMany(this.#reader) as Promise<{ done: false; value: R[] } | { done: true; value: undefined }>;
  }

  /**
   * Releases the lock. Pending reads reject with a TypeError.
   * https://streams.spec.whatwg.org/#default-reader-release-lock
   */
  releaseLock(): void {
    if (!(#reader in Object(this))) throw illegalInvocation('ReadableStreamDefaultReader.releaseLock');
    if (this.#reader.stream !== undefined) this.#reader.release();
  }
}

/** A read whose chunk is queued answers with a resolved promise and needs no request. */
function read(reader: DefaultReaderImpl): Promise<ReadResult> {
  const stream = reader.stream;
  if (stream === undefined) return promiseReject(new TypeError('read(): the reader was released'));
  stream.disturbed = true;
  if (stream.state === READABLE) return readLive(reader, stream);
  if (stream.state === CLOSED) return promiseResolve({ value: undefined, done: true });
  return promiseReject(stream.storedError);
}

function readLive(reader: DefaultReaderImpl, stream: ReadablePart): Promise<ReadResult> {
  try {
    if (stream.isByteStream) {
      const request = new PromiseReadRequest();
      stream.pullSteps(reader, request);
      return request.promise();
    }
    const effects = core.readable_read(stream.id);
    if (effects & R_CHUNK) {
      const value = stream.queue!.shift();
      if (effects & FOLLOW_UP) applyReadable(stream, effects);
      return promiseResolve({ value, done: false });
    }
    if (broken.length > 0) resolved.react(repair);
    const request = new PromiseReadRequest();
    reader.addRequest(request);
    if (effects & FOLLOW_UP) applyReadable(stream, effects);
    return request.promise();
  } catch (error) {
    const { list, length } = broken;
    list[length] = stream;
    list[length + 1] = stream.id;
    list[length + 2] = error;
    list[length + 3] = undefined;
    broken.length = length + 4;
    stream.id = 0;
    resolved.react(repair);
    throw error;
  }
}

defineInterface(ReadableStreamDefaultReader, 'ReadableStreamDefaultReader', disposeReader);
