/** Columns of values, in the layout of Apache Arrow: https://arrow.apache.org/docs/format/Columnar.html */
import type { Bytes } from '../runtime/buffers.js';
import type { ChainLike } from './chain.js';
import type { Output, Takes } from './output.js';
import { BadValue } from './segment.js';
import type { ProducedColumn, ProducedColumns } from './segment.js';

/** A `Float64Array` over an `ArrayBuffer`. As `Bytes`, this is plain before TypeScript 5.7. */
export type Floats = ReturnType<(typeof Float64Array)['of']>;
/** An `Int32Array` over an `ArrayBuffer`. */
export type Ints = ReturnType<(typeof Int32Array)['of']>;
/** A `BigInt64Array` over an `ArrayBuffer`. */
export type BigInts = ReturnType<(typeof BigInt64Array)['of']>;

/** The types of columns. */
export type ColumnType = 'f64' | 'i64' | 'i32' | 'bool' | 'timestamp' | 'timestamp-us' | 'utf8' | 'dictionary';

/** The type of each column, by its name; without a header, by its number from 0. */
export type ColumnTypes = Readonly<Record<string, ColumnType>>;

/** What the values of a column of this type are in. */
export type ColumnOf<T extends ColumnType> = T extends 'f64'
  ? Floats
  : T extends 'i32'
    ? Ints
    : T extends 'bool'
      ? BoolColumn
      : T extends 'utf8'
        ? Utf8Column
        : T extends 'dictionary'
          ? DictionaryColumn
          : BigInts;

/**
 * The bits that say which values of a column are there: that of row `i` is `bits[i >> 3] >> (i & 7) & 1`. Null if all are there.
 */
export type Validity = Bytes | null;

/** Some rows as columns. Each array has a buffer of its own, in Apache Arrow's layout. */
export interface ColumnBatch<C extends ColumnTypes = ColumnTypes> {
  /** The number of rows. */
  readonly length: number;
  /** The values. A null is NaN in a column of `f64`, and 0 in one of other numbers. */
  readonly columns: { readonly [Name in keyof C]: ColumnOf<C[Name]> };
  /** Which values are not null. */
  readonly validity: { readonly [Name in keyof C]: Validity };
}

const isThere = (validity: Validity, row: number) =>
  validity === null || ((validity[row >> 3]! >> (row & 7)) & 1) === 1;

/** A column of true and false. */
export class BoolColumn {
  /** The number of rows. */
  declare readonly length: number;
  /** A bit for each row, from the lowest bit of a byte to its highest. */
  declare readonly bits: Bytes;
  #validity: Validity;

  /** @internal */
  constructor(length: number, bits: Bytes, validity: Validity) {
    this.length = length;
    this.bits = bits;
    this.#validity = validity;
  }

