/** Values into text: NDJSON, one JSON document, and CSV. `ndjson()`, `json()` and `csv()` of tidegate/codecs read them. */
import { TransformStream } from '../streams/transform-stream.js';
import { describe } from '../values/describe.js';
import { reflectApply } from '../runtime/intrinsics.js';
import { requireBoolean, requireKnown, requireOneOf, shown } from '../values/require.js';
import type { TransformControllerLike } from '../bridge/shapes.js';
import type { Operator } from '../streams/any.js';

const { stringify } = JSON;

export interface NdjsonStringifyOptions {
  /** True takes arrays, and writes each of their items as a line. False writes an array as one line. Default: false. */
  batch?: boolean | undefined;
  /** The replacer of `JSON.stringify()`: a function, or an array of the keys to keep. Default: none. */
  replacer?: ((this: unknown, key: string, value: unknown) => unknown) | readonly (string | number)[] | undefined;
}

/** A stage whose every chunk becomes one string, and whose end becomes one more, unless it is empty. */
function textStage<I>(toText: (chunk: I) => string, end: () => string = () => ''): Operator<I, string> {
  const give = (controller: TransformControllerLike<string>, text: string) => {
    if (text !== '') controller.enqueue(text);
  };
  return new TransformStream<I, string>({
    transform: (chunk: I, controller: TransformControllerLike<string>) => give(controller, toText(chunk)),
    flush: (controller: TransformControllerLike<string>) => give(controller, end()),
  });
}

function itemsOf<T>(caller: string, chunk: unknown): readonly T[] {
  if (!Array.isArray(chunk))
    throw new TypeError(`${caller}(): with batch: true, chunks must be arrays; got ${describe(chunk)}`);
  return chunk as T[];
}

/**
 * Writes each chunk as one line of JSON (NDJSON, https://github.com/ndjson/ndjson-spec). The stage gives strings, one a
 * chunk; sinks encode them as UTF-8.
 *
 * A value that JSON has no text for (`undefined`, a function, a symbol) fails the stage with a `TypeError`. So do a
 * circle and a `bigint`, as in `JSON.stringify()`.
 *
 * @throws {TypeError} when an option is invalid
 */
export function ndjsonStringify<T>(options?: NdjsonStringifyOptions & { batch?: false }): Operator<T, string>;
export function ndjsonStringify<T>(options: NdjsonStringifyOptions & { batch: true }): Operator<readonly T[], string>;
export function ndjsonStringify(options: NdjsonStringifyOptions = {}): Operator<unknown, string> {
  requireKnown(options, 'ndjsonStringify()', ['batch', 'replacer']);
  const { batch = false, replacer } = options;
  requireBoolean(batch, 'ndjsonStringify(): batch');
  const toText = valueWriter('ndjsonStringify', replacer);
  const line = (value: unknown): string => `${toText(value)}\n`;
  if (!batch) return textStage(line);
  return textStage((chunk) => {
    let text = '';
    for (const item of itemsOf('ndjsonStringify', chunk)) text += line(item);
    return text;
  });
}

/** What makes JSON of a value, with a replacer as `JSON.stringify()` takes it. */
function valueWriter(caller: string, replacer: unknown): (value: unknown) => string {
  if (replacer !== undefined && typeof replacer !== 'function' && !Array.isArray(replacer))
    throw new TypeError(`${caller}(): replacer must be a function or an array of keys, as in JSON.stringify()`);
  const keys = (Array.isArray(replacer) ? Array.from(replacer) : replacer) as (string | number)[] | undefined;
  return (value) => {
    const text = stringify(value, keys);
    if (text === undefined)
      throw new TypeError(`${caller}(): JSON has no text for ${describe(value)}; leave it out in a stage before`);
    return text;
  };
}

/** An item of an object that is written, as `json(path, { entries: true })` gives it. */
export interface JsonMember {
  readonly key: string | number;
  readonly value: unknown;
}

export interface JsonStringifyOptions extends NdjsonStringifyOptions {
  /**
   * The text before the array or object, and the text behind it. With an empty one between them they must be JSON:
   * `before: '{"type":"FeatureCollection","features":'` and `after: '}'`. Default: none.
   */
  before?: string | undefined;
  after?: string | undefined;
}

