/** Gathers small chunks into pieces of `size` bytes. A chunk as large as that goes on as it is. */
export class Gatherer {
  #size;
  #buffer;
  #filled = 0;

  constructor(size) {
    this.#size = size;
  }

  /** Takes bytes; returns the pieces that are to be written now, in their order. What it keeps of them is a copy. */
  add(bytes) {
    const pieces = [];
    if (this.#filled + bytes.length > this.#size) pieces.push(...this.rest());
    if (bytes.length >= this.#size) return [...pieces, bytes];
    this.#buffer ??= new Uint8Array(this.#size);
    this.#buffer.set(bytes, this.#filled);
    this.#filled += bytes.length;
    return pieces;
  }

  /** What has been gathered, at most one piece. */
  rest() {
    if (this.#filled === 0) return [];
    const piece = this.#buffer.subarray(0, this.#filled);
    this.#buffer = undefined;
    this.#filled = 0;
    return [piece];
  }
}
