import { BYTES_MARK } from './limits.js';
import { text } from './families/text.js';
import { JSON_ENTRIES, JSON_MISSING_IS_ERROR } from './flags.js';
import { readPath, writePath } from './json-path.js';
import { BATCHED_MARK, RECORDS_MARK } from './lines.js';
import { batchSize, highWaterMark, integer, MAX_RECORD, oneOf } from './options.js';
import { requireBoolean, requireCallback, requireKnown } from '../values/require.js';
import { RecordOutput } from './output.js';
import { Stage } from './stage.js';
import { workersOf } from './workers.js';
import type { Step } from './json-path.js';
import type { CodecOptions } from './options.js';
import type { RecordReader } from './output.js';
import type { TextCodecStage } from './stage.js';

export interface JsonOptions extends CodecOptions {
  /**
   * What to do with a document that has nothing at the path. `error` fails with `missing-path` at its end (the
   * default); `ignore` gives no items. An empty array or object never fails.
   */
  missing?: 'error' | 'ignore' | undefined;
  /**
   * The reviver of `JSON.parse()`, called for each item. An item that it makes undefined is left out. The codec fails
   * with what it throws, after the items before. Default: none.
   */
  reviver?: ((this: unknown, key: string, value: unknown) => unknown) | undefined;
  /**
   * The longest item allowed, in bytes of its text; with `entries`, the text of its name counts. A longer one fails with
   * `too-long`. Default: 16,777,216; at most 268,435,456.
   */
  maxItemBytes?: number | undefined;
  /**
   * The most arrays and objects that may be open at a time, inside of items or not. One more fails with `too-deep`.
   * Default: 1,024; at most 16,384.
   */
  maxDepth?: number | undefined;
}

/** An item with its name in its object, or its index in its array. */
export interface JsonEntry<T = unknown> {
  key: string | number;
  value: T;
}

type AnyOptions = JsonOptions & { batch?: unknown; entries?: boolean | undefined };

const { parse } = JSON;

/** Makes values of the texts of items, which are valid, and have a comma behind each. */
abstract class Reader<T> implements RecordReader<T> {
  fault: { readonly error: unknown } | undefined;
  protected reviver: JsonOptions['reviver'];

  constructor(reviver: JsonOptions['reviver']) {
    this.reviver = reviver;
  }

  abstract read(text: string, ends: Uint32Array, rows: Uint32Array): T[];

  /** The values of the fields, with one call for all of them. */
  protected all(text: string, ends: Uint32Array): unknown[] {
    const source = text.substring(0, ends[ends.length - 1]);
    return ends.length === 1 ? [parse(source)] : (parse(`[${source}]`) as unknown[]);
  }

  /** The value of one item; undefined leaves it out. A stream's reader could not tell undefined from nothing. */
  protected revived(source: string): unknown {
    try {
      return parse(source, this.reviver);
    } catch (error) {
      this.fault = { error };
      return undefined;
    }
  }
}

class ItemReader extends Reader<unknown> {
  read(text: string, ends: Uint32Array): unknown[] {
    if (this.reviver === undefined) return this.all(text, ends);
    const values: unknown[] = [];
    let start = 0;
    // A reviver may run codecs, which moves what a view of the module's memory is of.
    for (const end of ends.slice()) {
      const value = this.revived(text.substring(start, end));
      if (this.fault !== undefined) break;
      if (value !== undefined) values.push(value);
      start = end + 1;
    }
    return values;
  }
}

/**
 * Where the path ends with all members or elements, the row of a member has its name before the value, that of an
 * array's first element 0, and that of any other element the value alone.
 */
class EntryReader extends Reader<JsonEntry> {
  #key: Step;
  #index = 0;

  constructor(reviver: JsonOptions['reviver'], key: Step) {
    super(reviver);
    this.#key = key;
  }

  read(text: string, produced: Uint32Array, producedRows: Uint32Array): JsonEntry[] {
    const entries: JsonEntry[] = [];
    const isRevived = this.reviver !== undefined;
    const rows = isRevived ? producedRows.slice() : producedRows;
    const ends = isRevived ? produced.slice() : produced;
    const fields = isRevived ? [] : this.all(text, ends);
    const start = (field: number) => (field === 0 ? 0 : ends[field - 1]! + 1);
    const source = (field: number) => text.substring(start(field), ends[field]);
    let field = 0;
    for (const end of rows) {
      let key: string | number;
      if (end - field === 2) {
        key = (isRevived ? parse(source(field)) : fields[field]) as string | number;
        if (key === 0) this.#index = 0;
      } else {
        key = this.#key ?? ++this.#index;
      }
      const value = isRevived ? this.revived(source(end - 1)) : fields[end - 1];
      if (this.fault !== undefined) break;
      if (value !== undefined) entries.push({ key, value });
      field = end;
    }
    return entries;
  }
}

