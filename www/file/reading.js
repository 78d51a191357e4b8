/** Reads any CSV or NDJSON, plain or gzip: what it is, how many rows and which columns it has, and its first rows. Nothing of it is kept. */

import { pipeline } from 'tidegate';
import { csv, gunzip, ndjson } from 'tidegate/codecs';
import { isGzip } from '../source.js';

/** Rows of the preview, their columns, and characters of a field. */
export const PREVIEW = 12;
export const PREVIEW_COLUMNS = 50;
const PREVIEW_LENGTH = 200;
/** Names that the records of an NDJSON may have together: each is remembered. */
const MOST_NAMES = 10_000;
/** Bytes within which a file says what it is. */
const HEAD = 4096;

/**
 * @typedef {object} Kind
 * @property {boolean} gzip
 * @property {'csv' | 'ndjson'} format
 *
 * @typedef {object} Found
 * @property {number} rows
 * @property {string[]} columns
 * @property {boolean} tooWide whether there were more names than are remembered as columns
 * @property {string[][]} preview the first rows, as texts, which are cut
 * @property {string | null} delimiter of a CSV
 */

/** A file of the user's, or one at an address. */
export class Source {
  /** @param {{ blob?: Blob, url?: string, name: string }} of */
  constructor({ blob, url, name }) {
    this.name = name;
    // The monitor shows its name.
    this.open = blob ? () => blob : ({ signal }) => fetch(url, { signal });
    Object.defineProperty(this.open, 'name', { value: blob ? 'file' : 'fetch' });
  }

  /**
   * What the first bytes say it is.
   *
   * @param {AbortSignal} signal
   * @returns {Promise<Kind>}
   * @throws {Error} where what a gzip holds is gzip again
   */
  async kind(signal) {
    const head = await headOf([this.open], signal);
    if (!isGzip(head)) return { gzip: false, format: formatOf(head) };
    const unpacked = await headOf([this.open, gunzip()], signal);
    if (isGzip(unpacked)) throw new Error('it is a gzip within a gzip; unpack it once, and choose what comes out');
    return { gzip: true, format: formatOf(unpacked) };
  }
}

/** The first bytes that come out of these parts, as few as say what they are. */
function headOf(parts, signal) {
  const first = async (chunks) => {
    let head = new Uint8Array();
    for await (const chunk of chunks) {
      head = new Uint8Array([...head, ...chunk.subarray(0, HEAD)]);
      if (head.length >= HEAD || (head.length > 1 && (isGzip(head) || textOf(head) !== ''))) break;
    }
    return head;
  };
  return pipeline(...parts, first, { signal });
}

/** A character that is cut off at the end is none yet. */
const textOf = (head) => new TextDecoder().decode(head, { stream: true }).trimStart();
const formatOf = (head) => (textOf(head).startsWith('{') ? 'ndjson' : 'csv');

/** The stages from a source's bytes to batches of rows. @param {Kind} kind */
export function rowStages({ gzip, format }) {
  const rows =
    format === 'csv'
      ? csv({ header: true, rows: 'arrays', batch: true, delimiter: 'auto', ragged: 'keep' })
      : ndjson({ batch: true });
  return { stages: gzip ? [gunzip(), rows] : [rows], rows };
}

/**
 * Reads a source to its end.
 *
 * @param {Source} source
 * @param {Kind} kind
 * @param {{ signal: AbortSignal, show: (found: Found, progress: { bytes: number, fraction?: number, elapsed: number }) => void, watch?: (job: Promise<unknown>) => void }} options
 *   `show` is called now and then, and at the end; `watch` with the pipeline when it has begun
 * @returns {Promise<Found>}
 */
export async function readThrough(source, kind, { signal, show, watch }) {
  const { stages, rows } = rowStages(kind);
  const found = { rows: 0, columns: [], tooWide: false, preview: [], delimiter: null };
  const take = kind.format === 'csv' ? takeArrays(found, rows) : takeRecords(found);
  const count = async (batches) => {
    for await (const batch of batches) await take(batch);
  };
  const job = pipeline(source.open, ...stages, count, { signal, onProgress: (progress) => show(found, progress) });
  watch?.(job);
  await job;
  if (kind.format === 'csv') found.columns = await rows.columns;
  return found;
}

function takeArrays(found, rows) {
  return async (batch) => {
    if (found.rows === 0) {
      found.columns = await rows.columns;
      found.delimiter = await rows.delimiter;
    }
    if (found.rows < PREVIEW)
      found.preview.push(...batch.slice(0, PREVIEW - found.rows).map((row) => row.slice(0, PREVIEW_COLUMNS).map(cut)));
    found.rows += batch.length;
  };
}

function takeRecords(found) {
  const names = new Set();
  const first = [];
  return (batch) => {
    const before = names.size;
    for (const record of batch)
      for (const name of namesOf(record)) {
        if (names.size < MOST_NAMES) names.add(name);
        else if (!names.has(name)) found.tooWide = true;
      }
    if (names.size > before) found.columns = [...names];
    const fresh = batch.slice(0, PREVIEW - first.length);
    first.push(...fresh);
    if (fresh.length > 0 || (names.size > before && before < PREVIEW_COLUMNS)) {
      const shown = found.columns.slice(0, PREVIEW_COLUMNS);
      found.preview = first.map((record) => shown.map((name) => cut(fieldOf(record, name))));
    }
    found.rows += batch.length;
  };
}

/** The names of a record; a value that is none has one column. */
const namesOf = (record) => (isRecord(record) ? Object.keys(record) : ['value']);

/** A field as a text of CSV: what is no text is JSON, and what is missing is empty. */
export function fieldOf(record, name) {
  const fields = isRecord(record) ? record : { value: record };
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const isRecord = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A text as it is shown. */
export const cut = (text) => (text.length > PREVIEW_LENGTH ? `${text.slice(0, PREVIEW_LENGTH)}…` : text);
