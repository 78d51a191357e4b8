/** The options of `csv()`: their types, and how they are checked. */
import { BYTES_MARK } from './limits.js';
import { decodingOf, type Decoding } from './decode-text.js';
import { BATCHED_MARK, RECORDS_MARK } from './lines.js';
import { batchSize, highWaterMark, integer, MAX_RECORD, oneOf } from './options.js';
import { isType, readConditions, typeNames } from './plan.js';
import { describe } from '../values/describe.js';
import { utf8 } from '../runtime/text.js';
import { requireKnown, shown } from '../values/require.js';
import { workersOf } from './workers.js';
import type { ColumnTypes } from './columns.js';
import type { TextOptions } from './options.js';
import type { ColumnRef, CsvCondition, Plan } from './plan.js';
import type { Workers } from './workers.js';

export interface CsvOptions extends TextOptions {
  /**
   * The text between fields: one character or several, at most 8 bytes in UTF-8. `'auto'` takes the comma, the semicolon, the tab or `|`, whichever
   * fits the first 10 lines best; `stage.delimiter` tells which. Default: `,`.
   */
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
  /** What ends a row: `lf` an LF or a CRLF (the default), `any` a CR alone as well. */
  lineEnd?: 'lf' | 'any' | undefined;
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
  /**
   * Only these columns, by their names in the header or by their numbers from 0, in this order. The others become no strings. A field
   * that a row lacks is ''. Default: all columns. Fails with `missing-column` if the header lacks one of them.
   */
  select?: readonly (string | number)[] | undefined;
  /**
   * Only rows of which all these conditions are true, as in `[{ column: 'total', op: '>', value: 100 }]`. The others become no
   * JavaScript values. A number is compared with the field as a number, a Date with the field as a point in time, a
   * string as text by its code points; null with `nulls`. If a field cannot be compared so, only `!=` is true.
   */
  where?: readonly CsvCondition[] | undefined;
  /** The texts that are null, in `columns` and in `where`. Default: `['']`. */
  nulls?: readonly string[] | undefined;
  /** What to do with empty lines. `skip` ignores them (the default). `keep` makes each a row of one empty field. */
  emptyLines?: 'skip' | 'keep' | undefined;
  /**
   * The longest row allowed: the bytes of its fields plus one per field. A longer row fails with `too-long`. Default:
   * 1,048,576.
   */
  maxRowBytes?: number | undefined;
}

/** What becomes of values that are not of their column's type. */
export interface CsvColumnOptions<C extends ColumnTypes> extends Omit<CsvOptions, 'select' | 'emptyNames'> {
  /**
   * The types of the columns that are wanted: by their names, or by their numbers from 0 if there is no header. The others become no
   * values.
   *
   * - `f64`: numbers, decimal, with an exponent or without
   * - `i64`, `i32`: whole numbers
   * - `bool`: `true`, `t`, `yes`, `y`, `1` or their opposites, in any case
   * - `timestamp`: dates and dates with a time, ISO 8601, as milliseconds since 1970; `timestamp-us`: as microseconds. Without an
   *   offset they are UTC. Further digits are cut off.
   * - `utf8`: text
   * - `dictionary`: text of which each is there once
   *
   * All but text may have spaces around it.
   */
  columns: C;
  /** The first row is the header (true), the names of the columns, or neither (false, the default). */
  header?: boolean | readonly string[] | undefined;
  /** True: a batch is what comes together (the default). A number: it has that many rows; the last one may be shorter. */
  batch?: true | number | undefined;
  /**
   * What to do with a value that is not of its column's type. `error` fails with `invalid-value` (the default), after the rows before it;
   * the error has its `row` and `column`. `null` makes it null and counts it in `invalid`.
   */
  invalid?: 'error' | 'null' | undefined;
}

/** `true`: the first row is the header. An array: the names of the columns, all different. */
export type CsvHeader = true | readonly string[];

/** No character: a byte that is not ASCII. */
const NONE = 255;

const KNOWN = [
  'columns',
  'invalid',
  'select',
  'where',
  'nulls',
  'header',
  'emptyNames',
  'rows',
  'batch',
  'delimiter',
  'quote',
  'escape',
  'comment',
  'lineEnd',
  'encoding',
  'skipLines',
  'ragged',
  'emptyLines',
  'fatal',
  'ignoreBOM',
  'maxRowBytes',
  'highWaterMark',
  'inputHighWaterMark',
  'worker',
];