class Json extends Stage<unknown> {
  constructor(steps: readonly Step[], options: AnyOptions, batch: number) {
    const maxBytes = integer('json', 'maxItemBytes', options.maxItemBytes ?? 2 ** 24, 0, MAX_RECORD);
    const maxDepth = integer('json', 'maxDepth', options.maxDepth ?? 1024, 0, 2 ** 14);
    const missing = oneOf('json', 'missing', options.missing ?? 'error', ['error', 'ignore']);
    const { reviver, entries = false } = options;
    if (reviver !== undefined) requireCallback(reviver, 'json: reviver');
    requireBoolean(entries, 'json: entries');
    if (entries && steps.length === 0)
      throw new TypeError(
        "json: entries: true needs a path to members or elements, as '$.*'; the document has no name",
      );
    const flags = (entries ? JSON_ENTRIES : 0) | (missing === 'error' ? JSON_MISSING_IS_ERROR : 0);
    const bytes = writePath(steps);
    const mark = batch === 0 ? RECORDS_MARK : BATCHED_MARK;
    super({
      ...text.codec('json', (exports) => {
        for (const byte of bytes) exports.codecs_add_json_path_byte(byte);
        exports.codecs_add_json(maxBytes, maxDepth, flags);
      }),
      givesRows: true,
      takesText: true,
      output: () =>
        new RecordOutput<unknown>(
          batch,
          entries ? new EntryReader(reviver, steps[steps.length - 1]!) : new ItemReader(reviver),
        ),
      highWaterMark: highWaterMark('json', 'highWaterMark', options.highWaterMark ?? mark),
      inputHighWaterMark: highWaterMark('json', 'inputHighWaterMark', options.inputHighWaterMark ?? BYTES_MARK),
      worker: workersOf('json', options.worker),
    });
  }
}

/**
 * Gives the values that a path leads to in one JSON document (RFC 8259, https://www.rfc-editor.org/rfc/rfc8259) in
 * UTF-8, in their order there. It holds no more than one item.
 *
 * The path is a part of JSONPath (RFC 9535, https://www.rfc-editor.org/rfc/rfc9535): `$` is the document, `.name` and
 * `['name']` lead to a member of an object, `[0]` to an element of an array, `.*` and `[*]` to all of either. The
 * default is `'$[*]'`. All of the document is checked, also what the path leaves out: invalid JSON fails with
 * `invalid-json`, an end in the middle with `truncated`, text after the end with `trailing-data`. The error has the byte
 * offset, and as `path` the item.
 *
 * A chunk is one value, or with `batch` an array of values: `true` for all that are available, a number for arrays of
 * that length (the last one may be shorter). Batches are faster. With `entries: true` each value is `{ key, value }`,
 * with its name in its object or its index in its array.
 *
 * @throws {TypeError | RangeError} when the path or an option is invalid
 */
export function json<T = unknown>(
  path?: string,
  options?: JsonOptions & { entries?: false; batch?: false },
): TextCodecStage<T>;
export function json<T = unknown>(
  path: string | undefined,
  options: JsonOptions & { entries?: false; batch: true | number },
): TextCodecStage<T[]>;
export function json<T = unknown>(
  path: string | undefined,
  options: JsonOptions & { entries: true; batch?: false },
): TextCodecStage<JsonEntry<T>>;
export function json<T = unknown>(
  path: string | undefined,
  options: JsonOptions & { entries: true; batch: true | number },
): TextCodecStage<JsonEntry<T>[]>;
export function json(path: string = '$[*]', options: AnyOptions = {}): unknown {
  const steps = readPath(path);
  requireKnown(options, 'json', [
    'batch',
    'entries',
    'missing',
    'reviver',
    'maxItemBytes',
    'maxDepth',
    'highWaterMark',
    'inputHighWaterMark',
    'worker',
  ]);
  return new Json(steps, options, batchSize('json', options.batch ?? false));
}