/**
 * Writes all chunks as one JSON document (RFC 8259, https://www.rfc-editor.org/rfc/rfc8259): an array of them, or with
 * `entries: true`, where chunks are `{ key, value }`, an object. The stage gives strings, one a chunk and one at the
 * end; sinks encode them as UTF-8. `json()` of `tidegate/codecs` reads the chunks back.
 *
 * The text is that of `JSON.stringify()` for all of it. Without a chunk the array or object is empty. A value that JSON
 * has no text for (`undefined`, a function, a symbol) fails the stage with a `TypeError`. So do a circle and a `bigint`,
 * as in `JSON.stringify()`. A key that comes twice is written twice, because keys are not kept.
 *
 * @throws {TypeError} when an option is invalid
 */
export function jsonStringify<T>(
  options?: JsonStringifyOptions & { entries?: false; batch?: false },
): Operator<T, string>;
export function jsonStringify<T>(
  options: JsonStringifyOptions & { entries?: false; batch: true },
): Operator<readonly T[], string>;
export function jsonStringify(
  options: JsonStringifyOptions & { entries: true; batch?: false },
): Operator<JsonMember, string>;
export function jsonStringify(
  options: JsonStringifyOptions & { entries: true; batch: true },
): Operator<readonly JsonMember[], string>;
export function jsonStringify(options: JsonStringifyOptions & { entries?: boolean | undefined } = {}): unknown {
  requireKnown(options, 'jsonStringify()', ['batch', 'entries', 'replacer', 'before', 'after']);
  const { batch = false, entries = false, replacer, before = '', after = '' } = options;
  requireBoolean(batch, 'jsonStringify(): batch');
  requireBoolean(entries, 'jsonStringify(): entries');
  const toText = valueWriter('jsonStringify', replacer);
  const [open, close] = entries ? ['{', '}'] : ['[', ']'];
  requireAround(before, after, `${open}${close}`);
  let isFirst = true;
  const start = (): string => {
    if (!isFirst) return ',';
    isFirst = false;
    return before + open;
  };
  const item = (chunk: unknown): string => {
    if (!entries) return start() + toText(chunk);
    const { key, value } = requireMember(chunk);
    return `${start()}${stringify(String(key))}:${toText(value)}`;
  };
  const end = () => (isFirst ? before + open : '') + close + after;
  if (!batch) return textStage(item, end);
  return textStage((chunk) => {
    let text = '';
    for (const each of itemsOf('jsonStringify', chunk)) text += item(each);
    return text;
  }, end);
}

function requireAround(before: unknown, after: unknown, empty: string): void {
  for (const [name, text] of Object.entries({ before, after }))
    if (typeof text !== 'string') throw new TypeError(`jsonStringify(): ${name} must be text; got ${describe(text)}`);
  const whole = (before as string) + empty + (after as string);
  try {
    JSON.parse(whole);
  } catch (cause) {
    throw new TypeError(
      `jsonStringify(): before and after must be JSON with ${empty} between them; got ${shown(whole)}`,
      { cause },
    );
  }
}

function requireMember(chunk: unknown): JsonMember {
  const { key } = (chunk ?? {}) as Partial<JsonMember>;
  if (typeof key !== 'string' && typeof key !== 'number')
    throw new TypeError(
      `jsonStringify(): with entries: true, chunks must be { key, value } with a string or a number as key; got ${describe(chunk)}`,
    );
  return chunk as JsonMember;
}

/** A field: null and undefined are empty, a date is its ISO text, other objects are refused. */
export type CsvField = string | number | boolean | bigint | Date | null | undefined;

/** A row: its fields in order, or an object with a field for each column. */
export type CsvRow = readonly CsvField[] | Readonly<Record<string, CsvField>>;