  /** The value of a row; null if it is null or there is no such row. */
  get(row: number): boolean | null {
    if (!(row >= 0 && row < this.length) || !isThere(this.#validity, row)) return null;
    return isThere(this.bits, row);
  }

  /** All values. */
  toArray(): (boolean | null)[] {
    return Array.from({ length: this.length }, (_, row) => this.get(row));
  }
}

let decoder: TextDecoder | undefined;
const decode = (bytes: Uint8Array) => (decoder ??= new TextDecoder('utf-8', { ignoreBOM: true })).decode(bytes);

/** Where texts end in UTF-16, of which these are the ends in UTF-8, one more than there are texts. */
function endsInUtf16(bytes: Uint8Array, ends: Int32Array): Int32Array {
  const base = ends[0]!;
  const units = new Int32Array(ends.length);
  let unit = 0;
  for (let text = 1; text < ends.length; text++) {
    for (let at = ends[text - 1]! - base; at < ends[text]! - base; at++) {
      const byte = bytes[at]!;
      // A character has a unit for its first byte, or two if it has four bytes.
      if (byte < 0x80 || byte >= 0xc0) unit += byte >= 0xf0 ? 2 : 1;
    }
    units[text] = unit;
  }
  return units;
}

/** The texts that end there, as strings that are cut when they are asked for. */
class Texts {
  #text: string;
  #ends: Int32Array;
  #base: number;

  constructor(bytes: Uint8Array, ends: Int32Array) {
    this.#text = decode(bytes);
    const isAscii = this.#text.length === bytes.length;
    this.#ends = isAscii ? ends : endsInUtf16(bytes, ends);
    this.#base = isAscii ? ends[0]! : 0;
  }

  get(at: number): string {
    return this.#text.substring(this.#ends[at]! - this.#base, this.#ends[at + 1]! - this.#base);
  }
}

/** A column of text. The bytes become strings when the first of them is asked for. */
export class Utf8Column {
  /** The number of rows. */
  declare readonly length: number;
  /** The text of row `i` is in `bytes` from `offsets[i]` to `offsets[i + 1]`. */
  declare readonly offsets: Ints;
  /** The texts in UTF-8, one behind the other. */
  declare readonly bytes: Bytes;
  #validity: Validity;
  #texts: Texts | undefined;

  /** @internal */
  constructor(offsets: Ints, bytes: Bytes, validity: Validity) {
    this.length = offsets.length - 1;
    this.offsets = offsets;
    this.bytes = bytes;
    this.#validity = validity;
  }

  /** The text of a row; null if it is null or there is no such row. */
  get(row: number): string | null {
    if (!(row >= 0 && row < this.length) || !isThere(this.#validity, row)) return null;
    return (this.#texts ??= new Texts(this.bytes, this.offsets)).get(row);
  }

  /** All texts. */
  toArray(): (string | null)[] {
    return Array.from({ length: this.length }, (_, row) => this.get(row));
  }
}

/**
 * A column of text in which each text is there once. Batches share their `dictionary`, to which later ones add. A new one begins when it
 * has more than 65,536 texts or 1,048,576 bytes at the end of a batch.
 */
export class DictionaryColumn {
  /** The number of rows. */
  declare readonly length: number;
  /** For each row the place of its text in `dictionary`; 0 for null. */
  declare readonly codes: Ints;
  /** The texts, in the order in which they came first. */
  declare readonly dictionary: readonly string[];
  #validity: Validity;

  /** @internal */
  constructor(codes: Ints, dictionary: readonly string[], validity: Validity) {
    this.length = codes.length;
    this.codes = codes;
    this.dictionary = dictionary;
    this.#validity = validity;
  }

  /** The text of a row; null if it is null or there is no such row. */
  get(row: number): string | null {
    if (!(row >= 0 && row < this.length) || !isThere(this.#validity, row)) return null;
    return this.dictionary[this.codes[row]!]!;
  }

  /** All texts. */
  toArray(): (string | null)[] {
    return Array.from({ length: this.length }, (_, row) => this.get(row));
  }
}

const sizeOfBatch = (batch: ColumnBatch) => batch.length;

/**
 * Batches of columns. They collect in the Wasm module until they have `limit` rows; if that is Infinity, a batch is what comes together.
 */
export class ColumnOutput implements Output {
  readonly single = false;
  readonly size = sizeOfBatch;
  declare readonly takes: Takes;
  #names: readonly string[];
  #types: readonly ColumnType[];
  #limit: number;
  #batches: ColumnBatch[] = [];
  #dictionaries: string[][] = [];
  /** Called with the number of values that are null because they were none of their column's type. */
  #took: (invalid: number) => void;

  constructor(types: ColumnTypes, limit: number, took: (invalid: number) => void) {
    this.#names = Object.keys(types);
    this.#types = Object.values(types);
    this.#limit = limit;
    this.takes = { kind: 'columns', limit };
    this.#took = took;
  }

  take(chain: ChainLike): void {
    this.#take(chain, this.#limit === Infinity);
  }

  end(chain: ChainLike): void {
    this.#take(chain, true);
  }

  #take(chain: ChainLike, flush: boolean): void {
    const most = Math.min(this.#limit, 2 ** 32 - 1);
    for (;;) {
      const produced = this.#produced(chain, most, flush);
      this.#took(produced.invalid);
      if (produced.columns === undefined) return;
      this.#batches.push(this.#batch(produced.length, produced.columns));
    }
  }

  #produced(chain: ChainLike, limit: number, flush: boolean): ProducedColumns {
    try {
      return chain.takeColumns(limit, flush);
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      throw Object.assign(error.error, { row: error.row, column: this.#names[error.column] });
    }
  }

  next(): ColumnBatch | undefined {
    return this.#batches.shift();
  }

  #batch(length: number, produced: readonly ProducedColumn[]): ColumnBatch {
    const columns: [string, ColumnOf<ColumnType>][] = [];
    const validity: [string, Validity][] = [];
    produced.forEach((column, at) => {
      const name = this.#names[at]!;
      columns.push([name, this.#column(at, length, column)]);
      validity.push([name, column.validity]);
    });
    return { length, columns: Object.fromEntries(columns), validity: Object.fromEntries(validity) };
  }

  #column(
    at: number,
    length: number,
    { values, offsets, validity, texts, known }: ProducedColumn,
  ): ColumnOf<ColumnType> {
    switch (this.#types[at]!) {
      case 'f64':
        return new Float64Array(values.buffer);
      case 'i32':
        return new Int32Array(values.buffer);
      case 'bool':
        return new BoolColumn(length, values, validity);
      case 'utf8':
        return new Utf8Column(offsets, values, validity);
      case 'dictionary': {
        if (known === 0 || this.#dictionaries[at] === undefined) this.#dictionaries[at] = [];
        const dictionary = this.#dictionaries[at];
        const all = offsets.length > 1 ? new Texts(texts, offsets) : undefined;
        for (let text = 0; text < offsets.length - 1; text++) dictionary.push(all!.get(text));
        return new DictionaryColumn(new Int32Array(values.buffer), dictionary, validity);
      }
      default:
        return new BigInt64Array(values.buffer);
    }
  }
}
