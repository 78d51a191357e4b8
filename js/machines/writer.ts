/** The lock of a WritableStreamDefaultWriter: https://streams.spec.whatwg.org/#ws-writer-abstract-ops */
import { broken, repair } from '../runtime/broken.js';
import { core } from '../core/module.js';
import { drop } from './discard.js';
import { Deferred, isolate, promiseReject, promiseResolve, resolved } from '../runtime/intrinsics.js';
import { schedule } from '../runtime/jobs.js';
import { LazyPromise } from '../runtime/lazy-promise.js';
import { watch } from '../runtime/watch.js';
import {
  chunkSize,
  CLOSED,
  closeQueuedOrInFlight,
  closeWritable,
  ERRORED,
  ERRORING,
  reportTransformed,
  reportWritten,
  WRITABLE,
  writeChunk,
  writeSettled,
} from './writable.js';
import type { TransformPart, WritableLock, WritablePart } from './parts.js';

export class WriterImpl implements WritableLock {
  declare stream: WritablePart | undefined;
  declare ready: LazyPromise;
  declare closed: LazyPromise;

  constructor(stream: WritablePart) {
    if (stream.writer !== undefined) {
      throw new TypeError('This WritableStream is locked to another writer; release that first');
    }
    this.stream = stream;
    this.ready = new LazyPromise();
    this.closed = new LazyPromise();
    if (broken.length > 0) resolved.react(repair);
    if (stream.state === WRITABLE) {
      if (!core.writable_backpressure(stream.id)) this.ready.fulfill();
    } else if (stream.state === CLOSED) {
      this.ready.fulfill();
      this.closed.fulfill();
    } else {
      this.ready.reject(stream.storedError);
      if (stream.state === ERRORED) this.closed.reject(stream.storedError);
    }
    stream.writer = this;
    if (watch.locked !== undefined) watch.locked(this);
  }

  get joinsPulls(): boolean {
    return false;
  }

  onBackpressure(): void {
    this.ready.renew();
  }

  onReady(): void {
    this.ready.fulfill();
  }

  onRoom(): void {}

  onWriteSettled(): void {}

  /**
   * The sink's write has returned without a promise to wait for. A sink of the page's gets a microtask between its
   * writes.
   */
  afterWrite(stream: WritablePart): void {
    schedule(writeSettled, stream);
  }

  /** The write under way is done. */
  reportWritten(stream: WritablePart): void {
    reportWritten(stream);
  }

  reportTransformed({ readable, writable }: TransformPart): void {
    reportTransformed(readable, writable);
  }

  later<Target>(job: (target: Target) => void, target: Target): void {
    schedule(job, target);
  }

  onErroring(error: unknown): void {
    this.ready.reject(error);
  }

  onClosed(): void {
    this.closed.fulfill();
  }

  onErrored(error: unknown): void {
    this.closed.rejectIfPending(error);
  }

  /** See broken.js. */
  crash(error: unknown): void {
    const { stream } = this;
    if (stream !== undefined && stream.id !== 0) {
      stream.crash(error); // comes back here
    } else if (stream !== undefined && stream.state === CLOSED) {
      this.ready.fulfill();
      this.closed.fulfill();
    } else {
      this.ready.reject(error);
      this.closed.crash(error);
    }
  }

  /** https://streams.spec.whatwg.org/#writable-stream-default-writer-write */
  write(chunk: unknown): Promise<undefined> {
    const stream = this.stream!;
    const size = stream.size === undefined ? 1 : chunkSize(stream, chunk);
    if (this.stream !== stream) return refuse(stream, chunk, new TypeError('write(): the writer was released'));
    if (stream.state === ERRORED) return refuse(stream, chunk, stream.storedError);
    if (stream.state === CLOSED || closeQueuedOrInFlight(stream)) {
      return refuse(stream, chunk, new TypeError('write(): the WritableStream is closing or closed'));
    }
    if (stream.state === ERRORING) return refuse(stream, chunk, stream.storedError);
    const request = new Deferred<undefined>();
    writeChunk(stream, chunk, size, request);
    return request.promise;
  }

  /** https://streams.spec.whatwg.org/#writable-stream-default-writer-close-with-error-propagation */
  static closeWithErrorPropagation(stream: WritablePart): Promise<undefined> {
    if (closeQueuedOrInFlight(stream) || stream.state === CLOSED) return promiseResolve(undefined);
    if (stream.state === ERRORED) return promiseReject(stream.storedError);
    return closeWritable(stream);
  }

  /** https://streams.spec.whatwg.org/#writable-stream-default-writer-release */
  release(): void {
    const { stream } = this;
    const error = new TypeError('The writer was released, so it no longer tells about the stream');
    try {
      stream!.writer = undefined;
      this.stream = undefined;
      this.ready.reject(error);
      this.closed.reject(error);
    } catch (failure) {
      const { list, length } = broken;
      list[length] = this;
      list[length + 1] = undefined;
      list[length + 2] = error;
      list[length + 3] = undefined;
      broken.length = length + 4;
      resolved.react(repair);
      throw failure;
    }
  }
}

isolate(WriterImpl);

function refuse(stream: WritablePart, chunk: unknown, error: unknown): Promise<never> {
  drop(stream, chunk);
  return promiseReject(error);
}