export interface CsvStringifyOptions {
  /**
   * The first line. True writes the columns' names: those of `columns`, else the keys of the first row, which must be
   * an object. False writes none. Default: true if rows are objects, false if they are arrays.
   */
  header?: boolean | undefined;
  /**
   * The columns, in order. Of rows that are objects, the keys to write; default: those of the first row. Rows with
   * another number of fields fail the stage; other keys of objects are left out.
   */
  columns?: readonly string[] | undefined;
  /** True takes arrays of rows. Default: false, each chunk is a row. */
  batch?: boolean | undefined;
  /** The text between fields. Default: `,`. */
  delimiter?: string | undefined;
  /** The character around fields that need it: those with a delimiter, quote, CR or LF. Default: `"`. */
  quote?: string | undefined;
  /** `needed` quotes the fields that need it (the default), `all` every field. */
  quotes?: 'needed' | 'all' | undefined;
  /** The end of each line. Default: LF; RFC 4180 has CRLF. */
  newline?: '\n' | '\r\n' | undefined;
  /** True begins with a byte order mark, by which Excel knows UTF-8. Default: false. */
  bom?: boolean | undefined;
  /**
   * What to do with text that a spreadsheet would run as a formula, because it begins with `=`, `+`, `-`, `@`, a tab or
   * a CR. `keep` writes it as it is (the default); `escape` puts `'` before it. Numbers are kept.
   */
  formulas?: 'keep' | 'escape' | undefined;
}

const FORMULA = /^\ufeff?[=+\-@\t\r]/;
const { prototype: ObjectPrototype, hasOwn } = Object;
const { toISOString } = Date.prototype;

/** Writes the rows of one stage. */
class CsvWriter {
  #columns: readonly string[] | undefined;
  #header: boolean | undefined;
  #delimiter: string;
  #quote: string;
  #all: boolean;
  #newline: string;
  #mark: string;
  #escapes: boolean;
  #special: RegExp;
  #width: number | undefined;
  #rows = 0;

