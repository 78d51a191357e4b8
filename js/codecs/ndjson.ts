import { BYTES_MARK } from './limits.js';
import { CodecError } from './error.js';
import { decodingOf } from './decode-text.js';
import { text } from './families/text.js';
import { BATCHED_MARK, RECORDS_MARK } from './lines.js';
import { batchSize, highWaterMark, integer, MAX_RECORD, oneOf } from './options.js';
import { requireKnown } from '../values/require.js';
import { RecordOutput } from './output.js';
import { utf8 } from '../runtime/text.js';
import { Stage } from './stage.js';
import { workersOf } from './workers.js';
import type { CodecOptions, EncodingOptions } from './options.js';
import type { RecordReader } from './output.js';
import type { TextCodecStage } from './stage.js';

export interface NdjsonOptions extends CodecOptions, EncodingOptions {
  /**
   * What to do with a line that is not JSON. `error` fails with `invalid-json` (the default), after the values before
   * it. `skip` leaves the line out and counts it in `skipped`.
   */
  invalid?: 'error' | 'skip' | undefined;
  /**
   * The reviver of `JSON.parse()`. A line whose value it makes undefined is left out. The codec fails with what it
   * throws, after the values before. Default: none.
   */
  reviver?: ((this: unknown, key: string, value: unknown) => unknown) | undefined;
  /**
   * The longest line allowed, in bytes without its LF; a CR before that counts. A longer line fails with `too-long`.
   * Default: 1,048,576.
   */
  maxLineBytes?: number | undefined;
}

/** The codec that `ndjson()` returns. */
export interface NdjsonStage<T> extends TextCodecStage<T> {
  /** The number of lines that were left out so far because they are not JSON; 0 unless `invalid` is `'skip'`. */
  readonly skipped: number;
}

const { parse } = JSON;
const BYTE_ORDER_MARK = 0xfeff;
const SPACE = 0x20;
/** What a JSON value begins with. */
const BEGINS_JSON = /^[ \t\r]*[-{["0-9tfn]/;
const BLANK = /^[ \t\r]*$/;

/** Makes values of lines. */
class LineReader implements RecordReader<unknown> {
  skipped = 0;
  fault: { readonly error: unknown } | undefined;
  #skips: boolean;
  #reviver: NdjsonOptions['reviver'];
  /** The lines and bytes of the batches before. */
  #line = 0;
  #offset = 0;

  constructor(skips: boolean, reviver: NdjsonOptions['reviver']) {
    this.#skips = skips;
    this.#reviver = reviver;
  }

  read(text: string, produced: Uint32Array, _rows: Uint32Array, bytes: number): unknown[] {
    const values: unknown[] = [];
    const reviver = this.#reviver;
    // A reviver may run codecs, which moves what a view of the module's memory is of.
    const ends = reviver === undefined ? produced : produced.slice();
    let start = 0;
    for (let line = 0; line < ends.length; line++) {
      const end = ends[line]!;
      let source = text.substring(start, end);
      if (line === 0 && this.#line === 0 && source.charCodeAt(0) === BYTE_ORDER_MARK) source = source.slice(1);
      const from = start;
      start = end + 1;
      // An exception for each blank line would take a hundred times as long.
      if (!(source.charCodeAt(0) > SPACE) && BLANK.test(source)) continue;
      if (this.#skips && !BEGINS_JSON.test(source)) {
        this.skipped += 1;
        continue;
      }
      try {
        const value: unknown = reviver === undefined ? parse(source) : parse(source, reviver);
        // A stream's reader could not tell undefined from nothing.
        if (value !== undefined) values.push(value);
      } catch (error) {
        if (this.#leavesOut(source, error)) continue;
        this.fault ??= { error: this.#invalid(error as Error, line, utf8(text.substring(0, from)).length) };
        return values;
      }
    }
    this.#line += ends.length;
    this.#offset += bytes;
    return values;
  }

  /** Whether a line is left out for which `error` was thrown. */
  #leavesOut(source: string, error: unknown): boolean {
    if (this.#reviver !== undefined && isJson(source)) {
      this.fault = { error };
      return false;
    }
    if (this.#skips) this.skipped += 1;
    return this.#skips;
  }

  /** `line` and `offset` are of the batch. */
  #invalid(cause: Error, line: number, offset: number): CodecError {
    line += this.#line + 1;
    offset += this.#offset;
    const message = `ndjson: invalid JSON at byte ${offset}, line ${line}: ${cause.message}`;
    return Object.assign(new CodecError(message, { codec: 'ndjson', code: 'invalid-json', offset, cause }), { line });
  }
}

function isJson(source: string): boolean {
  try {
    parse(source);
    return true;
  } catch {
    return false;
  }
}

class Ndjson extends Stage<unknown> {
  #reader: LineReader;

  constructor(options: NdjsonOptions, batch: number) {
    const maxBytes = integer('ndjson', 'maxLineBytes', options.maxLineBytes ?? 2 ** 20, 0, MAX_RECORD);
    const skips = oneOf('ndjson', 'invalid', options.invalid ?? 'error', ['error', 'skip']) === 'skip';
    const { reviver } = options;
    if (reviver !== undefined && typeof reviver !== 'function')
      throw new TypeError('ndjson: reviver must be a function, as that of JSON.parse()');
    const reader = new LineReader(skips, reviver);
    const mark = batch === 0 ? RECORDS_MARK : BATCHED_MARK;
    super({
      ...text.codec('ndjson', (exports) => exports.codecs_add_ndjson(maxBytes)),
      ...decodingOf('ndjson', options),
      givesRows: true,
      takesText: true,
      output: () => new RecordOutput(batch, reader),
      highWaterMark: highWaterMark('ndjson', 'highWaterMark', options.highWaterMark ?? mark),
      inputHighWaterMark: highWaterMark('ndjson', 'inputHighWaterMark', options.inputHighWaterMark ?? BYTES_MARK),
      worker: workersOf('ndjson', options.worker),
    });
    this.#reader = reader;
  }

  get skipped(): number {
    return this.#reader.skipped;
  }
}

/**
 * Parses JSON values, one a line (NDJSON, https://github.com/ndjson/ndjson-spec; also called JSON Lines), in UTF-8
 * unless `encoding` says otherwise.
 * Lines end with LF or CRLF; the last one needs no line end. Blank lines are no values. Invalid UTF-8 fails with
 * `invalid-utf8`, and a line that is not JSON with `invalid-json`; the error has the line and its byte offset.
 *
 * A chunk is one value, or with `batch` an array of values: `true` for all that are available, a number for arrays of
 * that length (the last one may be shorter). Batches are faster.
 *
 * @throws {TypeError | RangeError} when an option is invalid
 */
export function ndjson<T = unknown>(options?: NdjsonOptions & { batch?: false }): NdjsonStage<T>;
export function ndjson<T = unknown>(options: NdjsonOptions & { batch: true | number }): NdjsonStage<T[]>;
export function ndjson(options: NdjsonOptions & { batch?: unknown } = {}): unknown {
  requireKnown(options, 'ndjson', [
    'batch',
    'encoding',
    'invalid',
    'reviver',
    'maxLineBytes',
    'highWaterMark',
    'inputHighWaterMark',
    'worker',
  ]);
  return new Ndjson(options, batchSize('ndjson', options.batch ?? false));
}
