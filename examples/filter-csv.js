import { fromFetch, pipeline, toDownload } from 'tidegate';
import { csv, gunzip } from 'tidegate/codecs';

const field = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const line = (fields) => `${fields.map(field).join(',')}\r\n`;

/** Reads a gzipped CSV from `source` and writes the header and the rows for which `keep` returns true to `sink`, as CSV. */
export async function filterCsv(source, keep, sink, options = {}) {
  const table = csv({ header: true, batch: true });

  async function* matching(batches) {
    const columns = await table.columns;
    yield line(columns);
    for await (const rows of batches) {
      let text = '';
      for (const row of rows) if (keep(row)) text += line(columns.map((name) => row[name]));
      if (text !== '') yield text;
    }
  }

  await pipeline(source, gunzip(), table, matching, sink, options);
}

/** Filters the file at `url` and saves the result as `name`. Call it in the handler of a click, before any `await`. */
export async function saveFiltered(url, name, keep, { onProgress, signal, ...options } = {}) {
  const sink = toDownload(name, { type: 'text/csv', ...options });
  // Progress needs the bytes of the download only; to count those of every field would cost a fifth of the time.
  const size = (chunk) => chunk.byteLength ?? 0;
  await filterCsv(fromFetch(url), keep, sink, { onProgress, signal, size });
  return sink.via;
}
