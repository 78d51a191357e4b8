import { BYTES_MARK } from './gunzip.js';
import { deferred } from './deferred.js';
import { CodecError } from './error.js';
import { BATCHED_MARK, FATAL, IGNORE_BOM, RECORDS_MARK } from './lines.js';
import { batchSize, checkOptions, highWaterMark, integer, MAX_RECORD, oneOf } from './options.js';
import { RecordOutput } from './output.js';
import { pad, pick, readEven, readObjects, readUneven, toObject } from './rows.js';
import { Stage } from './stage.js';

/** Flags of src/wasm/codecs.rs. */
const KEEP_EMPTY_LINES = 4;
const KEEP_RAGGED = 8;

const KNOWN = [
  'header',
  'emptyNames',
  'rows',
  'batch',
  'delimiter',
  'quote',
  'ragged',
  'emptyLines',
  'fatal',
  'ignoreBOM',
  'maxRowBytes',
  'highWaterMark',
  'inputHighWaterMark',
];

function convert(options) {
  checkOptions('csv', options, KNOWN);
  const given = options.header ?? false;
  const header = Array.isArray(given) ? Array.from(given) : given; // the caller may go on to change theirs
  const emptyNames = oneOf('csv', 'emptyNames', options.emptyNames ?? 'keep', ['keep', 'skip']);
  if (typeof header !== 'boolean' && !isNames(header, emptyNames)) {
    throw new TypeError('csv: header must be true, false or an array of names that differ');
  }
  const rows = oneOf('csv', 'rows', options.rows ?? (header === false ? 'arrays' : 'objects'), ['arrays', 'objects']);
  if (rows === 'objects' && header === false) throw new TypeError("csv: rows: 'objects' needs a header");
  const delimiter = separator('delimiter', options.delimiter ?? ',');
  const quote = separator('quote', options.quote ?? '"');
  if (delimiter === quote) throw new TypeError('csv: delimiter and quote must differ');
  const batch = batchSize('csv', options.batch ?? false);
  return {
    header,
    emptyNames,
    rows,
    batch,
    delimiter,
    quote,
    ragged: oneOf('csv', 'ragged', options.ragged ?? 'error', ['error', 'keep', 'pad']),
    emptyLines: oneOf('csv', 'emptyLines', options.emptyLines ?? 'skip', ['skip', 'keep']),
    fatal: Boolean(options.fatal),
    ignoreBOM: Boolean(options.ignoreBOM),
    maxRowBytes: integer('csv', 'maxRowBytes', options.maxRowBytes ?? 2 ** 20, 1, MAX_RECORD),
    highWaterMark: highWaterMark(
      'csv',
      'highWaterMark',
      options.highWaterMark ?? (batch === 0 ? RECORDS_MARK : BATCHED_MARK),
    ),
    inputHighWaterMark: highWaterMark('csv', 'inputHighWaterMark', options.inputHighWaterMark ?? BYTES_MARK),
  };
}

function isNames(header, emptyNames) {
  return (
    Array.isArray(header) &&
    header.length > 0 &&
    header.every((name) => typeof name === 'string') &&
    duplicate(emptyNames === 'skip' ? header.filter((name) => name !== '') : header) === undefined
  );
}

function duplicate(names) {
  const seen = new Set();
  return names.find((name) => seen.size === seen.add(name).size);
}

function separator(name, value) {
  if (typeof value !== 'string' || !/^[\0-\x7f]$/.test(value) || /[\r\n]/.test(value)) {
    throw new TypeError(`csv: ${name} must be one ASCII character that ends no line`);
  }
  return value.charCodeAt(0);
}

/** Fields that are padded in one go, as a batch of so many is still small. */
const MOST_PADDED = 2 ** 20;
/** A padded row of more fields than this weighs more than one in the reader's queue: its few bytes say nothing of its size. */
const FIELDS_OF_ONE = 4096;

/**
 * What makes rows of a batch of the chain's: `read(text, ends, rows)`; the first row is the header if there is to be one. With
 * `ragged: 'pad'` the rows are made full one by one when they are handed on, by `finish(row)`; `most` is how many of these make a
 * batch, and `weight` what one counts for in the queue.
 */
function rowReader({ header, emptyNames, rows, ragged }, named) {
  let names; // those that are kept
  let kept; // the columns they are of, where others are left out
  let width; // of all columns
  const name = (all) => {
    width = all.length;
    kept =
      emptyNames === 'skip' && all.includes('') ? [...all.keys()].filter((column) => all[column] !== '') : undefined;
    names = kept ? pick(all, kept) : all;
  };
  if (Array.isArray(header)) name(header);
  const read = (text, ends, rowEnds) => {
    let from = 0;
    if (width === undefined) {
      width = rowEnds[0];
      if (header === true) {
        name(readUneven(text, ends, rowEnds.subarray(0, 1), 0)[0]);
        if (rows === 'objects') checkNames(names);
        named(names);
        from = 1;
      }
    }
    if (ragged === 'error' && kept === undefined) {
      return rows === 'objects'
        ? readObjects(text, ends, rowEnds, from, names)
        : readEven(text, ends, rowEnds, from, width);
    }
    let all = readUneven(text, ends, rowEnds, from);
    if (kept) all = all.map((fields) => pick(fields, kept));
    return rows === 'objects' && ragged !== 'pad' ? all.map((fields) => toObject(fields, names)) : all;
  };
  if (ragged !== 'pad') return { read };
  const padded = () => (kept ?? names)?.length ?? width;
  return {
    read,
    finish(fields) {
      const full = pad(fields, padded());
      return rows === 'objects' ? toObject(full, names) : full;
    },
    most: () => Math.max(1, Math.floor(MOST_PADDED / padded())),
    weight: () => Math.ceil(padded() / FIELDS_OF_ONE) || 1,
  };
}

function checkNames(names) {
  const twice = duplicate(names);
  if (twice === undefined) return;
  const advice = twice === '' ? "; emptyNames: 'skip' leaves columns without a name out" : '';
  throw new CodecError(`csv: duplicate column at byte 0: '${twice}' is there twice${advice}`, {
    codec: 'csv',
    code: 'duplicate-column',
    offset: 0,
  });
}

class Csv extends Stage {
  #columns;

  constructor(options) {
    const columns = deferred();
    const flags =
      (options.fatal ? FATAL : 0) |
      (options.ignoreBOM ? IGNORE_BOM : 0) |
      (options.emptyLines === 'keep' ? KEEP_EMPTY_LINES : 0) |
      (options.ragged === 'error' ? 0 : KEEP_RAGGED);
    const width = Array.isArray(options.header) && options.ragged === 'error' ? options.header.length : 0;
    super({
      name: 'csv',
      givesRows: true,
      add: (exports) => exports.codecs_add_csv(options.delimiter, options.quote, width, options.maxRowBytes, flags),
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

  get columns() {
    return this.#columns;
  }
}

/** Parses comma-separated values: RFC 4180. See index.d.ts. */
export function csv(options = {}) {
  return new Csv(convert(options));
}
