import { ColumnOutput } from './columns.js';
import { duplicate, readOptions } from './csv-options.js';
import { deferred } from './deferred.js';
import { CodecError } from './error.js';
import { csv as family } from './families/csv.js';
import { AUTO_DELIMITER, CR_ENDS_ROW, FATAL, IGNORE_BOM, KEEP_EMPTY_LINES, KEEP_RAGGED, WITH_TABLE } from './flags.js';
import { RecordOutput } from './output.js';
import { writePlan } from './plan.js';
import { pad, pick, readEven, readObjects, readUneven, toObject } from './rows.js';
import { Stage } from './stage.js';
import { utf8 } from '../runtime/text.js';
import type { ChainLike } from './chain.js';
import type { ColumnBatch, ColumnTypes } from './columns.js';
import type { AnyOptions, CsvColumnOptions, CsvHeader, CsvOptions, ReadOptions } from './csv-options.js';
import type { Output, RecordReader } from './output.js';
import type { CsvObject } from './rows.js';
import type { TextCodecStage } from './stage.js';

export type { CsvColumnOptions, CsvHeader, CsvOptions };

/** The codec that `csv()` returns for `columns`. */
export interface CsvColumnStage<C extends ColumnTypes> extends CsvStage<ColumnBatch<C>> {
  /** The number of values so far that are null because they are not of their column's type; 0 unless `invalid` is `'null'`. */
  readonly invalid: number;
}

/** The codec that `csv()` returns. */
export interface CsvStage<T> extends TextCodecStage<T> {
  /**
   * Resolves with the names of the columns once they are known, or with null if there is no header. Its rejection
   * counts as handled.
   */
  readonly columns: Promise<string[] | null>;
  /** Resolves with the delimiter, which `delimiter: 'auto'` takes from the first rows. Its rejection counts as handled. */
  readonly delimiter: Promise<string>;
}

type Row = string[] | CsvObject;

/** Fields that are padded in one go, as a batch of so many is still small. */
const MOST_PADDED = 2 ** 20;
/**
 * A padded row of more fields than this weighs more than one in the reader's queue: its few bytes say nothing of its
 * size.
 */
const FIELDS_OF_ONE = 4096;

/**
 * What makes rows of a batch of the chain's: `read(text, ends, rows)`; the first row is the header if there is to be
 * one. With `ragged: 'pad'` the rows are made full one by one when they are handed on, by `finish(row)`; `most` is how
 * many of these make a batch, and `weight` what one counts for in the queue.
 */
function rowReader(
  { header, emptyNames, rows, ragged: given, plan }: ReadOptions,
  named: (names: readonly string[]) => void,
): RecordReader<Row> {
  // Rows of selected fields all have as many.
  const ragged = plan?.select === undefined ? given : 'error';
  let names: string[] | undefined; // those that are kept
  let kept: number[] | undefined; // the columns they are of, where others are left out
  let width: number | undefined; // of all columns
  const name = (all: string[]) => {
    width = all.length;
    kept =
      emptyNames === 'skip' && all.includes('') ? [...all.keys()].filter((column) => all[column] !== '') : undefined;
    names = kept ? pick(all, kept) : all;
  };
  if (Array.isArray(header)) name(header);
  const read = (text: string, ends: Uint32Array, rowEnds: Uint32Array): Row[] => {
    let from = 0;
    if (width === undefined) {
      width = rowEnds[0];
      if (header === true) {
        name(readUneven(text, ends, rowEnds.subarray(0, 1), 0)[0]!);
        if (rows === 'objects') checkNames(names!);
        named(names!);
        from = 1;
      }
    }
    if (ragged === 'error' && kept === undefined) {
      return rows === 'objects'
        ? readObjects(text, ends, rowEnds, from, names!)
        : readEven(text, ends, rowEnds, from, width!);
    }
    let all = readUneven(text, ends, rowEnds, from);
    if (kept) all = all.map((fields) => pick(fields, kept!));
    return rows === 'objects' && ragged !== 'pad' ? all.map((fields) => toObject(fields, names!)) : all;
  };
  if (ragged !== 'pad') return { read };
  const padded = () => (kept ?? names)?.length ?? width!;
  return {
    read,
    finish(fields: Row) {
      const full = pad(fields as string[], padded());
      return rows === 'objects' ? toObject(full, names!) : full;
    },
    most: () => Math.max(1, Math.floor(MOST_PADDED / padded())),
    weight: () => Math.ceil(padded() / FIELDS_OF_ONE) || 1,
  };
}

function checkNames(names: readonly string[]): void {
  const twice = duplicate(names);
  if (twice === undefined) return;
  const advice = twice === '' ? "; emptyNames: 'skip' leaves columns without a name out" : '';
  throw new CodecError(`csv: duplicate column at byte 0: '${twice}' is there twice${advice}`, {
    codec: 'csv',
    code: 'duplicate-column',
    offset: 0,
  });
}

class Csv extends Stage<string[] | CsvObject | ColumnBatch> {
  #columns: Promise<string[] | null>;
  #delimiter: Promise<string>;
  #invalid = 0;