/** The options as they have been read. */
export interface ReadOptions {
  readonly header: boolean | string[];
  /** The number of fields that rows must have; 0: as many as the first. */
  readonly width: number;
  /** The types of the columns that are wanted; undefined for rows. */
  readonly types: ColumnTypes | undefined;
  /** What the module makes of rows, if not rows of all fields. */
  readonly plan: Plan | undefined;
  readonly emptyNames: 'keep' | 'skip';
  readonly rows: 'arrays' | 'objects';
  readonly batch: number;
  /** Undefined: that of the first rows. */
  readonly delimiter: string | undefined;
  readonly lineEnd: 'lf' | 'any';
  /** For bytes that are not UTF-8. */
  readonly decoding: Decoding | undefined;
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
  readonly worker: Workers | undefined;
}

export type AnyOptions = CsvOptions & {
  header?: unknown;
  rows?: unknown;
  batch?: unknown;
  columns?: unknown;
  invalid?: unknown;
};

export function readOptions(options: AnyOptions): ReadOptions {
  requireKnown(options, 'csv', KNOWN);
  const given = options.header ?? false;
  const header: unknown = Array.isArray(given) ? Array.from(given) : given; // the caller may go on to change theirs
  const emptyNames = oneOf('csv', 'emptyNames', options.emptyNames ?? 'keep', ['keep', 'skip']);
  if (typeof header !== 'boolean' && !isNames(header, emptyNames)) {
    throw new TypeError('csv: header must be true, false or an array of names that differ');
  }
  const rows = oneOf('csv', 'rows', options.rows ?? (header === false ? 'arrays' : 'objects'), ['arrays', 'objects']);
  if (rows === 'objects' && header === false) throw new TypeError("csv: rows: 'objects' needs a header");
  const delimiter = readDelimiter(options.delimiter ?? ',');
  const { quote: quoteOrNone = '"' } = options;
  const quote = quoteOrNone === false ? NONE : separator('quote', quoteOrNone);
  // Two quotes are one that is text in any case.
  const escape =
    options.escape === undefined || options.escape === quoteOrNone ? NONE : separator('escape', options.escape);
  const comment = options.comment === undefined ? NONE : separator('comment', options.comment);
  if (quote === NONE && escape !== NONE) throw new TypeError('csv: escape has no meaning with quote: false');
  const taken = [quote, escape, comment].filter((byte) => byte !== NONE);
  if (new Set(taken).size < taken.length || taken.some((byte) => delimiter?.includes(String.fromCharCode(byte))))
    throw new TypeError('csv: delimiter, quote, escape and comment must differ');
  const types = readTypes(options);
  const batch = batchSize('csv', options.batch ?? types !== undefined);
  if (types !== undefined && batch === 0)
    throw new TypeError('csv: batch must be true or a number of rows with columns');
  const ragged = oneOf('csv', 'ragged', options.ragged ?? 'error', ['error', 'keep', 'pad']);
  const plan = readPlan(options, header, types);
  const { select } = plan ?? {};
  return {
    // Of the fields that are selected.
    header: select && Array.isArray(header) ? select.map(({ index }) => (header as string[])[index!]!) : header,
    width: Array.isArray(header) && ragged === 'error' ? header.length : 0,
    types,
    plan,
    emptyNames,
    rows,
    batch,
    delimiter,
    lineEnd: oneOf('csv', 'lineEnd', options.lineEnd ?? 'lf', ['lf', 'any']),
    decoding: decodingOf('csv', options),
    quote,
    escape,
    comment,
    skipLines: integer('csv', 'skipLines', options.skipLines ?? 0, 0, 2 ** 32 - 1),
    ragged,
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
    worker: workersOf('csv', options.worker),
  };
}

