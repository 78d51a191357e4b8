/**
 * The end that chunks arrive at: https://streams.spec.whatwg.org/#abstract-opdef-setupcrossrealmtransformreadable with
 * credits in the place of single pulls. A credit is leave to send one chunk; what was granted and has not arrived never
 * exceeds what the stream wants.
 */
import { ReadableStream } from '../readable-stream.js';
import { Wire } from './wire.js';

class ReadableEnd {
  constructor(port, highWaterMark, watch) {
    this.granted = 0;
    this.batch = Math.ceil(highWaterMark / 2);
    this.controller = undefined;
    this.wire = new Wire(port, this, watch);
  }

  /** Grants anew when nothing is on its way, or when half of the queue has room. */
  pull() {
    const wanted = Math.max(this.controller.desiredSize, 1) - this.granted;
    if (wanted <= 0 || (this.granted > 0 && wanted < this.batch)) return;
    this.granted += wanted;
    this.wire.post('credit', wanted);
    this.wire.waits(true);
  }

  receive(type, value) {
    if (type === 'chunk') {
      if (this.granted === 0) return; // sent without leave
      this.granted -= 1;
      if (this.granted === 0) this.wire.waits(false);
      this.controller.enqueue(value);
    } else if (type === 'close') {
      this.wire.close();
      this.controller.close();
    } else if (type === 'error') {
      this.wire.close();
      this.controller.error(value);
    }
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
 * @param {{ highWaterMark: number, watch: boolean }} options `highWaterMark` in chunks; `watch`: error when the other
 *   side is gone, where the engine tells
 */
export function readableEnd(port, { highWaterMark, watch }) {
  const end = new ReadableEnd(port, highWaterMark, watch);
  return new ReadableStream(
    {
      __proto__: null,
      start(controller) {
        end.controller = controller;
      },
      pull: () => end.pull(),
      cancel: (reason) => end.cancel(reason),
    },
    { __proto__: null, highWaterMark },
  );
}