  constructor(options: ReadOptions) {
    const columns = deferred<string[] | null>();
    const flags =
      (options.fatal ? FATAL : 0) |
      // The decoder has dealt with it.
      (options.ignoreBOM || options.decoding ? IGNORE_BOM : 0) |
      (options.emptyLines === 'keep' ? KEEP_EMPTY_LINES : 0) |
      (options.ragged === 'error' ? 0 : KEEP_RAGGED) |
      (options.plan === undefined ? 0 : WITH_TABLE) |
      (options.lineEnd === 'any' ? CR_ENDS_ROW : 0) |
      (options.delimiter === undefined ? AUTO_DELIMITER : 0);
    const delimiter = deferred<string>();
    if (options.delimiter !== undefined) delimiter.resolve(options.delimiter);
    const tellDelimiter = (chain: ChainLike) => {
      const byte = options.delimiter === undefined ? chain.delimiter() : 0;
      if (byte !== 0) delimiter.resolve(String.fromCharCode(byte));
    };
    const words = new DataView(new ArrayBuffer(8));
    utf8(options.delimiter ?? ',').forEach((byte, at) => words.setUint8(at, byte));
    const { types, plan: wanted } = options;
    const plan = wanted && writePlan(wanted);
    // Those that are known before the text; null if there is no header.
    let names: string[] | null = null;
    if (types !== undefined) names = Object.keys(types);
    else if (Array.isArray(options.header))
      names = options.header.filter((name) => name !== '' || options.emptyNames === 'keep');
    super({
      ...family.codec('csv', (exports, put) => {
        if (plan !== undefined && !put(exports.codecs_table_plan(plan.length), plan)) return;
        exports.codecs_add_csv(
          words.getUint32(0, true),
          words.getUint32(4, true),
          options.quote,
          options.escape,
          options.comment,
          options.skipLines,
          options.width,
          options.maxRowBytes,
          flags,
        );
      }),
      givesRows: true,
      takesText: true,
      ...options.decoding,
      output: () => {
        const output =
          types === undefined
            ? new RecordOutput(
                options.batch,
                rowReader(options, (names) => columns.resolve([...names])),
                plan !== undefined,
              )
            : new ColumnOutput(types, options.batch, (invalid) => {
                this.#invalid = invalid;
              });
        if (options.delimiter !== undefined) return output;
        const take = output.take.bind(output);
        return Object.assign<Output, Partial<Output>>(output, {
          takes: { ...output.takes, delimiter: true },
          take(chain) {
            tellDelimiter(chain);
            take(chain);
          },
        });
      },
      highWaterMark: options.highWaterMark,
      inputHighWaterMark: options.inputHighWaterMark,
      worker: options.worker,
      finished: (chain) => {
        tellDelimiter(chain);
        columns.resolve(names ?? []);
      },
      failed: (error) => {
        delimiter.reject(error);
        columns.reject(error);
      },
    });
    if (options.header !== true) columns.resolve(names);
    this.#columns = columns.promise;
    this.#delimiter = delimiter.promise;
  }

  get delimiter(): Promise<string> {
    return this.#delimiter;
  }

  get invalid(): number {
    return this.#invalid;
  }

  get columns(): Promise<string[] | null> {
    return this.#columns;
  }
}

/**
 * Parses comma-separated values, RFC 4180 (https://www.rfc-editor.org/rfc/rfc4180), in UTF-8. Rows end with LF or CRLF.
 * A quote inside an unquoted field is text. After a closing quote only a delimiter or the end of the row may follow,
 * else the codec fails with `stray-quote`. A quote that is never closed fails with `unclosed-quote`.
 *
 * With a `header`, rows are objects, else arrays. With `rows: 'arrays'` they are always arrays, and a header row in the
 * text is skipped. Fields are strings.
 *
 * A chunk is one row, or with `batch` an array of rows: `true` for all rows that are available, a number for arrays of
 * that length (the last one may be shorter; with `ragged: 'pad'` an array has at most 1,048,576 fields). Batches are
 * several times as fast. A long field that you keep may keep the memory of the rows around it alive.
 *
 * With `columns`, a chunk is a batch of typed columns, `{ length, columns, validity }`, whose arrays are in Apache Arrow's layout:
 * `csv({ header: true, columns: { id: 'i64', amount: 'f64', city: 'dictionary' } })`.
 *
 * @throws {TypeError | RangeError} when an option is invalid
 */
export function csv<const C extends ColumnTypes>(options: CsvColumnOptions<C>): CsvColumnStage<C>;
export function csv(options?: CsvOptions & { header?: false; rows?: 'arrays'; batch?: false }): CsvStage<string[]>;
export function csv(
  options: CsvOptions & { header?: false; rows?: 'arrays'; batch: true | number },
): CsvStage<string[][]>;
export function csv(options: CsvOptions & { header: CsvHeader; rows?: 'objects'; batch?: false }): CsvStage<CsvObject>;
export function csv(
  options: CsvOptions & { header: CsvHeader; rows?: 'objects'; batch: true | number },
): CsvStage<CsvObject[]>;
export function csv(options: CsvOptions & { header: CsvHeader; rows: 'arrays'; batch?: false }): CsvStage<string[]>;
export function csv(
  options: CsvOptions & { header: CsvHeader; rows: 'arrays'; batch: true | number },
): CsvStage<string[][]>;
export function csv(options: AnyOptions = {}): unknown {
  return new Csv(readOptions(options));
}
