/** Turns one format of rows into the other, on the way to a file. */

import { pipeline } from 'tidegate';
import { gzip } from 'tidegate/codecs';
import { fieldOf, rowStages } from './reading.js';

/**
 * Where a converted file is to go, and what it is called.
 *
 * @param {string} name of the source
 * @param {{ format: 'csv' | 'ndjson', gzip: boolean }} target
 */
export function nameOf(name, target) {
  const stem = name.replace(/\.gz$/i, '').replace(/\.(csv|tsv|txt|ndjson|jsonl|json)$/i, '') || 'rows';
  return `${stem}.${target.format}${target.gzip ? '.gz' : ''}`;
}

/**
 * Converts a source into a sink.
 *
 * @param {import('./reading.js').Source} source
 * @param {import('./reading.js').Kind} kind
 * @param {string[]} columns
 * @param {{ format: 'csv' | 'ndjson', gzip: boolean }} target
 * @param {any} sink of bytes
 * @param {{ signal: AbortSignal, onProgress?: (progress: any) => void }} options
 */
export async function convert(source, kind, columns, target, sink, options) {
  const { stages } = rowStages(kind);
  const write = target.format === 'csv' ? toCsv(kind, columns) : toNdjson(kind, columns);
  const encoder = new TextEncoder();
  const bytes = (batch) => encoder.encode(write(batch));
  await pipeline(source.open, ...stages, bytes, ...(target.gzip ? [gzip()] : []), sink, options);
}

function toCsv({ format }, columns) {
  const line = (fields) => `${fields.map(quoted).join(',')}\r\n`;
  const fields = format === 'csv' ? (row) => row : (record) => columns.map((name) => fieldOf(record, name));
  let head = line(columns);
  return (batch) => {
    const text = batch.reduce((sum, row) => sum + line(fields(row)), head);
    head = '';
    return text;
  };
}

function toNdjson({ format }, columns) {
  const names = unique(columns);
  // As text: an object would put names that are numbers first.
  const member = (field, at) => `${JSON.stringify(names[at] ?? `${at + 1}`)}:${JSON.stringify(field)}`;
  const line = format === 'csv' ? (row) => `{${row.map(member).join(',')}}` : (value) => JSON.stringify(value);
  return (batch) => batch.reduce((sum, row) => `${sum}${line(row)}\n`, '');
}

/** Quotes where RFC 4180 wants them. */
function quoted(field) {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

/** Names of which none is empty or hides another. */
function unique(columns) {
  const seen = new Set();
  return columns.map((column, at) => {
    let name = column || `${at + 1}`;
    while (seen.has(name)) name += '_';
    seen.add(name);
    return name;
  });
}
