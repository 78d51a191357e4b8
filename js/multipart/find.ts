/** Finds a short text in bytes, by Horspool's algorithm: of a boundary of 40 bytes it looks at one byte in 40. */
export class Finder {
  #wanted: Uint8Array;
  /** How far a byte that stands at the last place lets the search go on. */
  #shifts: Uint8Array;

  /** @param wanted 1 to 255 bytes */
  constructor(wanted: Uint8Array) {
    this.#wanted = wanted;
    this.#shifts = new Uint8Array(256).fill(wanted.length);
    for (let at = 0; at < wanted.length - 1; at++) this.#shifts[wanted[at]!] = wanted.length - 1 - at;
  }

  /** Where it stands first at `from` or later; -1 if it does not. */
  find(bytes: Uint8Array, from = 0): number {
    const wanted = this.#wanted;
    const shifts = this.#shifts;
    const last = wanted.length - 1;
    const ending = wanted[last]!;
    for (let end = from + last; end < bytes.length;) {
      const byte = bytes[end]!;
      if (byte === ending && this.#stands(bytes, end - last)) return end - last;
      end += shifts[byte]!;
    }
    return -1;
  }

  /** How many bytes at the end may be the beginning of it. */
  begun(bytes: Uint8Array): number {
    const from = Math.max(0, bytes.length - this.#wanted.length + 1);
    for (let at = from; at < bytes.length; at++) if (this.#stands(bytes, at)) return bytes.length - at;
    return 0;
  }

  #stands(bytes: Uint8Array, at: number): boolean {
    const length = Math.min(this.#wanted.length, bytes.length - at);
    for (let offset = 0; offset < length; offset++) if (bytes[at + offset] !== this.#wanted[offset]) return false;
    return true;
  }
}
