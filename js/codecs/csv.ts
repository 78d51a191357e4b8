import { BYTES_MARK } from './gunzip.js';
import { deferred } from './deferred.js';
import { CodecError } from './error.js';
import { BATCHED_MARK, FATAL, IGNORE_BOM, RECORDS_MARK } from './lines.js';
import { batchSize, highWaterMark, integer, MAX_RECORD, oneOf } from './options.js';
import { requireKnown } from '../values/require.js';
import { text } from './families/text.js';
import { RecordOutput } from './output.js';
import { pad, pick, readEven, readObjects, readUneven, toObject } from './rows.js';
import { Stage } from './stage.js';
import type { TextOptions } from './options.js';
import type { RecordReader } from './output.js';
import type { CsvObject } from './rows.js';
import type { TextCodecStage } from './stage.js';

export interface CsvOptions extends TextOptions {
  /** The character between fields: one ASCII character. Default: `,`. */
  delimiter?: string | undefined;
  /** The character around quoted fields: one ASCII character. Default: `"`. False: quotes are text like any other. */
  quote?: string | false | undefined;
  /**
   * The character that makes a quote, or itself, text inside quotes, as in `"a \" b"`: one ASCII character. Before anything
   * else it is text. Default: none; two quotes are one that is text, with an escape as well.
   */
  escape?: string | undefined;
  /** Lines that begin with this character are no rows: one ASCII character. Default: none. */
  comment?: string | undefined;
  /** How many lines at the start are no rows, and come before the header, whatever is in them. Default: 0. */
  skipLines?: number | undefined;
  /**
   * What to do with a row that has another number of fields than the header or the first row. `error` fails with
   * `ragged-row` (the default). `keep` keeps the row: an object then lacks the missing properties, and fields beyond
   * the header are left out. `pad` adds empty fields and cuts off surplus ones.
   */
  ragged?: 'error' | 'keep' | 'pad' | undefined;
  /**
   * What to do with columns without a name, as in `a,b,,`. `keep` names them '' (the default); rows as objects allow
   * only one. `skip` leaves them out of rows and `columns`.
   */
  emptyNames?: 'keep' | 'skip' | undefined;
  /** What to do with empty lines. `skip` ignores them (the default). `keep` makes each a row of one empty field. */
  emptyLines?: 'skip' | 'keep' | undefined;
  /**
   * The longest row allowed: the bytes of its fields plus one per field. A longer row fails with `too-long`. Default:
   * 1,048,576.
   */
  maxRowBytes?: number | undefined;
}

/** The codec that `csv()` returns. */
export interface CsvStage<T> extends TextCodecStage<T> {
  /**
   * Resolves with the names of the columns once they are known, or with null if there is no header. Its rejection
   * counts as handled.
   */
  readonly columns: Promise<string[] | null>;
}

/** `true`: the first row is the header. An array: the names of the columns, all different. */
export type CsvHeader = true | readonly string[];

type Row = string[] | CsvObject;

/** Flags of src/wasm/codecs/text.rs. */
const KEEP_EMPTY_LINES = 4;
const KEEP_RAGGED = 8;
/** No character: a byte that is not ASCII. */
const NONE = 255;

const KNOWN = [
  'header',
  'emptyNames',
  'rows',
  'batch',
  'delimiter',
  'quote',
  'escape',
  'comment',
  'skipLines',
  'ragged',
  'emptyLines',
  'fatal',
  'ignoreBOM',
  'maxRowBytes',
  'highWaterMark',
  'inputHighWaterMark',
];

/** The options as they have been read. */
interface ReadOptions {
  readonly header: boolean | string[];
  readonly emptyNames: 'keep' | 'skip';
  readonly rows: 'arrays' | 'objects';
  readonly batch: number;
  readonly delimiter: number;
  readonly quote: number;
  readonly escape: number;
  readonly comment: number;
  readonly skipLines: number;
  readonly ragged: 'error' | 'keep' | 'pad';
  readonly emptyLines: 'skip' | 'keep';
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  readonly maxRowBytes: number;
  readonly highWaterMark: number;
  readonly inputHighWaterMark: number;
}

