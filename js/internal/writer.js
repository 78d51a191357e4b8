/** The lock of a WritableStreamDefaultWriter: https://streams.spec.whatwg.org/#ws-writer-abstract-ops */
import { core } from './core.js';
import { drop } from './discard.js';
import { Deferred, isolate, promiseReject, promiseResolve } from './intrinsics.js';
import { LazyPromise } from './lazy-promise.js';
import {
  chunkSize, CLOSED, closeQueuedOrInFlight, closeWritable, ERRORED, ERRORING, WRITABLE, writeChunk,
} from './writable.js';

export class WriterImpl {
  constructor(stream) {
    if (stream.writer !== undefined) {
      throw new TypeError('This WritableStream is locked to another writer; release that first');
    }
    this.stream = stream;
    this.ready = new LazyPromise();
    this.closed = new LazyPromise();
    stream.writer = this;
    if (stream.state === WRITABLE) {
      if (!core.writable_backpressure(stream.id)) this.ready.fulfill();
    } else if (stream.state === CLOSED) {
      this.ready.fulfill();
      this.closed.fulfill();
    } else {
      this.ready.reject(stream.storedError);
      if (stream.state === ERRORED) this.closed.reject(stream.storedError);
    }
  }

  get isPipe() {
    return false;
  }

  onBackpressure() {
    this.ready.renew();
  }

  onReady() {
    this.ready.fulfill();
  }

  onErroring(error) {
    this.ready.reject(error);
  }

  onClosed() {
    this.closed.fulfill();
  }

  onErrored(error) {
    this.closed.rejectIfPending(error);
  }

  /** https://streams.spec.whatwg.org/#writable-stream-default-writer-write */
  write(chunk) {
    const stream = this.stream;
    const size = stream.size === undefined ? 1 : chunkSize(stream, chunk);
    if (this.stream !== stream) return refuse(stream, chunk, new TypeError('write(): the writer was released'));
    if (stream.state === ERRORED) return refuse(stream, chunk, stream.storedError);
    if (stream.state === CLOSED || closeQueuedOrInFlight(stream)) {
      return refuse(stream, chunk, new TypeError('write(): the WritableStream is closing or closed'));
    }
    if (stream.state === ERRORING) return refuse(stream, chunk, stream.storedError);
    const request = new Deferred();
    writeChunk(stream, chunk, size, request);
    return request.promise;
  }

  /** https://streams.spec.whatwg.org/#writable-stream-default-writer-close-with-error-propagation */
  static closeWithErrorPropagation(stream) {
    if (closeQueuedOrInFlight(stream) || stream.state === CLOSED) return promiseResolve(undefined);
    if (stream.state === ERRORED) return promiseReject(stream.storedError);
    return closeWritable(stream);
  }

  /** https://streams.spec.whatwg.org/#writable-stream-default-writer-release */
  release() {
    const error = new TypeError('The writer was released, so it no longer tells about the stream');
    this.ready.reject(error);
    this.closed.reject(error);
    this.stream.writer = undefined;
    this.stream = undefined;
  }
}

isolate(WriterImpl);

function refuse(stream, chunk, error) {
  drop(stream, chunk);
  return promiseReject(error);
}
