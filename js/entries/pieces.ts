/** Bytes that are written in small parts, as chunks. What is held is less than `PIECE` bytes. */
import type { Bytes } from '../runtime/buffers.js';

/** The most bytes of a chunk, but for those of an entry's own source. */
const PIECE = 2 ** 16;

/** Collects bytes for chunks that are worth a read. */
export class Pieces {
  /** Of all that was added. */
  length = 0;
  #buffer: Bytes | undefined;
  #at = 0;
  #ready: Bytes[] = [];

  /** @param isOwn whether nobody else has its buffer */
  add(bytes: Uint8Array, isOwn = false): void {
    this.length += bytes.length;
    if (isOwn && bytes.length >= PIECE / 4) {
      this.flush();
      this.#ready.push(bytes as Bytes);
      return;
    }
    for (let at = 0; at < bytes.length;) {
      this.#buffer ??= new Uint8Array(PIECE);
      const piece = bytes.subarray(at, at + PIECE - this.#at);
      this.#buffer.set(piece, this.#at);
      this.#at += piece.length;
      at += piece.length;
      if (this.#at === PIECE) this.flush();
    }
  }

  /** Makes a chunk of what there is. */
  flush(): void {
    if (this.#at === 0) return;
    this.#ready.push(this.#at === PIECE ? this.#buffer! : this.#buffer!.slice(0, this.#at));
    if (this.#at === PIECE) this.#buffer = undefined;
    this.#at = 0;
  }

  take(): Bytes | undefined {
    return this.#ready.shift();
  }
}
