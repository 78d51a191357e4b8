/**
 * The bytes in a pipeline's queues, and a limit to them. From half of it on, the source is asked for nothing more until the
 * queues have shrunk; what grows past the limit all the same fails the pipeline.
 *
 * The source's own queue counts for the limit but holds nobody up: it would never shrink.
 *
 * Only queues of tidegate's streams can be counted. What a function that gets all chunks keeps, and streams of the engine's and of Node's, cannot: the error
 * names these parts.
 */
import { Fifo } from '../runtime/fifo.js';
import { resolved } from '../runtime/intrinsics.js';
import { sizeOfChunk } from './sizes.js';

/**
 * A stream's queue that knows how many bytes it holds. A chunk counts what it was when it came, transferred since or not.
 * The page may be asked for its size and use the stream meanwhile, so it is queued before that.
 */
class WeighedFifo extends Fifo {
  bytes = 0;
  #weights = new Fifo(); // { bytes, gone }
  #sizeOf;
  #onChange;

  constructor(sizeOf, onChange, items) {
    super();
    this.#sizeOf = sizeOf;
    this.#onChange = () => {};
    while (items.length > 0) this.push(items.shift());
    this.#onChange = onChange;
  }

  push(item) {
    const weight = { bytes: 0, gone: false };
    this.#weights.push(weight);
    super.push(item);
    const bytes = this.#sizeOf(item);
    if (weight.gone) return;
    weight.bytes = bytes;
    this.bytes += bytes;
    this.#onChange();
  }

  shift() {
    const weight = this.#weights.shift();
    weight.gone = true;
    this.bytes -= weight.bytes;
    const item = super.shift();
    this.#onChange();
    return item;
  }
}

const placeOf = ({ name, index }) => `${name} (part ${index})`;

export class Meter {
  #limit;
  #sizeOf;
  #fail;
  #queues = []; // { stream, part, isSource }
  #uncounted = new Set();
  #full = false;
  #exceeded = false;
  #waiting = [];
  #pipe;

  /** @param fail `(error, part)` is called once, in a microtask, when the queues hold more than `limit` bytes */
  constructor(limit, { sizeOf = sizeOfChunk, fail }) {
    this.#limit = limit;
    this.#sizeOf = sizeOf;
    this.#fail = fail;
  }

  /** Counts the queue of `stream`, an implementation of ours. */
  add(stream, part, isSource) {
    if (stream.queue === undefined) return;
    stream.queue = new WeighedFifo(this.#sizeOf, () => this.#onChange(), stream.queue);
    this.#queues.push({ stream, part, isSource });
    this.#onChange();
  }

  /** Says that `part` may hold more than is known here. */
  cannotCount(part) {
    this.#uncounted.add(part);
  }

  /** The pipe that reads from the source. */
  pauses(pipe) {
    this.#pipe = pipe;
    if (this.#full) pipe.pause();
  }

  /** Calls `read` once the source may be read. */
  whenOpen(read) {
    if (this.#full) this.#waiting.push(read);
    else read();
  }

  /** Lets whoever waits go on, as the pipeline ends. */
  end() {
    this.#full = false;
    for (const read of this.#waiting.splice(0)) read();
  }

  #onChange() {
    let total = 0;
    let beyondSource = 0;
    for (const { stream, isSource } of this.#queues) {
      const { bytes = 0 } = stream.queue ?? {};
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

  #remark() {
    if (this.#uncounted.size === 0) return '';
    return `. Not counted is what these hold by themselves: ${[...this.#uncounted].map(placeOf).join(', ')}`;
  }

  #exceed(total) {
    if (this.#exceeded) return;
    this.#exceeded = true;
    const bytesOf = ({ stream }) => stream.queue?.bytes ?? 0;
    const largest = this.#queues.reduce((most, queue) => (bytesOf(queue) > bytesOf(most) ? queue : most));
    const error = new RangeError(
      `pipeline(): its queues held ${total} bytes, more than the memoryLimit of ${this.#limit}, and ${bytesOf(largest)} of them were with ` +
        `${placeOf(largest.part)}; give it a lower highWaterMark or smaller chunks, or raise the limit${this.#remark()}`,
    );
    resolved.react(() => this.#fail(error, largest.part));
  }
}
