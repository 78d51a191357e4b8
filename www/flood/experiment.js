/**
 * The same producer and the same consumer twice: once with the signal heeded, once with it ignored. What waits in between is real memory,
 * with a cap at which the flood is stopped.
 */

import { ByteLengthQueuingStrategy, WritableStream } from 'tidegate';
import { newPromise } from '../promise.js';

/** Bytes of one chunk. */
export const CHUNK = 256 * 1024;
/** Bytes a second that the producer makes, and that the consumer takes. */
export const MADE = 24e6;
export const TAKEN = 5e6;
/** Bytes that may wait before the signal says so. */
const HIGH_WATER_MARK = 1024 * 1024;
/** Bytes in memory at which the flood is stopped. */
export const CAP = 128e6;

/* The two below are shown to the reader as they stand here. */

export async function gate(producer, writer) {
  for await (const chunk of producer) {
    await writer.ready;
    writer.write(chunk);
  }
}

export async function flood(producer, writer) {
  for await (const chunk of producer) {
    writer.write(chunk);
  }
}

/** One of the two while it runs. It starts when it is made. */
export class Side {
  /** Bytes that the producer has made, and that the consumer has taken. */
  made = 0;
  taken = 0;
  /** Whether the cap has stopped it. */
  capped = false;
  /** What ended it before its time, as when there is no memory for a chunk. @type {Error | null} */
  error = null;
  /** @type {Promise<void>} settles when everything has been given back; never rejects */
  done;
  #stopped = newPromise();
  #isStopped = false;
  #cap;
  #makeChunk;

  /**
   * @param {(producer: AsyncIterable<Uint8Array>, writer: WritableStreamDefaultWriter<Uint8Array>) => Promise<void>} how
   * @param {number} [cap] bytes in memory at which it is stopped
   * @param {() => Uint8Array} [makeChunk] makes a chunk of CHUNK bytes
   */
  constructor(how, cap = CAP, makeChunk = filledChunk) {
    this.#cap = cap;
    this.#makeChunk = makeChunk;
    const stream = new WritableStream(
      { write: (chunk) => this.#take(chunk) },
      new ByteLengthQueuingStrategy({ highWaterMark: HIGH_WATER_MARK }),
    );
    const writer = stream.getWriter();
    this.done = how(this.#produce(), writer)
      .catch((error) => {
        this.error = error;
        this.stop();
      })
      .then(() => writer.close())
      .catch((error) => {
        this.error ??= error;
      });
  }

  /** Bytes in memory: made, and not yet taken. */
  get held() {
    return this.made - this.taken;
  }

  /** Makes no more, and lets the consumer have all that waits at once. */
  stop() {
    this.#isStopped = true;
    this.#stopped.resolve();
  }

  /** At its rate, but nothing that is not asked for. */
  async *#produce() {
    const began = performance.now();
    /** Milliseconds in which nobody asked do not count: what was not made then is not made up for. */
    let idle = 0;
    let given = began;
    while (!this.#isStopped) {
      const asked = performance.now();
      if (asked - given > 100) idle += asked - given;
      const due = began + idle + (this.made / MADE) * 1000;
      if (due > asked) await this.#pause(due - asked);
      if (this.#isStopped) return;
      if (this.held + CHUNK > this.#cap) {
        this.capped = true;
        this.stop();
        return;
      }
      const chunk = this.#makeChunk();
      this.made += CHUNK;
      given = performance.now();
      yield chunk;
    }
  }

  async #take(chunk) {
    if (!this.#isStopped) await this.#pause((chunk.byteLength / TAKEN) * 1000);
    this.taken += chunk.byteLength;
  }

  async #pause(milliseconds) {
    let timer;
    const waited = new Promise((resolve) => {
      timer = setTimeout(resolve, milliseconds);
    });
    await Promise.race([waited, this.#stopped.promise]);
    clearTimeout(timer);
  }
}

/** Filled, so that the system gives the memory for it. */
const filledChunk = () => new Uint8Array(CHUNK).fill(1);