function convert(options: CsvOptions & { header?: unknown; rows?: unknown; batch?: unknown }): ReadOptions {
  requireKnown(options, 'csv', KNOWN);
  const given = options.header ?? false;
  const header: unknown = Array.isArray(given) ? Array.from(given) : given; // the caller may go on to change theirs
  const emptyNames = oneOf('csv', 'emptyNames', options.emptyNames ?? 'keep', ['keep', 'skip']);
  if (typeof header !== 'boolean' && !isNames(header, emptyNames)) {
    throw new TypeError('csv: header must be true, false or an array of names that differ');
  }
  const rows = oneOf('csv', 'rows', options.rows ?? (header === false ? 'arrays' : 'objects'), ['arrays', 'objects']);
  if (rows === 'objects' && header === false) throw new TypeError("csv: rows: 'objects' needs a header");
  const delimiter = separator('delimiter', options.delimiter ?? ',');
  const { quote: quoteOrNone = '"' } = options;
  const quote = quoteOrNone === false ? NONE : separator('quote', quoteOrNone);
  // Two quotes are one that is text in any case.
  const escape =
    options.escape === undefined || options.escape === quoteOrNone ? NONE : separator('escape', options.escape);
  const comment = options.comment === undefined ? NONE : separator('comment', options.comment);
  if (quote === NONE && escape !== NONE) throw new TypeError('csv: escape has no meaning with quote: false');
  const taken = [delimiter, quote, escape, comment].filter((byte) => byte !== NONE);
  if (new Set(taken).size < taken.length) throw new TypeError('csv: delimiter, quote, escape and comment must differ');
  const batch = batchSize('csv', options.batch ?? false);
  return {
    header,
    emptyNames,
    rows,
    batch,
    delimiter,
    quote,
    escape,
    comment,
    skipLines: integer('csv', 'skipLines', options.skipLines ?? 0, 0, 2 ** 32 - 1),
    ragged: oneOf('csv', 'ragged', options.ragged ?? 'error', ['error', 'keep', 'pad']),
    emptyLines: oneOf('csv', 'emptyLines', options.emptyLines ?? 'skip', ['skip', 'keep']),
    fatal: !!options.fatal,
    ignoreBOM: !!options.ignoreBOM,
    maxRowBytes: integer('csv', 'maxRowBytes', options.maxRowBytes ?? 2 ** 20, 1, MAX_RECORD),
    highWaterMark: highWaterMark(
      'csv',
      'highWaterMark',
      options.highWaterMark ?? (batch === 0 ? RECORDS_MARK : BATCHED_MARK),
    ),
    inputHighWaterMark: highWaterMark('csv', 'inputHighWaterMark', options.inputHighWaterMark ?? BYTES_MARK),
  };
}

function isNames(header: unknown, emptyNames: 'keep' | 'skip'): header is string[] {
  return (
    Array.isArray(header) &&
    header.length > 0 &&
    header.every((name: unknown) => typeof name === 'string') &&
    duplicate(emptyNames === 'skip' ? header.filter((name) => name !== '') : header) === undefined
  );
}

function duplicate(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return names.find((name) => seen.size === seen.add(name).size);
}

function separator(name: string, value: unknown): number {
  if (typeof value !== 'string' || !/^[\0-\x7f]$/.test(value) || /[\r\n]/.test(value)) {
    throw new TypeError(`csv: ${name} must be one ASCII character that ends no line`);
  }
  return value.charCodeAt(0);
}

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
  { header, emptyNames, rows, ragged }: ReadOptions,
  named: (names: readonly string[]) => void,
): RecordReader<Row> {
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

class Csv extends Stage<string[] | CsvObject> {
  #columns: Promise<string[] | null>;

  constructor(options: ReadOptions) {
    const columns = deferred<string[] | null>();
    const flags =
      (options.fatal ? FATAL : 0) |
      (options.ignoreBOM ? IGNORE_BOM : 0) |
      (options.emptyLines === 'keep' ? KEEP_EMPTY_LINES : 0) |
      (options.ragged === 'error' ? 0 : KEEP_RAGGED);
    const width = Array.isArray(options.header) && options.ragged === 'error' ? options.header.length : 0;
    super({
      ...text.codec('csv', (exports) =>
        exports.codecs_add_csv(
          options.delimiter,
          options.quote,
          options.escape,
          options.comment,
          options.skipLines,
          width,
          options.maxRowBytes,
          flags,
        ),
      ),
      givesRows: true,
      takesText: true,
      output: () =>
        new RecordOutput(
          options.batch,
          rowReader(options, (names) => columns.resolve([...names])),
        ),
      highWaterMark: options.highWaterMark,
      inputHighWaterMark: options.inputHighWaterMark,
      finished: () => columns.resolve(options.header === false ? null : []),
      failed: (error) => columns.reject(error),
    });
    if (options.header === false) columns.resolve(null);
    if (Array.isArray(options.header))
      columns.resolve(options.header.filter((name) => name !== '' || options.emptyNames === 'keep'));
    this.#columns = columns.promise;
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
 * @throws {TypeError | RangeError} when an option is invalid
 */
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
export function csv(options: CsvOptions & { header?: unknown; rows?: unknown; batch?: unknown } = {}): unknown {
  return new Csv(convert(options));
}
