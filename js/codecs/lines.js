import { BYTES_MARK } from './gunzip.js';
import { batchSize, checkOptions, highWaterMark, integer, MAX_RECORD } from './options.js';
import { RecordOutput } from './output.js';
import { Stage } from './stage.js';

/** High-water marks of records, in records, where one record is a chunk and where many are. */
export const RECORDS_MARK = 256;
export const BATCHED_MARK = 1024;

/** Flags of src/wasm/codecs.rs. */
export const FATAL = 1;
export const IGNORE_BOM = 2;

function readLines(text, ends) {
  const { length } = ends;
  const lines = new Array(length);
  let start = 0;
  for (let line = 0; line < length; line++) {
    const end = ends[line];
    lines[line] = text.substring(start, end);
    start = end + 1;
  }
  return lines;
}

/** Splits text into lines. See index.d.ts. */
export function lines(options = {}) {
  checkOptions('lines', options, [
    'batch',
    'fatal',
    'ignoreBOM',
    'maxLineBytes',
    'highWaterMark',
    'inputHighWaterMark',
  ]);
  const batch = batchSize('lines', options.batch ?? false);
  const flags = (options.fatal ? FATAL : 0) | (options.ignoreBOM ? IGNORE_BOM : 0);
  const maxBytes = integer('lines', 'maxLineBytes', options.maxLineBytes ?? 2 ** 20, 0, MAX_RECORD);
  const mark = batch === 0 ? RECORDS_MARK : BATCHED_MARK;
  return new Stage({
    name: 'lines',
    add: (exports) => exports.codecs_add_lines(maxBytes, flags),
    output: () => new RecordOutput(batch, { read: readLines }),
    highWaterMark: highWaterMark('lines', 'highWaterMark', options.highWaterMark ?? mark),
    inputHighWaterMark: highWaterMark('lines', 'inputHighWaterMark', options.inputHighWaterMark ?? BYTES_MARK),
  });
}
