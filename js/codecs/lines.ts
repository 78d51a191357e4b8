import { BYTES_MARK } from './limits.js';
import { batchSize, highWaterMark, integer, MAX_RECORD } from './options.js';
import { requireKnown } from '../values/require.js';
import { decodingOf } from './decode-text.js';
import { FATAL, IGNORE_BOM } from './flags.js';
import { text } from './families/text.js';
import { RecordOutput } from './output.js';
import { Stage } from './stage.js';
import { workersOf } from './workers.js';
import type { TextOptions } from './options.js';
import type { TextCodecStage } from './stage.js';

/** High-water marks of records, in records, where one record is a chunk and where many are. */
export const RECORDS_MARK = 256;
export const BATCHED_MARK = 1024;

function readLines(text: string, ends: Uint32Array): string[] {
  const { length } = ends;
  const lines = new Array(length);
  let start = 0;
  for (let line = 0; line < length; line++) {
    const end = ends[line]!;
    lines[line] = text.substring(start, end);
    start = end + 1;
  }
  return lines;
}

export interface LinesOptions extends TextOptions {
  /**
   * The longest line allowed, in bytes without its line end. A longer line fails with `too-long`. Default: 1,048,576.
   */
  maxLineBytes?: number | undefined;
}

/**
 * Splits text into lines at LF and CRLF. Any other CR is text. The last line needs no line end.
 *
 * A chunk is one line, or with `batch` an array of lines: `true` for all lines that are available, a number for arrays
 * of that length (the last one may be shorter). Batches are several times as fast. A long line that you keep may keep
 * the memory of the lines around it alive.
 *
 * Before another codec in a `pipeline()`, the output is text with an LF after each line.
 */
export function lines(options?: LinesOptions & { batch?: false }): TextCodecStage<string>;
export function lines(options: LinesOptions & { batch: true | number }): TextCodecStage<string[]>;
export function lines(options: LinesOptions & { batch?: boolean | number } = {}): TextCodecStage<string | string[]> {
  requireKnown(options, 'lines', [
    'batch',
    'encoding',
    'fatal',
    'ignoreBOM',
    'maxLineBytes',
    'highWaterMark',
    'inputHighWaterMark',
    'worker',
  ]);
  const batch = batchSize('lines', options.batch ?? false);
  const decoding = decodingOf('lines', options);
  // What decodes has dealt with the mark.
  const flags = (options.fatal ? FATAL : 0) | (options.ignoreBOM || decoding ? IGNORE_BOM : 0);
  const maxBytes = integer('lines', 'maxLineBytes', options.maxLineBytes ?? 2 ** 20, 0, MAX_RECORD);
  const mark = batch === 0 ? RECORDS_MARK : BATCHED_MARK;
  return new Stage({
    ...text.codec('lines', (exports) => exports.codecs_add_lines(maxBytes, flags)),
    ...decoding,
    takesText: true,
    output: () => new RecordOutput(batch, { read: readLines }),
    highWaterMark: highWaterMark('lines', 'highWaterMark', options.highWaterMark ?? mark),
    inputHighWaterMark: highWaterMark('lines', 'inputHighWaterMark', options.inputHighWaterMark ?? BYTES_MARK),
    worker: workersOf('lines', options.worker),
  });
}
