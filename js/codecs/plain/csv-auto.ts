/** CSV whose delimiter is found in its first rows, in JavaScript (src/codec/csv_auto.rs). */
import { joined } from '../../runtime/text.js';
import { CsvParser } from './csv.js';
import { Records } from './records.js';
import type { Bytes } from '../../runtime/buffers.js';
import type { Dialect } from './csv.js';
import type { Parser } from './records.js';

/** In the order in which they are preferred. */
const CANDIDATES = ',;\t|';
/** The sample ends with this many line ends, or has this many bytes. */
const LINES = 10;
const BYTES = 16 * 1024;

/** How well a delimiter fits, the more important first. */
function score(sample: Bytes, dialect: Dialect, last: boolean): number[] {
  const records = new Records(true);
  const csv = new CsvParser({ ...dialect, keepsRagged: true, width: 0, maxBytes: Infinity }, records);
  let isRight = true;
  try {
    csv.push(sample, 0);
    // One long line: what there is of it.
    if (last || records.rows.length === 0) csv.finish(sample.length);
  } catch {
    isRight = false;
  }
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

export class AutoCsvParser implements Parser {
  #dialect: Dialect;
  #records: Records;
  #csv: CsvParser | undefined;
  #sample: Bytes = new Uint8Array(0);
  #offset: number | undefined;
  #lines = 0;
  /** The delimiter once it has been chosen, or 0. */
  delimiter = 0;

  constructor(dialect: Dialect, records: Records) {
    this.#dialect = dialect;
    this.#records = records;
  }

  push(text: Bytes, offset: number): void {
    if (this.#csv !== undefined) return this.#csv.push(text, offset);
    this.#offset ??= offset;
    const most = this.#dialect.skipLines + LINES;
    let end = 0;
    for (const room = BYTES - this.#sample.length; end < text.length && end < room && this.#lines < most; end++)
      if (text[end] === 10 || (this.#dialect.returnEndsRow && text[end] === 13)) this.#lines++;
    this.#sample = joined(this.#sample, text.subarray(0, end)) as Bytes;
    if (this.#sample.length < BYTES && this.#lines < most) return;
    this.#choose(false).push(this.#sample, this.#offset);
    this.#csv!.push(text.subarray(end), offset + end);
  }

  finish(offset: number): void {
    if (this.#csv === undefined) this.#choose(true).push(this.#sample, this.#offset ?? 0);
    this.#csv!.finish(offset);
  }

  #choose(last: boolean): CsvParser {
    const { quote, escape, comment } = this.#dialect;
    let [best, chosen]: [number[] | undefined, number] = [undefined, 0];
    for (const delimiter of Array.from(CANDIDATES, (candidate) => candidate.charCodeAt(0))) {
      if ([quote, escape, comment].includes(delimiter)) continue;
      const given = score(this.#sample, { ...this.#dialect, delimiter: Uint8Array.of(delimiter) }, last);
      if (best === undefined || isBetter(given, best)) [best, chosen] = [given, delimiter];
    }
    this.delimiter = chosen;
    return (this.#csv = new CsvParser({ ...this.#dialect, delimiter: Uint8Array.of(chosen) }, this.#records));
  }
}
