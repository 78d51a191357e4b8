/**
 * The receiving side: https://streams.spec.whatwg.org/#abstract-opdef-setupcrossrealmtransformreadable with credits in
 * place of single pulls. One credit permits one chunk. Chunks that were granted and have not arrived never exceed the
 * stream's desired size, nor MOST_CREDIT.
 */
import { ReadableStream } from '../streams/readable-stream.js';
import type { ReadableControllerLike } from '../bridge/shapes.js';
import { MOST_CREDIT, Wire } from './wire.js';
import type { WireOptions, WireOwner } from './wire.js';
import type { UnderlyingDefaultSource } from '../streams/readable-stream.js';
import type { QueuingStrategy } from '../streams/strategies.js';

/** How an end behaves that is itself the end of a pipeline: `fromMessagePort()`, `toMessagePort()`. */
export interface EndOptions extends WireOptions {
  /** Makes the error of an abort or a cancel without a reason; without `enough` that error is undefined. */
  enough?: (() => unknown) | undefined;
}

export interface ReadableEndOptions extends EndOptions {
  /** In chunks. */
  highWaterMark: number;
}

class ReadableEnd implements WireOwner {
  declare granted: number;
  declare batch: number;
  declare controller: ReadableControllerLike;
  declare enough: (() => unknown) | undefined;
  declare wire: Wire;

  constructor(port: MessagePort, options: ReadableEndOptions) {
    const { highWaterMark, enough } = options;
    this.granted = 0;
    this.batch = Math.ceil(Math.min(highWaterMark, MOST_CREDIT) / 2);
    this.controller = undefined as unknown as ReadableControllerLike;
    this.enough = enough;
    this.wire = new Wire(port, this, options);
  }

  /** Grants credits if no chunk is on its way, or if half of the queue has room. */
  pull(): void {
    const wanted = Math.min(Math.max(this.controller.desiredSize!, 1), MOST_CREDIT) - this.granted;
    if (wanted <= 0 || (this.granted > 0 && wanted < this.batch)) return;
    this.granted += wanted;
    this.wire.post('credit', wanted);
    this.wire.waits(true);
  }

  accept(type: string, value: unknown): boolean {
    if (type === 'chunk') {
      if (this.granted === 0) return false; // sent without a credit
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

  fail(error: unknown): void {
    this.controller.error(error);
  }

  cancel(reason: unknown): void {
    const failure = this.wire.postError(reason);
    if (failure) throw failure.error;
  }
}

/** A ReadableStream of the chunks that the other side of `port` writes. */
export function readableEnd(port: MessagePort, options: ReadableEndOptions): ReadableStream {
  const end = new ReadableEnd(port, options);
  return new ReadableStream(
    {
      __proto__: null,
      start(controller: ReadableControllerLike) {
        end.controller = controller;
      },
      pull: () => end.pull(),
      cancel: (reason: unknown) => end.cancel(reason),
    } as UnderlyingDefaultSource,
    { __proto__: null, highWaterMark: options.highWaterMark } as QueuingStrategy,
  );
}