  constructor(options: CsvStringifyOptions) {
    const { header, delimiter = ',', quote = '"', bom = false } = options;
    requireBoolean(header ?? false, 'csvStringify(): header');
    requireBoolean(bom, 'csvStringify(): bom');
    const columns: unknown = Array.isArray(options.columns) ? Array.from(options.columns) : options.columns;
    if (columns !== undefined && !isNames(columns))
      throw new TypeError('csvStringify(): columns must be an array of one or more names, which differ');
    for (const [name, value] of Object.entries({ delimiter, quote })) {
      if (typeof value !== 'string' || value === '' || /[\r\n]/.test(value))
        throw new TypeError(`csvStringify(): ${name} must be text without CR and LF`);
    }
    if (quote.length !== 1 || delimiter.includes(quote))
      throw new TypeError('csvStringify(): quote must be one character that is not in the delimiter');
    this.#columns = columns;
    this.#width = columns?.length;
    this.#header = header;
    this.#delimiter = delimiter;
    this.#quote = quote;
    const { quotes = 'needed', newline = '\n', formulas = 'keep' } = options;
    requireOneOf(quotes, ['needed', 'all'], 'csvStringify(): quotes');
    if (newline !== '\n' && newline !== '\r\n')
      throw new TypeError("csvStringify(): newline must be '\\n' or '\\r\\n'");
    requireOneOf(formulas, ['keep', 'escape'], 'csvStringify(): formulas');
    this.#all = quotes === 'all';
    this.#newline = newline;
    this.#escapes = formulas === 'escape';
    this.#mark = bom ? '\ufeff' : '';
    // Of a delimiter of several characters, a field may end with the first ones.
    const escaped = [delimiter.slice(0, 1), quote].map((text) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'));
    this.#special = new RegExp(`^\ufeff|[\\r\\n]|${escaped.join('|')}`);
  }

  row(row: CsvRow): string {
    if (row === null || typeof row !== 'object')
      throw new TypeError(`csvStringify(): row ${this.#rows + 1} must be an array or an object; got ${describe(row)}`);
    const start = this.#rows === 0 ? this.#start(row) : '';
    const fields = Array.isArray(row)
      ? (row as readonly CsvField[])
      : this.#fieldsOf(row as Readonly<Record<string, CsvField>>);
    if (fields.length === 0) throw new TypeError(`csvStringify(): row ${this.#rows + 1} has no fields`);
    this.#width ??= fields.length;
    if (fields.length !== this.#width)
      throw new TypeError(
        `csvStringify(): row ${this.#rows + 1} has ${fields.length} fields, and the first line has ${this.#width}`,
      );
    this.#rows += 1;
    return start + this.#line(fields);
  }

  /** What every object inherits is no field. */
  #fieldsOf(row: Readonly<Record<string, CsvField>>): CsvField[] {
    if (this.#columns === undefined)
      throw new TypeError(
        `csvStringify(): row ${this.#rows + 1} is an object, and the first was an array; give columns for objects`,
      );
    return this.#columns.map((name) => (hasOwn(row, name) || !(name in ObjectPrototype) ? row[name] : undefined));
  }

  /** What is written if there was no row: the header, if its names are known. */
  end(): string {
    if (this.#rows > 0) return '';
    const names = this.#header !== false ? this.#columns : undefined;
    return this.#mark + (names === undefined ? '' : this.#line(names));
  }

  #start(first: CsvRow): string {
    const isArray = Array.isArray(first);
    if (!isArray) this.#columns ??= Object.keys(first);
    if (!(this.#header ?? !isArray)) return this.#mark;
    if (this.#columns === undefined)
      throw new TypeError('csvStringify(): header: true needs columns where rows are arrays');
    this.#width = this.#columns.length;
    return this.#mark + this.#line(this.#columns);
  }

  #line(fields: readonly CsvField[]): string {
    let line = '';
    for (let column = 0; column < fields.length; column++) {
      if (column > 0) line += this.#delimiter;
      line += this.#field(fields[column], column);
    }
    // An empty line would be no row to a reader.
    return (line === '' ? this.#quote + this.#quote : line) + this.#newline;
  }

  #field(value: CsvField, column: number): string {
    const text = this.#text(value, column);
    if (!this.#all && !this.#special.test(text)) return text;
    return this.#quote + text.replaceAll(this.#quote, () => this.#quote + this.#quote) + this.#quote;
  }

  #harmless(text: string): string {
    return this.#escapes && FORMULA.test(text) ? `'${text}` : text;
  }

  #text(value: CsvField, column: number): string {
    if (typeof value === 'string') return this.#harmless(value);
    if (value === null || value === undefined) return '';
    if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
    const date = isoText(value);
    if (date !== undefined) return this.#harmless(date);
    throw new TypeError(
      `csvStringify(): row ${this.#rows}, field ${column + 1}: cannot write ${describe(value)}; make it text in a stage before`,
    );
  }
}

function isNames(columns: unknown): columns is string[] {
  return (
    Array.isArray(columns) &&
    columns.length > 0 &&
    columns.every((name) => typeof name === 'string') &&
    new Set(columns).size === columns.length
  );
}

/** The text of a valid date, also of another realm. */
function isoText(value: unknown): string | undefined {
  try {
    return reflectApply(toISOString, value, []) as string;
  } catch {
    return undefined;
  }
}

/**
 * Writes each chunk as a row of comma-separated values, RFC 4180 (https://www.rfc-editor.org/rfc/rfc4180). The stage
 * gives strings, one a chunk; sinks encode them as UTF-8. `csv()` with the same delimiter and quote reads the same rows from
 * them, as text; with an `escape` or a `comment` only if no field has that character, or with `quotes: 'all'` for a comment.
 *
 * @throws {TypeError} when an option is invalid
 */
export function csvStringify(options?: CsvStringifyOptions & { batch?: false }): Operator<CsvRow, string>;
export function csvStringify(options: CsvStringifyOptions & { batch: true }): Operator<readonly CsvRow[], string>;
export function csvStringify(options: CsvStringifyOptions = {}): unknown {
  requireKnown(options, 'csvStringify()', [
    'header',
    'columns',
    'batch',
    'delimiter',
    'quote',
    'quotes',
    'newline',
    'bom',
    'formulas',
  ]);
  requireBoolean(options.batch ?? false, 'csvStringify(): batch');
  const writer = new CsvWriter(options);
  const end = () => writer.end();
  if (!options.batch) return textStage((row: CsvRow) => writer.row(row), end);
  return textStage((chunk: readonly CsvRow[]) => {
    let text = '';
    for (const row of itemsOf<CsvRow>('csvStringify', chunk)) text += writer.row(row);
    return text;
  }, end);
}
