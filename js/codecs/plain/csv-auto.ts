/** CSV whose delimiter is found in its first rows, in JavaScript (src/codec/csv_auto.rs). */
import { CsvParser } from './csv.js';
import { CR, LF, Records } from './records.js';
import { Utf8 } from './utf8.js';
import type { Bytes } from '../../runtime/buffers.js';
import type { Dialect } from './csv.js';

/** In the order in which they are preferred. */
const CANDIDATES = ',;\t|';
/** The sample ends with this many line ends, or has this many bytes. */
const LINES = 10;
const BYTES = 16 * 1024;

/** What is read as UTF-8, and how. */
interface Encoding {
  readonly codec: string;
  readonly keepsMark: boolean;
}

/** How well a delimiter fits, the more important first. */
function score(sample: Bytes, { codec, keepsMark }: Encoding, dialect: Dialect, last: boolean): number[] {
  const records = new Records(true);
  const csv = new CsvParser({ ...dialect, keepsRagged: true, width: 0, maxBytes: Infinity }, records);
  const utf8 = new Utf8(codec, false, keepsMark);
  /** Whether nothing is wrong. */
  const read = (bytes: Bytes, isLast: boolean): boolean => {
    try {
      for (const [text, offset] of utf8.next(bytes, isLast)) csv.push(text, offset);
      if (isLast) csv.finish(utf8.offset);
      return true;
    } catch {
      return false;
    }
  };
  let isRight = read(sample, last);
  // One long line: what there is of it.
  if (!last && records.rows.length === 0) isRight = read(new Uint8Array(0), true) && isRight;
  const { rows } = records;
  if (rows.length === 0) return [0, 0, 0, 0];
  const first = rows[0]!;
  let alike = 0;
  rows.forEach((end, row) => (alike += Number(end - (rows[row - 1] ?? 0) === first)));
  return [Number(first > 1), Number(isRight), Math.floor((alike * 1000) / rows.length), first];
}

const isBetter = (one: number[], other: number[]) => {
  const at = one.findIndex((part, number) => part !== other[number]);
  return at !== -1 && one[at]! > other[at]!;
};

/** The first rows as they come, in bytes that may be no UTF-8, and the parser that they choose. */
export class AutoCsv {
  readonly #dialect: Dialect;
  readonly #encoding: Encoding;
  #lines = 0;
  #bytes = new Uint8Array(BYTES);
  #length = 0;
  /** The delimiter once it has been chosen, or 0. */
  delimiter = 0;

  constructor(dialect: Dialect, encoding: Encoding) {
    this.#dialect = dialect;
    this.#encoding = encoding;
  }

  /** What has been taken; it is to be read once the parser is there. */
  get sample(): Bytes {
    return this.#bytes.subarray(0, this.#length);
  }

  get #most(): number {
    return this.#dialect.skipLines + LINES;
  }

  /** Whether the sample decides, whatever follows. */
  get isLargeEnough(): boolean {
    return this.#length === BYTES || this.#lines >= this.#most;
  }

  /** Takes as many of these bytes as belong to the sample; returns how many. */
  take(bytes: Bytes): number {
    const room = Math.min(bytes.length, BYTES - this.#length);
    let end = 0;
    for (; end < room && this.#lines < this.#most; end++)
      if (bytes[end] === LF || (this.#dialect.returnEndsRow && bytes[end] === CR)) this.#lines++;
    this.#bytes.set(bytes.subarray(0, end), this.#length);
    this.#length += end;
    return end;
  }

  /** The parser for the sample, which is the whole text if it is the `last`, and for what follows. */
  choose(last: boolean, records: Records): CsvParser {
    const { quote, escape, comment } = this.#dialect;
    let [best, chosen]: [number[] | undefined, number] = [undefined, 0];
    for (const delimiter of Array.from(CANDIDATES, (candidate) => candidate.charCodeAt(0))) {
      if ([quote, escape, comment].includes(delimiter)) continue;
      const dialect = { ...this.#dialect, delimiter: Uint8Array.of(delimiter) };
      const given = score(this.sample, this.#encoding, dialect, last);
      if (best === undefined || isBetter(given, best)) [best, chosen] = [given, delimiter];
    }
    this.delimiter = chosen;
    return new CsvParser({ ...this.#dialect, delimiter: Uint8Array.of(chosen) }, records);
  }
}
