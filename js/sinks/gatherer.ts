/** Gathers small chunks into pieces of `size` bytes. A chunk of that size or more passes unchanged. */
export class Gatherer {
  #size: number;
  #buffer: Uint8Array<ArrayBuffer> | undefined;
  #filled = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** Takes bytes, and returns the pieces to write now, in order. The bytes that it keeps are a copy. */
  add(bytes: Uint8Array): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    if (this.#filled + bytes.length > this.#size) pieces.push(...this.rest());
    if (bytes.length >= this.#size) return [...pieces, bytes];
    this.#buffer ??= new Uint8Array(this.#size);
    this.#buffer.set(bytes, this.#filled);
    this.#filled += bytes.length;
    return pieces;
  }

  /** The bytes that are gathered: no piece, or one. */
  rest(): Uint8Array[] {
    if (this.#filled === 0) return [];
    const piece = this.#buffer!.subarray(0, this.#filled);
    this.#buffer = undefined;
    this.#filled = 0;
    return [piece];
  }
}
