/**
 * The end that chunks leave from: https://streams.spec.whatwg.org/#abstract-opdef-setupcrossrealmtransformwritable with
 * credits in the place of single pulls. A chunk is serialized when there is a credit for it, not before.
 */
import { writableImpl } from '../bridge/brands.js';
import { detachedMessage, isDetached } from '../runtime/buffers.js';
import { drop } from '../machines/discard.js';
import { Deferred, promiseThen } from '../runtime/intrinsics.js';
import { WritableStream } from '../streams/writable-stream.js';
import { buffersOf, narrowed, refuseStreams } from './chunks.js';
import { dataCloneError, MOST_CREDIT, Wire } from './wire.js';

class WritableEnd {
  constructor(port, options) {
    const { transferChunks = false, signal, enough } = options;
    this.credits = 0;
    this.waiting = undefined;
    this.transferChunks = transferChunks;
    this.enough = enough;
    this.closing = undefined; // waits for the other side to have taken the end
    this.signal = signal;
    this.onAbort = () => {
      this.stopWaiting();
      this.closing?.reject(this.controller.signal.reason);
    };
    this.controller = undefined;
    this.stream = undefined;
    this.wire = new Wire(port, this, options);
  }

  start(controller) {
    this.controller = controller;
    // An abort of the stream, or of the pipe into it, waits for the write in flight; and that may be waiting for a reader
    // that has stopped.
    controller.signal.addEventListener('abort', this.onAbort, { once: true });
    this.signal?.addEventListener('abort', this.onAbort, { once: true });
  }

  end() {
    this.signal?.removeEventListener('abort', this.onAbort);
  }

  write(chunk) {
    if (this.credits > 0) return this.send(chunk);
    this.waiting = new Deferred();
    this.wire.waits(true);
    return promiseThen(this.waiting.promise, (granted) => (granted ? this.send(chunk) : this.drop(chunk)));
  }

  send(chunk) {
    this.credits -= 1;
    try {
      refuseStreams(chunk);
      if (buffersOf(chunk).some(isDetached)) throw dataCloneError(detachedMessage('The chunk'));
      this.post(chunk);
    } catch (error) {
      this.drop(chunk);
      this.wire.postError(error);
      throw error;
    }
  }

  /** Of a chunk that is not sent. */
  drop(chunk) {
    drop(writableImpl(this.stream), chunk);
  }

  /** A view that is narrower than its buffer goes as a copy, so that the rest of the buffer stays here; unless the function says to move it. */
  post(chunk) {
    const { transferChunks } = this;
    const named = typeof transferChunks === 'function' ? [...transferChunks(chunk)] : undefined;
    const message = narrowed(chunk, named && new Set(named));
    const transferables = named ?? (transferChunks ? buffersOf(message) : []);
    if (transferables.length > 0) {
      try {
        return this.wire.post('chunk', message, transferables);
      } catch {
        // Memory that cannot be moved, such as WebAssembly's, is copied.
      }
    }
    return this.wire.post('chunk', message);
  }

  stopWaiting(granted = false) {
    const { waiting } = this;
    if (waiting === undefined) return;
    this.waiting = undefined;
    this.wire.waits(false);
    waiting.resolve(granted);
  }

  accept(type, value) {
    if (type === 'credit') {
      if (!Number.isInteger(value) || value < 1 || this.credits + value > MOST_CREDIT) return false;
      this.credits += value;
      this.stopWaiting(true);
    } else if (type === 'closed' && this.closing !== undefined) {
      this.end();
      this.wire.close();
      this.closing.resolve(undefined);
    } else if (type === 'error') {
      this.wire.close();
      this.fail(value === undefined ? this.enough?.() : value);
    } else return false;
    return true;
  }

  fail(error) {
    this.controller.error(error);
    this.stopWaiting();
    this.closing?.reject(error);
    this.end();
  }

  /** Waits for the other side to take the end, where `enough` says that this is the end of a pipeline: it may not be there at all. */
  close() {
    this.wire.post('close', undefined);
    if (this.enough !== undefined) {
      this.closing = new Deferred();
      this.wire.waits(true);
      return this.closing.promise;
    }
    this.end();
    this.wire.close();
    return undefined;
  }

  abort(reason) {
    this.end();
    const failure = this.wire.postError(reason);
    if (failure) throw failure.error;
  }
}

/**
 * A WritableStream whose chunks the other side of `port` reads.
 *
 * @param {MessagePort} port
 * @param {{ transferChunks?: boolean | ((chunk: unknown) => Iterable<Transferable>), signal?: AbortSignal, watch: boolean, errors?: 'all' | 'message' | 'none', lock?: unknown,
 *   enough?: () => unknown }} options `signal`: that of the pipe into this stream; `watch`: error when the other side is gone, where the engine tells;
 *   `errors`: what the other side is told of a failure; `enough`: makes the error of a cancel without a reason, which is undefined otherwise
 */
export function writableEnd(port, options) {
  const end = new WritableEnd(port, options);
  end.stream = new WritableStream({
    __proto__: null,
    start: (controller) => end.start(controller),
    write: (chunk) => end.write(chunk),
    close: () => end.close(),
    abort: (reason) => end.abort(reason),
  });
  return end.stream;
}
