/**
 * The bytes of an input in order, whatever chunks they come in. So a parser asks for as many as it needs, and is the same at every split.
 *
 * 1. One call is under way at a time.
 * 2. A view that a call returns holds until the next call. Its buffer is that of a chunk, which is not to be handed on.
 */
import { joined } from '../runtime/text.js';
import type { Bytes } from '../runtime/buffers.js';

const NOTHING: Bytes = new Uint8Array(0);

export class Input {
  /** The offset of the next byte in the input. */
  offset: number;
  #next: () => Promise<Bytes | undefined>;
  /** What has come and has not been consumed. */
  #held = NOTHING;
  #ended = false;

  /**
   * @param next gives the next chunk; undefined at the end. It is not called again after that, or after it has rejected
   * @param offset that of the first byte
   */
  constructor(next: () => Promise<Bytes | undefined>, offset = 0) {
    this.#next = next;
    this.offset = offset;
  }

  /** Fails behind the first `most` bytes with what `error` makes, if there are more. To be called before anything is read. */
  limit(most: number, error: () => Error): void {
    const next = this.#next;
    let left = most;
    this.#next = async () => {
      if (left < 0) throw error();
      const chunk = await next();
      if (chunk === undefined) return undefined;
      left -= chunk.length;
      if (left < -chunk.length || chunk.length + left === 0) throw error();
      return left < 0 ? chunk.subarray(0, left) : chunk;
    };
  }

  /** What is at hand, without waiting. */
  get held(): Bytes {
    return this.#held;
  }

  /** At least `least` bytes that are not consumed yet; fewer only at the end. */
  async peek(least: number): Promise<Bytes> {
    while (this.#held.length < least && !this.#ended) {
      const chunk = await this.#next();
      if (chunk === undefined) this.#ended = true;
      // Only what was left of the chunk before is copied, which is less than `least`.
      else this.#held = this.#held.length === 0 ? chunk : this.#append(chunk, least);
    }
    return this.#held;
  }

  /**
   * A large chunk is not copied for a few bytes before it: they get as much of it as is asked for, and it waits. They get a few thousand at
   * least, as a caller that leaves a few bytes again would have the whole chunk in parts of that size.
   */
  #append(chunk: Bytes, least: number): Bytes {
    const missing = Math.max(least - this.#held.length, SMALL);
    if (chunk.length <= 2 * missing) return joined(this.#held, chunk);
    const next = this.#next;
    this.#next = () => {
      this.#next = next;
      return Promise.resolve(chunk.subarray(missing));
    };
    return joined(this.#held, chunk.subarray(0, missing));
  }

  consume(bytes: number): void {
    this.#held = this.#held.subarray(bytes);
    this.offset += bytes;
  }

  /** Consumes exactly `bytes` bytes and returns a copy of them; undefined if there are not as many. */
  async take(bytes: number): Promise<Bytes | undefined> {
    const taken = new Uint8Array(bytes);
    for (let at = 0; at < bytes;) {
      const held = await this.peek(1);
      if (held.length === 0) return undefined;
      const part = held.subarray(0, bytes - at);
      taken.set(part, at);
      at += part.length;
      this.consume(part.length);
    }
    return taken;
  }

  /** Consumes as many bytes; says whether there were. */
  async skip(bytes: number): Promise<boolean> {
    for (let left = bytes; left > 0;) {
      const { length } = await this.peek(1);
      if (length === 0) return false;
      const skipped = Math.min(left, length);
      this.consume(skipped);
      left -= skipped;
    }
    return true;
  }
}

const SMALL = 4096;
