/** https://streams.spec.whatwg.org/#default-writer-class */
import { writableImpl } from '../bridge/brands.js';
import { writeMany } from '../machines/many.js';
import { withinGrace } from '../runtime/grace.js';
import { promiseReject } from '../runtime/intrinsics.js';
import { defineInterface, illegalInvocation } from '../runtime/webidl.js';
import {
  abortWritable,
  closeQueuedOrInFlight,
  closeWritable,
  WRITABLE,
  writableDesiredSize,
} from '../machines/writable.js';
import { WriterImpl } from '../machines/writer.js';
import type { WritableStream } from './writable-stream.js';
import type { UseToNative } from './any.js';

const { isArray } = Array;

function released(name: string): TypeError {
  return new TypeError(`${name}: the writer was released`);
}

/**
 * What `await using` does with a writer whose scope is left: a stream that is not closed or closing is aborted, so that
 * half of something is not taken for the whole, and the lock is released. That a write has failed is told by its
 * promise, so not again.
 */
let dispose: (this: WritableStreamDefaultWriter) => Promise<void>;

// The parameter has to be the class's.
// eslint-disable-next-line @typescript-eslint/no-unused-vars
export interface WritableStreamDefaultWriter<W = any> {
  /**
   * Not in the standard. Aborts the stream unless it is closed or closing, and releases the lock, for `await using`.
   */
  [Symbol.asyncDispose](): Promise<void>;
}

/** https://streams.spec.whatwg.org/#default-writer-class */
export class WritableStreamDefaultWriter<W = any> {
  #writer: WriterImpl;

  static {
    dispose = async function () {
      const { stream, closed } = this.#writer;
      if (stream === undefined) return;
      const isOpen = stream.state === WRITABLE && !closeQueuedOrInFlight(stream);
      try {
        await (isOpen
          ? withinGrace(
              abortWritable(stream, new DOMException('The writer was left before the stream was closed', 'AbortError')),
            )
          : closed.get());
      } catch {
        // It had failed, or could not be aborted.
      }
      this.releaseLock();
    };
  }

  /** @throws {TypeError} when the stream is locked */
  constructor(stream: WritableStream<W>) {
    const impl = writableImpl(stream);
    if (impl === undefined)
      throw new TypeError('WritableStreamDefaultWriter: the first argument must be a WritableStream');
    this.#writer = new WriterImpl(impl);
  }

  /** Resolves when the stream has closed; rejects when the stream errors or the lock is released. */
  get closed(): Promise<undefined | UseToNative> {
    if (!(#writer in Object(this))) return promiseReject(illegalInvocation('WritableStreamDefaultWriter.closed'));
    return this.#writer.closed.get();
  }

  /**
   * The room below the high-water mark: negative above it, 0 when closed, null when errored.
   *
   * @throws {TypeError} when the lock has been released
   */
  get desiredSize(): number | null {
    if (!(#writer in Object(this))) throw illegalInvocation('WritableStreamDefaultWriter.desiredSize');
    if (this.#writer.stream === undefined) throw released('desiredSize');
    return writableDesiredSize(this.#writer.stream);
  }

  /** Resolves when the stream is ready for more; a new promise each time backpressure begins. */
  get ready(): Promise<undefined> {
    if (!(#writer in Object(this))) return promiseReject(illegalInvocation('WritableStreamDefaultWriter.ready'));
    return this.#writer.ready.get();
  }

  abort(reason: unknown = undefined): Promise<void> {
    if (!(#writer in Object(this))) return promiseReject(illegalInvocation('WritableStreamDefaultWriter.abort'));
    if (this.#writer.stream === undefined) return promiseReject(released('abort()'));
    return abortWritable(this.#writer.stream, reason);
  }

  close(): Promise<void> {
    if (!(#writer in Object(this))) return promiseReject(illegalInvocation('WritableStreamDefaultWriter.close'));
    const stream = this.#writer.stream;
    if (stream === undefined) return promiseReject(released('close()'));
    if (closeQueuedOrInFlight(stream))
      return promiseReject(new TypeError('close(): the WritableStream is already closing'));
    return closeWritable(stream);
  }

  releaseLock(): void {
    if (!(#writer in Object(this))) throw illegalInvocation('WritableStreamDefaultWriter.releaseLock');
    if (this.#writer.stream !== undefined) this.#writer.release();
  }

  /**
   * @returns a promise that resolves when the sink has written the chunk. To respect backpressure, await `ready` rather
   *   than this promise.
   */
  write(chunk: W | undefined = undefined): Promise<void> {
    if (!(#writer in Object(this))) return promiseReject(illegalInvocation('WritableStreamDefaultWriter.write'));
    if (this.#writer.stream === undefined) return promiseReject(released('write()'));
    return this.#writer.write(chunk);
  }

  /**
   * Not in the standard. Writes every chunk of the array, in order, with one promise: the one of the last write, which
   * rejects as soon as a write fails. Await `ready` before the call, as before `write()`.
   */
  writeMany(chunks: readonly W[]): Promise<void> {
    if (!(#writer in Object(this))) return promiseReject(illegalInvocation('WritableStreamDefaultWriter.writeMany'));
    if (!isArray(chunks))
      return promiseReject(new TypeError('writeMany(): the first argument must be an array of chunks'));
    if (this.#writer.stream === undefined) return promiseReject(released('writeMany()'));
    return writeMany(this.#writer, chunks as W[]);
  }
}

defineInterface(WritableStreamDefaultWriter, 'WritableStreamDefaultWriter', dispose);
