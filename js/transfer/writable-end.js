/**
 * The end that chunks leave from: https://streams.spec.whatwg.org/#abstract-opdef-setupcrossrealmtransformwritable with
 * credits in the place of single pulls. A chunk is serialized when there is a credit for it, not before.
 */
import { Deferred, promiseThen } from '../internal/intrinsics.js';
import { WritableStream } from '../writable-stream.js';
import { buffersOf, refuseStreams } from './chunks.js';
import { Wire } from './wire.js';

class WritableEnd {
  constructor(port, transferablesOf, watch) {
    this.credits = 0;
    this.waiting = undefined;
    this.transferablesOf = transferablesOf;
    this.controller = undefined;
    this.wire = new Wire(port, this, watch);
  }

  start(controller) {
    this.controller = controller;
    // An abort waits for the write in flight, and that may be waiting for a reader that has stopped.
    controller.signal.addEventListener('abort', () => this.stopWaiting(), { once: true });
  }

  write(chunk) {
    if (this.credits > 0) return this.send(chunk);
    this.waiting = new Deferred();
    this.wire.waits(true);
    return promiseThen(this.waiting.promise, (granted) => (granted ? this.send(chunk) : undefined));
  }

  send(chunk) {
    this.credits -= 1;
    try {
      refuseStreams(chunk);
      this.post(chunk);
    } catch (error) {
      this.wire.postError(error);
      throw error;
    }
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
  }

  close() {
    this.wire.post('close', undefined);
    this.wire.close();
  }

  abort(reason) {
    const failure = this.wire.postError(reason);
    if (failure) throw failure.error;
  }
}

/**
 * A WritableStream whose chunks the other side of `port` reads.
 *
 * @param {MessagePort} port
 * @param {{ transferChunks?: boolean | ((chunk: unknown) => Transferable[]), watch: boolean }} options
 */
export function writableEnd(port, { transferChunks, watch }) {
  const transferablesOf = typeof transferChunks === 'function' ? transferChunks : transferChunks ? buffersOf : undefined;
  const end = new WritableEnd(port, transferablesOf, watch);
  return new WritableStream({
    __proto__: null,
    start: (controller) => end.start(controller),
    write: (chunk) => end.write(chunk),
    close: () => end.close(),
    abort: (reason) => end.abort(reason),
  });
}