/** The types of columns, which are the caller's to change afterwards. */
function readTypes({ columns, rows, select, emptyNames, invalid }: AnyOptions): ColumnTypes | undefined {
  if (columns === undefined) {
    if (invalid !== undefined) throw new TypeError('csv: invalid has a meaning with columns only');
    return undefined;
  }
  if (typeof columns !== 'object' || columns === null || Array.isArray(columns))
    throw new TypeError(`csv: columns must be an object of types, as { amount: 'f64' }; got ${describe(columns)}`);
  for (const [name, value] of Object.entries({ rows, select, emptyNames }))
    if (value !== undefined) throw new TypeError(`csv: ${name} has no meaning with columns`);
  const types: [string, unknown][] = Object.entries(columns);
  if (types.length === 0) throw new TypeError('csv: columns must have at least one column');
  for (const [name, type] of types)
    if (!isType(type))
      throw new TypeError(`csv: the type of column ${shown(name)} must be one of ${typeNames()}; got ${shown(type)}`);
  return Object.fromEntries(types) as ColumnTypes;
}

function readPlan(options: AnyOptions, header: unknown, types: ColumnTypes | undefined): Plan | undefined {
  const { select, where, nulls: given = [''], invalid = 'error' } = options;
  if (!Array.isArray(given) || !given.every((text) => typeof text === 'string'))
    throw new TypeError(`csv: nulls must be an array of strings; got ${describe(given)}`);
  const find = (column: unknown, what: string) => findColumn(column, what, header);
  const selected = select === undefined ? undefined : readSelect(select, find);
  const conditions = readConditions(where, find);
  if (types === undefined && selected === undefined && conditions.length === 0) return undefined;
  const columns =
    types &&
    Object.entries(types).map(([name, type]) => {
      const number = header === false && /^(0|[1-9]\d{0,8})$/.test(name) ? Number(name) : name;
      return [find(number, 'columns'), type] as const;
    });
  return {
    header: header === true,
    columns,
    select: selected,
    where: conditions,
    nulls: Array.from(given as string[]),
    invalidIsNull: oneOf('csv', 'invalid', invalid, ['error', 'null']) === 'null',
  };
}

function readSelect(select: unknown, find: (column: unknown, what: string) => ColumnRef): ColumnRef[] {
  if (!Array.isArray(select) || select.length === 0)
    throw new TypeError(`csv: select must be an array of one or more columns; got ${describe(select)}`);
  const columns = Array.from(select as unknown[], (column) => find(column, 'select'));
  const twice = duplicate(columns.map(({ index, name }) => (index === undefined ? `'${name}` : `${index}`)));
  if (twice !== undefined) throw new TypeError(`csv: select has a column twice: ${twice.replace(/^'(.*)/s, "'$1'")}`);
  return columns;
}

/** A column by its number or its name, which the header may know already. */
function findColumn(column: unknown, what: string, header: unknown): ColumnRef {
  const names = Array.isArray(header) ? (header as string[]) : undefined;
  if (typeof column === 'number') {
    const index = integer('csv', what, column, 0, (names?.length ?? 2 ** 31) - 1);
    return { index, name: names?.[index] ?? '' };
  }
  if (typeof column !== 'string')
    throw new TypeError(`csv: ${what} must name columns by strings or numbers; got ${describe(column)}`);
  if (header === false)
    throw new TypeError(
      `csv: ${what} names the column ${shown(column)}, but there is no header; use its number, from 0`,
    );
  if (names === undefined) return { index: undefined, name: column };
  const index = names.indexOf(column);
  if (index === -1) throw new TypeError(`csv: ${what} names the column ${shown(column)}, which header does not have`);
  return { index, name: column };
}

function isNames(header: unknown, emptyNames: 'keep' | 'skip'): header is string[] {
  return (
    Array.isArray(header) &&
    header.length > 0 &&
    header.every((name: unknown) => typeof name === 'string') &&
    duplicate(emptyNames === 'skip' ? header.filter((name) => name !== '') : header) === undefined
  );
}

export function duplicate(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return names.find((name) => seen.size === seen.add(name).size);
}

function separator(name: string, value: unknown): number {
  if (typeof value !== 'string' || !/^[\0-\x7f]$/.test(value) || /[\r\n]/.test(value)) {
    throw new TypeError(`csv: ${name} must be one ASCII character that ends no line`);
  }
  return value.charCodeAt(0);
}

function readDelimiter(value: unknown): string | undefined {
  if (value === 'auto') return undefined;
  if (typeof value !== 'string' || value === '' || utf8(value).length > 8 || /[\r\n]|\0.|.\0/su.test(value))
    throw new TypeError(
      `csv: delimiter must be 'auto', or one or more characters of at most 8 bytes in UTF-8 that end no line; got ${shown(value)}`,
    );
  return value;
}
