/** What leaves a chain: bytes, or records alone or in batches. */
import { asciiText, utf8Text } from './segment.js';
import type { Bytes } from '../runtime/buffers.js';
import type { ChainLike } from './chain.js';
import type { Produced } from './segment.js';

/** Which of a chain's methods an output calls. */
export interface Takes {
  readonly kind: 'bytes' | 'text' | 'chosen' | 'columns';
  /** Rows of a batch of columns; if it is Infinity, all that come together. */
  readonly limit?: number;
  /** It asks for the delimiter that csv has chosen. */
  readonly delimiter?: boolean;
}

/**
 * Makes chunks of what a chain produces.
 *
 * 1. `take(chain)` is called after a step of the chain, and before the chain's next.
 * 2. `next(exhausted)` returns one chunk, or undefined if there is none yet. With `exhausted`, the chain gives no more,
 *    and what is left is a chunk too.
 */
export interface Output {
  /** What it takes of a chain. */
  readonly takes: Takes;
  /** Whether each record is a chunk. */
  readonly single: boolean;
  /** The size of a chunk, as a queuing strategy has it; undefined where each counts 1. */
  readonly size: ((chunk: never) => number) | undefined;
  take(chain: ChainLike): void;
  /** Takes what is still to be taken before the chain, which has finished or failed, is freed. */
  end?(chain: ChainLike): void;
  next(exhausted: boolean): unknown;
}

/** What makes records of a batch's text. */
export interface RecordReader<T> {
  /** `bytes`: the length of `text` in UTF-8. */
  read(text: string, ends: Uint32Array, rows: Uint32Array, bytes: number): T[];
  /** What is wrong behind the records that were read last; the codec fails with it once they have been handed on. */
  readonly fault?: { readonly error: unknown } | undefined;
  /**
   * Makes a record as large as it should be, when it is handed on; where records are far larger than the input they
   * come from.
   */
  finish?(record: T): unknown;
  /** With `finish`: how many of these make a chunk, at most. */
  most?(): number;
  /** With `finish`: what each counts for in the reader's queue, a whole number. */
  weight?(): number;
}

const byteLength = (bytes: Bytes) => bytes.byteLength;

/** Bytes as they come. */
export class ByteOutput implements Output {
  #bytes: Bytes | undefined;

  /** The size of a chunk, as a queuing strategy has it. */
  size = byteLength;
  single = false;
  takes = { kind: 'bytes' } as const;

  take(chain: ChainLike): void {
    const bytes = chain.takeBytes();
    if (bytes.length > 0) this.#bytes = bytes;
  }

  next(): Bytes | undefined {
    const bytes = this.#bytes;
    this.#bytes = undefined;
    return bytes;
  }
}

const textLength = (text: string) => text.length;

/** A chain that makes strings by itself. */
interface MakesStrings {
  takeString(): string;
}

/** Text as strings, of a chain that makes UTF-8, in whole characters, or strings. */
export class TextOutput implements Output {
  #text = '';

  size = textLength;
  single = false;
  takes = { kind: 'bytes' } as const;

  take(chain: ChainLike | (ChainLike & MakesStrings)): void {
    const text = 'takeString' in chain ? chain.takeString() : utf8Text(chain.takeBytes());
    if (text !== '') this.#text = text;
  }

  next(): string | undefined {
    const text = this.#text;
    this.#text = '';
    return text === '' ? undefined : text;
  }
}

/** Bytes as strings: the codecs before it make ASCII. */
export class AsciiOutput implements Output {
  #text = '';

  size = textLength;
  single = false;
  takes = { kind: 'bytes' } as const;

  take(chain: ChainLike): void {
    const bytes = chain.takeBytes();
    if (bytes.length > 0) this.#text = asciiText(bytes);
  }

  next(): string | undefined {
    const text = this.#text;
    this.#text = '';
    return text === '' ? undefined : text;
  }
}

const sizeOfBatch = (records: readonly unknown[]) => records.length;

/**
 * Records. `batch` is 0 for one record a chunk, a number for chunks of so many (the last one may have fewer),
 * Infinity for chunks of what comes together.
 */
export class RecordOutput<T> implements Output {
  declare readonly single: boolean;
  declare readonly size: ((chunk: never) => number) | undefined;
  declare readonly takes: Takes;
  #reader: RecordReader<T>;
  #batch: number;
  #records: T[] = [];
  #at = 0;
  #chosen: boolean;

  /** @param chosen whether a table chooses the rows */
  constructor(batch: number, reader: RecordReader<T>, chosen = false) {
    this.#chosen = chosen;
    this.takes = { kind: chosen ? 'chosen' : 'text' };
    this.#batch = batch;
    this.#reader = reader;
    this.single = batch === 0;
    const { weight } = reader;
    if (weight === undefined) this.size = this.single ? undefined : sizeOfBatch;
    else this.size = this.single ? weight : (records: readonly unknown[]) => records.length * weight();
  }

  take(chain: ChainLike): void {
    if (!this.#chosen) return this.#read(chain.takeText());
    let produced;
    while ((produced = chain.takeChosen()) !== undefined) this.#read(produced);
  }

  #read(produced: Produced | undefined): void {
    if (produced === undefined) return;
    const records = this.#reader.read(produced.text, produced.ends, produced.rows, produced.bytes);
    if (this.#at === this.#records.length) {
      this.#records = records;
    } else {
      // What is left is less than a batch, and is moved only after one has been given.
      if (this.#at > 0) this.#records = this.#records.slice(this.#at);
      for (const record of records) this.#records.push(record);
    }
    this.#at = 0;
    if (this.#reader.fault !== undefined) throw this.#reader.fault.error;
  }

  next(exhausted: boolean): unknown {
    const left = this.#records.length - this.#at;
    if (left === 0) return undefined;
    const { finish, most } = this.#reader;
    if (this.#batch === 0) {
      const record = this.#records[this.#at++]!;
      return finish === undefined ? record : finish(record);
    }
    if (this.#batch === Infinity && finish === undefined) {
      const records = this.#records;
      this.#records = [];
      return records;
    }
    const count = Math.min(this.#batch === Infinity ? left : this.#batch, most === undefined ? Infinity : most());
    if (left < count && !exhausted) return undefined;
    const records = this.#records.slice(this.#at, this.#at + count);
    this.#at += records.length;
    return finish === undefined ? records : records.map(finish);
  }
}
