/**
 * The bytes in a pipeline's queues, and a limit to them. From half of it on, the source is asked for nothing more until
 * the queues have shrunk; what grows past the limit all the same fails the pipeline.
 *
 * The source's own queue counts towards the limit but does not pause the source: while the source is paused that queue
 * would never shrink.
 *
 * Only queues of tidegate's streams can be counted. What a function that gets all chunks keeps, and streams of the
 * engine's and of Node's, cannot: the error names these parts.
 */
import { Fifo } from '../runtime/fifo.js';
import { resolved } from '../runtime/intrinsics.js';
import { sizeOfChunk } from './sizes.js';
import type { Part } from './parts.js';

type SizeOf = (chunk: unknown) => number;

interface Weight {
  bytes: number;
  /** The chunk has left the queue before its size was known. */
  gone: boolean;
}

/** What holds chunks for a part: an implementation of a stream of ours, or the source of a function's. */
interface Holder {
  queue?: Fifo<unknown> | undefined;
}

interface Counted {
  readonly stream: Holder;
  readonly part: Part;
  readonly isSource: boolean;
}

/** A pipe that reads from the source. */
interface Pausable {
  pause(): void;
  resume(): void;
}

/**
 * A stream's queue that knows how many bytes it holds. A chunk counts what it was when it came, transferred since or
 * not. The page may be asked for its size and use the stream meanwhile, so it is queued before that.
 */
class WeighedFifo extends Fifo<unknown> {
  bytes = 0;
  #weights = new Fifo<Weight>();
  #sizeOf: SizeOf;
  #onChange: () => void;

  constructor(sizeOf: SizeOf, onChange: () => void, items: Fifo<unknown>) {
    super();
    this.#sizeOf = sizeOf;
    this.#onChange = () => {};
    while (items.length > 0) this.push(items.shift());
    this.#onChange = onChange;
  }

  override push(item: unknown): void {
    const weight = { bytes: 0, gone: false };
    this.#weights.push(weight);
    super.push(item);
    const bytes = this.#sizeOf(item);
    if (weight.gone) return;
    weight.bytes = bytes;
    this.bytes += bytes;
    this.#onChange();
  }

  override shift(): unknown {
    const weight = this.#weights.shift();
    weight.gone = true;
    this.bytes -= weight.bytes;
    const item = super.shift();
    this.#onChange();
    return item;
  }
}

const placeOf = ({ name, index }: Part): string => `${name} (part ${index})`;

export class Meter {
  #limit: number;
  #sizeOf: SizeOf;
  #fail: (error: unknown, part: Part) => void;
  #queues: Counted[] = [];
  #uncounted = new Set<Part>();
  #full = false;
  #exceeded = false;
  #waiting: (() => void)[] = [];
  #pipe: Pausable | undefined;

  /** @param fail `(error, part)` is called once, in a microtask, when the queues hold more than `limit` bytes */
  constructor(
    limit: number,
    {
      sizeOf = sizeOfChunk,
      fail,
    }: { readonly sizeOf?: SizeOf | undefined; readonly fail: (error: unknown, part: Part) => void },
  ) {
    this.#limit = limit;
    this.#sizeOf = sizeOf;
    this.#fail = fail;
  }

  /** Counts the queue of `stream`. */
  add(stream: Holder, part: Part, isSource: boolean): void {
    if (stream.queue === undefined) return;
    stream.queue = new WeighedFifo(this.#sizeOf, () => this.#onChange(), stream.queue);
    this.#queues.push({ stream, part, isSource });
    this.#onChange();
  }

  /** Says that `part` may hold more than is known here. */
  cannotCount(part: Part): void {
    this.#uncounted.add(part);
  }

  /** The pipe that reads from the source. */
  pauses(pipe: Pausable): void {
    this.#pipe = pipe;
    if (this.#full) pipe.pause();
  }

  /** Calls `read` once the source may be read. */
  whenOpen(read: () => void): void {
    if (this.#full) this.#waiting.push(read);
    else read();
  }

  /** Resumes all waiting reads, because the pipeline ends. */
  end(): void {
    this.#full = false;
    for (const read of this.#waiting.splice(0)) read();
  }

  #onChange(): void {
    let total = 0;
    let beyondSource = 0;
    for (const { stream, isSource } of this.#queues) {
      const { bytes = 0 } = (stream.queue as WeighedFifo | undefined) ?? {};
      total += bytes;
      if (!isSource) beyondSource += bytes;
    }
    if (total > this.#limit) this.#exceed(total);
    const full = beyondSource >= this.#limit / 2;
    if (full === this.#full) return;
    this.#full = full;
    if (full) this.#pipe?.pause();
    else {
      this.#pipe?.resume();
      // Not within the read or write that has made room.
      resolved.react(() => {
        if (!this.#full) this.end();
      });
    }
  }

  #remark(): string {
    if (this.#uncounted.size === 0) return '';
    return `. Not included, as it cannot be measured, is what these hold: ${[...this.#uncounted].map(placeOf).join(', ')}`;
  }

  #exceed(total: number): void {
    if (this.#exceeded) return;
    this.#exceeded = true;
    const bytesOf = ({ stream }: Counted): number => (stream.queue as WeighedFifo | undefined)?.bytes ?? 0;
    const largest = this.#queues.reduce((most, queue) => (bytesOf(queue) > bytesOf(most) ? queue : most));
    const error = new RangeError(
      `pipeline(): its queues held ${total} bytes, more than the memoryLimit of ${this.#limit}; ${placeOf(largest.part)} held ${bytesOf(largest)} of them: ` +
        `lower its highWaterMark, send smaller chunks, or raise the limit${this.#remark()}`,
    );
    resolved.react(() => this.#fail(error, largest.part));
  }
}
