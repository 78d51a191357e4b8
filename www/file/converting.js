/** Turns one format of rows into the other, on the way to a file. */

import { csvStringify, pipeline } from 'tidegate';
import { gunzip, gzip } from 'tidegate/codecs';
import { fieldOf, rowStages } from './reading.js';

/** @typedef {{ format: 'csv' | 'ndjson', gzip: boolean }} Target */

/**
 * Where a converted file is to go, and what it is called.
 *
 * @param {string} name of the source
 * @param {Target} target
 */
export function nameOf(name, target) {
  const stem = name.replace(/\.gz$/i, '').replace(/\.(csv|tsv|txt|ndjson|jsonl|json)$/i, '') || 'rows';
  return `${stem}.${target.format}${target.gzip ? '.gz' : ''}`;
}

/** Whether numbers come out as JavaScript has them, which rounds long ones. @param {import('./reading.js').Kind} kind @param {Target} target */
export const roundsNumbers = (kind, target) => kind.format === 'ndjson' && target.format === 'csv';

/**
 * Converts a source into a sink.
 *
 * @param {import('./reading.js').Source} source
 * @param {import('./reading.js').Kind} kind
 * @param {import('./reading.js').Found} found what reading the source through has found
 * @param {Target} target
 * @param {() => any} openSink called at once; returns a sink of bytes
 * @param {{ signal: AbortSignal, onProgress?: (progress: any) => void, watch?: (job: Promise<unknown>) => void }} options `watch` is called with the
 *   pipeline when it has begun
 * @throws {Error} when the records have too many names for the columns of a CSV; the sink is not opened then
 */
export async function convert(source, kind, found, target, openSink, { signal, onProgress, watch }) {
  const stages = [...stagesOf(kind, found, target), ...(target.gzip ? [gzip()] : [])];
  const job = pipeline(source.open, ...stages, openSink(), { signal, onProgress });
  watch?.(job);
  await job;
}

/** From the source's bytes to those of the target, before these are packed. */
function stagesOf(kind, found, target) {
  // Parsed and written again, numbers would not be the same.
  if (kind.format === 'ndjson' && target.format === 'ndjson') return kind.gzip ? [gunzip()] : [];
  const { stages } = rowStages(kind);
  const encoder = new TextEncoder();
  return [...stages, ...textStages(kind, found, target), (text) => encoder.encode(text)];
}

function textStages(kind, { columns, tooWide }, target) {
  if (target.format === 'ndjson') return [ndjsonOfArrays(columns)];
  if (kind.format === 'csv') return [csvOfArrays(columns)];
  if (tooWide)
    throw new Error(
      `the records have more than ${columns.length.toLocaleString('en-US')} names, too many for the columns of a CSV`,
    );
  const fields = (record) => columns.map((name) => fieldOf(record, name));
  return [(records) => records.map(fields), csvStringify({ batch: true, header: true, columns, newline: '\r\n' })];
}

/** Not csvStringify(), which refuses names that stand twice and rows that are longer or shorter than the header: a file has what it has. */
function csvOfArrays(columns) {
  const line = (fields) => `${fields.map(quoted).join(',') || '""'}\r\n`;
  return async function* (batches) {
    if (columns.length > 0) yield line(columns);
    for await (const rows of batches) yield rows.map(line).join('');
  };
}

/** As text: an object would put names that are numbers first. */
function ndjsonOfArrays(columns) {
  const keyAt = keysOf(columns);
  const member = (field, at) => `${keyAt(at)}:${JSON.stringify(field)}`;
  return (rows) => rows.map((row) => `{${row.map(member).join(',')}}\n`).join('');
}

/** Quotes where RFC 4180 wants them, and where a reader would take the field's first character for the file's mark. */
function quoted(field) {
  return /^\ufeff|[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

/** Names for the columns, and for fields beyond them, of which none is empty or hides another; as JSON. */
function keysOf(columns) {
  const keys = [];
  const taken = new Set();
  const times = new Map();
  return (at) => {
    while (keys.length <= at) {
      const base = columns[keys.length] || `${keys.length + 1}`;
      let name = base;
      while (taken.has(name)) {
        times.set(base, (times.get(base) ?? 1) + 1);
        name = `${base}_${times.get(base)}`;
      }
      taken.add(name);
      keys.push(JSON.stringify(name));
    }
    return keys[at];
  };
}
