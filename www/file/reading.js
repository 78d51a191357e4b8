/** Reads any CSV or NDJSON, plain or gzip: what it is, how many rows and which columns it has, and its first rows. Nothing of it is kept. */

import { pipeline } from 'tidegate';
import { csv, gunzip, ndjson } from 'tidegate/codecs';

/** Rows of the preview. */
export const PREVIEW = 12;
/** Records whose names make the columns of an NDJSON. */
const NAMED_BY = 200;

/**
 * @typedef {object} Kind
 * @property {boolean} gzip
 * @property {'csv' | 'ndjson'} format
 *
 * @typedef {object} Found
 * @property {number} rows
 * @property {string[]} columns
 * @property {string[][]} preview the first rows, as texts
 * @property {string | null} delimiter of a CSV
 */

/** A file of the user's, or one at an address. */
export class Source {
  /** @param {{ blob?: Blob, url?: string, name: string }} of */
  constructor({ blob, url, name }) {
    this.name = name;
    this.open = blob ? () => blob : ({ signal }) => fetch(url, { signal });
  }

  /** What the first bytes say it is. @param {AbortSignal} signal @returns {Promise<Kind>} */
  async kind(signal) {
    const first = async (chunks) => {
      for await (const chunk of chunks) if (chunk.byteLength > 0) return chunk;
      return new Uint8Array();
    };
    const head = await pipeline(this.open, first, { signal });
    const gzip = head[0] === 0x1f && head[1] === 0x8b;
    // The consumer has what it wants before the head's end is found to be no end of a gzip.
    const plain = gzip ? await pipeline([head], gunzip(), first, { signal }) : head;
    const text = new TextDecoder().decode(plain.subarray(0, 4096)).trimStart();
    return { gzip, format: text.startsWith('{') ? 'ndjson' : 'csv' };
  }
}

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
 * @param {{ signal: AbortSignal, show: (found: Found, progress: { bytes: number, fraction?: number, elapsed: number }) => void }} options
 *   `show` is called now and then, and at the end
 * @returns {Promise<Found>}
 */
export async function readThrough(source, kind, { signal, show }) {
  const { stages, rows } = rowStages(kind);
  const found = { rows: 0, columns: [], preview: [], delimiter: null };
  const take = kind.format === 'csv' ? takeArrays(found, rows) : takeRecords(found);
  await pipeline(
    source.open,
    ...stages,
    async (batches) => {
      for await (const batch of batches) await take(batch);
    },
    { signal, onProgress: (progress) => show(found, progress) },
  );
  if (kind.format === 'csv') found.columns = await rows.columns;
  return found;
}

function takeArrays(found, rows) {
  return async (batch) => {
    if (found.rows === 0) {
      found.columns = await rows.columns;
      found.delimiter = await rows.delimiter;
    }
    if (found.rows < PREVIEW) found.preview.push(...batch.slice(0, PREVIEW - found.rows));
    found.rows += batch.length;
  };
}

function takeRecords(found) {
  const names = new Set();
  const first = [];
  return (batch) => {
    for (const record of batch.slice(0, Math.max(0, NAMED_BY - found.rows))) {
      for (const name of namesOf(record)) names.add(name);
      if (first.length < PREVIEW) first.push(record);
    }
    if (found.rows < NAMED_BY) {
      found.columns = [...names];
      found.preview = first.map((record) => found.columns.map((name) => fieldOf(record, name)));
    }
    found.rows += batch.length;
  };
}

/** The names of a record; a value that is none has one column. */
const namesOf = (record) => (isRecord(record) ? Object.keys(record) : ['value']);

/** A field as a text of CSV: what is no text is JSON, and what is missing is empty. */
export function fieldOf(record, name) {
  const value = isRecord(record) ? record[name] : name === 'value' ? record : undefined;
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const isRecord = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
