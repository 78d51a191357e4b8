/** Text into lines, in JavaScript (src/codec/lines.rs). */
import { fault } from './fault.js';
import type { Bytes } from '../../runtime/buffers.js';
import { CR, LF } from './records.js';
import type { Parser, Records } from './records.js';

export class LinesParser implements Parser {
  #codec: string;
  #records: Records;
  #maxBytes: number;
  /** A CR is text before LF too. */
  #keepsReturns: boolean;
  /** Bytes of the current line that have been put. */
  #length = 0;
  /** The offset at which the current line began; undefined before its first byte. */
  #start: number | undefined;
  /** The text so far ends with a CR, which is text unless LF follows. */
  #heldReturn = false;

  constructor(codec: string, records: Records, maxBytes: number, keepsReturns: boolean) {
    this.#codec = codec;
    this.#records = records;
    this.#maxBytes = maxBytes;
    this.#keepsReturns = keepsReturns;
  }

  push(text: Bytes, offset: number): void {
    for (let at = 0; at < text.length;) {
      this.#start ??= offset + at;
      if (this.#heldReturn && text[at] !== LF) {
        this.#heldReturn = false;
        this.#putReturn();
      }
      const found = text.indexOf(LF, at);
      const end = found === -1 ? text.length : found;
      const held = !this.#keepsReturns && end > at && text[end - 1] === CR;
      this.#put(text, at, held ? end - 1 : end);
      if (found === -1) {
        this.#heldReturn = held;
        return;
      }
      this.#endLine();
      at = end + 1;
    }
  }

  finish(): void {
    if (this.#heldReturn) this.#putReturn();
    if (this.#start !== undefined) this.#endLine();
  }

  #putReturn(): void {
    this.#put(Uint8Array.of(CR), 0, 1);
  }

  #put(text: Bytes, from: number, to: number): void {
    this.#length += to - from;
    if (this.#length > this.#maxBytes)
      throw fault(this.#codec, 'too-long', this.#start!, `a line may have ${this.#maxBytes} bytes`);
    this.#records.put(text, from, to);
  }

  #endLine(): void {
    this.#records.endField(LF);
    this.#length = 0;
    this.#start = undefined;
    this.#heldReturn = false;
  }
}
