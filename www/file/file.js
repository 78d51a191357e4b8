/** Your file: wires the section to one reading or converting at a time. */

import { toDownload } from 'tidegate';
import { byId, element, say } from '../dom.js';
import { formatBytes, formatCount, formatDuration } from '../units.js';
import { convert, nameOf } from './converting.js';
import { readThrough, Source } from './reading.js';

/** No service worker: the page is served from any folder of any host. */
const WAYS = ['picker', 'opfs', 'blob'];

export class YourFile {
  /** The address keeps the address of a file, so that a link reads it. */
  #url = '';
  #change;
  #aborter = null;
  /** What has been read: what may be saved. */
  #read = null;

  /** @param {() => void} change called when what the address says has changed */
  constructor(change) {
    this.#change = change;
    const input = byId('file-input');
    input.addEventListener('change', () => this.#take(input.files[0]));
    const drop = byId('drop');
    for (const type of ['dragover', 'dragleave', 'drop'])
      drop.addEventListener(type, (event) => {
        event.preventDefault();
        drop.dataset.over = String(type === 'dragover');
        if (type === 'drop') this.#take(event.dataTransfer.files[0]);
      });
    byId('url-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#takeUrl(byId('url').value);
    });
    byId('sample').addEventListener('click', () => this.#takeUrl(new URL('data/sample.csv.gz', document.baseURI).href));
    byId('file-stop').addEventListener('click', () =>
      this.#aborter?.abort(new DOMException('Stopped by hand', 'AbortError')),
    );
    byId('save-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#save();
    });
    this.#setBusy(false);
  }

  get settings() {
    return { url: this.#url };
  }

  set settings({ url }) {
    if (!url) return;
    byId('url').value = url;
    this.#url = url;
  }

  #take(blob) {
    if (!blob) return;
    this.#setUrl('');
    this.#readAll(new Source({ blob, name: blob.name }));
  }

  #takeUrl(url) {
    byId('url').value = url;
    this.#setUrl(url);
    const name = decodeURIComponent(new URL(url).pathname.split('/').at(-1) ?? '');
    this.#readAll(new Source({ url, name: name || 'rows' }));
  }

  #setUrl(url) {
    this.#url = url;
    this.#change();
  }

  async #readAll(source) {
    this.#read = null;
    byId('file-result').hidden = true;
    await this.#run(async (signal) => {
      say(byId('file-status'), `Opening ${source.name}.`);
      const kind = await source.kind(signal);
      const began = performance.now();
      let bytes = 0;
      const found = await readThrough(source, kind, {
        signal,
        show: (sofar, progress) => {
          bytes = progress.bytes;
          this.#showProgress(progress);
          if (sofar.columns.length > 0) this.#showRows(sofar);
          say(byId('file-status'), `${source.name}: ${formatCount(sofar.rows)} rows so far.`);
        },
      });
      const seconds = (performance.now() - began) / 1000;
      this.#read = { source, kind, columns: found.columns };
      this.#showRows(found);
      const what = `${kind.format === 'csv' ? `CSV${delimiterOf(found)}` : 'NDJSON'}${kind.gzip ? ', gzipped' : ''}`;
      const speed = `${formatBytes(bytes)} in ${formatDuration(Math.max(1, seconds))}`;
      return `${source.name}: ${formatCount(found.rows)} rows of ${formatCount(found.columns.length)} columns (${what}), ${speed}. None of it was kept, and none left this tab.`;
    });
  }

  async #save() {
    if (!this.#read) return;
    const { source, kind, columns } = this.#read;
    const target = { format: byId('save-as').value, gzip: byId('save-gzip').checked };
    const name = nameOf(source.name, target);
    // Before any wait: a file picker opens within the click only.
    const sink = toDownload(name, { ways: WAYS });
    await this.#run(async (signal) => {
      let written = 0;
      await convert(source, kind, columns, target, sink, {
        signal,
        onProgress: (progress) => {
          written = progress.parts.at(-1).bytesIn;
          this.#showProgress(progress);
          say(byId('file-status'), `Writing ${name}: ${formatBytes(written)} so far.`);
        },
      });
      return `Saved ${name}: ${formatBytes(written)}.`;
    });
  }

  /** Runs one thing, and ends the one before. */
  async #run(work) {
    this.#aborter?.abort(new DOMException('Another was begun', 'AbortError'));
    const aborter = new AbortController();
    this.#aborter = aborter;
    this.#setBusy(true);
    let text;
    let tone = 'plain';
    try {
      text = await work(aborter.signal);
    } catch (error) {
      tone = error?.name === 'AbortError' ? 'plain' : 'bad';
      text = tone === 'bad' ? `That did not work: ${error?.message ?? error}` : `${error.message}.`;
    }
    if (this.#aborter !== aborter) return;
    this.#aborter = null;
    byId('file-status').dataset.tone = tone;
    say(byId('file-status'), text);
    say(byId('file-announcement'), text);
    this.#setBusy(false);
  }

  #setBusy(busy) {
    const stop = byId('file-stop');
    const focused = document.activeElement === stop;
    byId('file-progress').hidden = !busy;
    if (busy) byId('file-bar').removeAttribute('value');
    byId('file-status').dataset.tone = 'plain';
    byId('save').disabled = busy || !this.#read;
    if (!busy && focused) byId('file-input').focus();
  }

  #showProgress({ fraction }) {
    if (fraction === undefined) byId('file-bar').removeAttribute('value');
    else byId('file-bar').value = fraction;
  }

  #showRows({ columns, preview }) {
    const table = byId('preview');
    table.tHead.replaceChildren(
      element('tr', {}, ...columns.map((textContent) => element('th', { scope: 'col', textContent }))),
    );
    table.tBodies[0].replaceChildren(
      ...preview.map((row) =>
        element('tr', {}, ...columns.map((_, at) => element('td', { textContent: row[at] ?? '' }))),
      ),
    );
    byId('file-result').hidden = false;
  }
}

function delimiterOf({ delimiter }) {
  return { ',': '', '\t': ' with tabs', ';': ' with semicolons', '|': ' with bars' }[delimiter] ?? '';
}
