/** A chain whose only codec is the engine's `TextDecoder`: bytes become strings without Wasm. */
import { CodecError } from './error.js';
import { isSingleByte } from './encodings.js';
import { joined } from '../runtime/text.js';
import { FINISHED, HAS_BATCH, NEED_INPUT, zeroStats } from './segment.js';
import { invalidAt, wholeUntil } from './plain/utf8.js';
import type { Bytes } from '../runtime/buffers.js';
import type { ChainLike } from './chain.js';
import type { ProducedColumns, RunResult, StageStats } from './segment.js';

/** Bytes that are decoded at a time. */
const PIECE = 2 ** 16;
const NOTHING = /* @__PURE__ */ new Uint8Array(0);
const STREAM = { stream: true };
const REPLACEMENT = '\ufffd';

export class EngineText implements ChainLike {
  #codec: string;
  #encoding: string;
  #decoder: TextDecoder;
  /** The engine's decoder fails without saying where. Of single bytes the text says it, so that decoder need not fail. */
  #findsFaults: boolean;
  #isFatal: boolean;
  /** The start of a character that has not ended, of UTF-8 that may fail. */
  #partial: Bytes = NOTHING;
  #text = '';
  #bytesIn = 0;
  #bytesOut = 0;
  #ended = false;
  #fault: CodecError | undefined;

  constructor(codec: string, encoding: string, fatal: boolean, ignoreBOM: boolean) {
    this.#codec = codec;
    this.#encoding = encoding;
    this.#isFatal = fatal;
    this.#findsFaults = fatal && !isSingleByte(encoding);
    this.#decoder = new TextDecoder(encoding, { fatal: this.#findsFaults, ignoreBOM });
  }

  run(chunk: Bytes | undefined, offset: number, last: boolean, result: RunResult): void {
    result.taken = 0;
    if (this.#fault !== undefined) throw this.#fault;
    const bytes = chunk === undefined ? NOTHING : chunk.subarray(offset, offset + PIECE);
    result.taken = bytes.length;
    if (bytes.length > 0) this.#take(bytes);
    if (last && this.#fault === undefined && (chunk === undefined || offset + bytes.length === chunk.length))
      this.#end();
    this.#bytesOut += this.#text.length;
    if (this.#fault !== undefined && this.#text === '') throw this.#fault;
    if (this.#ended) result.state = FINISHED;
    else result.state = this.#fault === undefined && this.#text === '' ? NEED_INPUT : HAS_BATCH;
  }

  #take(bytes: Bytes): void {
    const at = this.#bytesIn;
    this.#bytesIn += bytes.length;
    if (!this.#findsFaults) {
      this.#text = this.#decoder.decode(bytes, STREAM);
      const bad = this.#isFatal ? this.#text.indexOf(REPLACEMENT) : -1;
      if (bad === -1) return;
      this.#text = this.#text.slice(0, bad);
      this.#fail(at + bad);
      return;
    }
    try {
      this.#text = this.#decoder.decode(bytes, STREAM);
    } catch {
      this.#find(joined(this.#partial, bytes) as Bytes, at - this.#partial.length);
      return;
    }
    const all = bytes.length < 4 ? (joined(this.#partial, bytes) as Bytes) : bytes.subarray(-4);
    this.#partial = all.slice(wholeUntil(all));
  }

  #end(): void {
    this.#ended = true;
    try {
      this.#text += this.#decoder.decode();
    } catch {
      this.#ended = false;
      this.#fail(this.#bytesIn - this.#partial.length);
    }
  }

  /** What is before the fault in `bytes`, which are at `offset`. */
  #find(bytes: Bytes, offset: number): void {
    const bad = invalidAt(bytes);
    const isStart = offset === 0 && !this.#decoder.ignoreBOM;
    this.#text = new TextDecoder('utf-8', { ignoreBOM: !isStart }).decode(bytes.subarray(0, bad));
    this.#fail(offset + bad);
  }

  #fail(offset: number): void {
    const isUtf8 = this.#encoding === 'utf-8';
    const what = isUtf8 ? 'invalid UTF-8' : 'invalid text';
    this.#fault = new CodecError(
      `${this.#codec}: ${what} at byte ${offset}: the bytes are no character in ${this.#encoding}`,
      { codec: this.#codec, code: isUtf8 ? 'invalid-utf8' : 'invalid-text', offset },
    );
  }

  takeString(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }

  stats(_stage: number, name: string): StageStats {
    return { ...zeroStats(name), bytesIn: this.#bytesIn, bytesOut: this.#bytesOut };
  }

  flush(): void {}

  free(): void {}

  takeBytes(): Bytes {
    return NOTHING;
  }

  takeText(): undefined {}

  takeChosen(): undefined {}

  takeColumns(): ProducedColumns {
    return { length: 0, columns: undefined, invalid: 0 };
  }

  takeHeaders(): [] {
    return [];
  }

  delimiter(): number {
    return 0;
  }

  digest(): Bytes {
    return NOTHING;
  }
}
