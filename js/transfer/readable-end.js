/**
 * The end that chunks arrive at: https://streams.spec.whatwg.org/#abstract-opdef-setupcrossrealmtransformreadable with
 * credits in the place of single pulls. A credit is leave to send one chunk; what was granted and has not arrived never
 * exceeds what the stream wants, nor MOST_CREDIT.
 */
import { ReadableStream } from '../streams/readable-stream.js';
import { MOST_CREDIT, Wire } from './wire.js';

class ReadableEnd {
  constructor(port, options) {
    const { highWaterMark, enough } = options;
    this.granted = 0;
    this.batch = Math.ceil(Math.min(highWaterMark, MOST_CREDIT) / 2);
    this.controller = undefined;
    this.enough = enough;
    this.wire = new Wire(port, this, options);
  }

  /** Grants anew when nothing is on its way, or when half of the queue has room. */
  pull() {
    const wanted = Math.min(Math.max(this.controller.desiredSize, 1), MOST_CREDIT) - this.granted;
    if (wanted <= 0 || (this.granted > 0 && wanted < this.batch)) return;
    this.granted += wanted;
    this.wire.post('credit', wanted);
    this.wire.waits(true);
  }

  accept(type, value) {
    if (type === 'chunk') {
      if (this.granted === 0) return false; // sent without leave
      this.granted -= 1;
      if (this.granted === 0) this.wire.waits(false);
      this.controller.enqueue(value);
    } else if (type === 'close') {
      this.wire.post('closed', undefined);
      this.wire.close();
      this.controller.close();
    } else if (type === 'error') {
      this.wire.close();
      this.controller.error(value === undefined ? this.enough?.() : value);
    } else return false;
    return true;
  }

  fail(error) {
    this.controller.error(error);
  }

  cancel(reason) {
    const failure = this.wire.postError(reason);
    if (failure) throw failure.error;
  }
}

/**
 * A ReadableStream of what the other side of `port` writes.
 *
 * @param {MessagePort} port
 * @param {{ highWaterMark: number, watch: boolean, errors?: 'all' | 'message' | 'none', lock?: unknown, enough?: () => unknown }} options `highWaterMark` in chunks;
 *   `watch`: error when the other side is gone, where the engine tells; `errors`: what the other side is told of a failure; `enough`: makes the error of an
 *   abort without a reason, which is undefined otherwise
 */
export function readableEnd(port, options) {
  const end = new ReadableEnd(port, options);
  return new ReadableStream(
    {
      __proto__: null,
      start(controller) {
        end.controller = controller;
      },
      pull: () => end.pull(),
      cancel: (reason) => end.cancel(reason),
    },
    { __proto__: null, highWaterMark: options.highWaterMark },
  );
}
