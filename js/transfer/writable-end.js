/**
 * The end that chunks leave from: https://streams.spec.whatwg.org/#abstract-opdef-setupcrossrealmtransformwritable with
 * credits in the place of single pulls. A chunk is serialized when there is a credit for it, not before.
 */
import { drop } from '../internal/discard.js';
import { Deferred, promiseThen } from '../internal/intrinsics.js';
import { writableImpl, WritableStream } from '../writable-stream.js';
import { buffersOf, refuseStreams } from './chunks.js';
import { Wire } from './wire.js';

class WritableEnd {
  constructor(port, transferablesOf, signal, watch) {
    this.credits = 0;
    this.waiting = undefined;
    this.transferablesOf = transferablesOf;
    this.signal = signal;
    this.onAbort = () => this.stopWaiting();
    this.controller = undefined;
    this.stream = undefined;
    this.wire = new Wire(port, this, watch);
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

  post(chunk) {
    const transferables = this.transferablesOf?.(chunk) ?? [];
    if (transferables.length > 0) {
      try {
        return this.wire.post('chunk', chunk, transferables);
      } catch {
        // Memory that cannot be moved, such as WebAssembly's, is copied.
      }
    }
    return this.wire.post('chunk', chunk);
  }

  stopWaiting(granted = false) {
    const { waiting } = this;
    if (waiting === undefined) return;
    this.waiting = undefined;
    this.wire.waits(false);
    waiting.resolve(granted);
  }

  receive(type, value) {
    if (type === 'credit' && value > 0) {
      this.credits += value;
      this.stopWaiting(true);
    } else if (type === 'error') {
      this.wire.close();
      this.fail(value);
    }
  }

  fail(error) {
    this.controller.error(error);
    this.stopWaiting();
    this.end();
  }

  close() {
    this.end();
    this.wire.post('close', undefined);
    this.wire.close();
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
 * @param {{ transferChunks?: boolean | ((chunk: unknown) => Transferable[]), signal?: AbortSignal, watch: boolean }} options
 *   `signal`: that of the pipe into this stream; `watch`: error when the other side is gone, where the engine tells
 */
export function writableEnd(port, { transferChunks, signal, watch }) {
  const transferablesOf = typeof transferChunks === 'function' ? transferChunks : transferChunks ? buffersOf : undefined;
  const end = new WritableEnd(port, transferablesOf, signal, watch);
  end.stream = new WritableStream({
    __proto__: null,
    start: (controller) => end.start(controller),
    write: (chunk) => end.write(chunk),
    close: () => end.close(),
    abort: (reason) => end.abort(reason),
  });
  return end.stream;
}
