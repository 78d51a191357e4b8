/** Your file: wires the section to one reading or converting at a time. */

import { toDownload } from 'tidegate';
import { byId, element, say } from '../dom.js';
import { formatBytes, formatCount, formatDuration } from '../units.js';
import { convert, nameOf, roundsNumbers } from './converting.js';
import { cut, PREVIEW_COLUMNS, readThrough, Source } from './reading.js';

/** No service worker: the page is served from any folder of any host. */
const WAYS = ['picker', 'opfs', 'blob'];

export class YourFile {
  /** The address keeps the address of a file, so that a link fills it in. */
  #url = '';
  #change;
  #aborter = null;
  /** What has been read: what may be saved. */
  #read = null;
  /** How many columns and rows the preview shows. */
  #shown = { columns: -1, rows: -1 };

  /** @param {() => void} change called when what the address says has changed */
  constructor(change) {
    this.#change = change;
    const input = byId('file-input');
    input.addEventListener('change', () => this.#take(input.files[0]));
    // Else the same file, chosen again, would be no change.
    input.addEventListener('click', () => (input.value = ''));
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
    byId('save-as').addEventListener('change', () => this.#showNote());
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
    this.#readAll(new Source({ url, name: lastOf(url) || 'rows' }));
  }

  #setUrl(url) {
    this.#url = url;
    this.#change();
  }

  async #readAll(source) {
    this.#read = null;
    this.#shown = { columns: -1, rows: -1 };
    byId('file-result').hidden = true;
    await this.#run(async (signal) => {
      say(byId('file-status'), `Opening ${source.name}.`);
      const kind = await source.kind(signal);
      const began = performance.now();
      let bytes = 0;
      const found = await readThrough(source, kind, {
        signal,
        watch: showPipeline,
        show: (sofar, progress) => {
          bytes = progress.bytes;
          this.#showProgress(progress);
          if (sofar.columns.length > 0) this.#showRows(sofar);
          say(byId('file-status'), `${source.name}: ${formatCount(sofar.rows)} rows so far.`);
        },
      });
      const seconds = (performance.now() - began) / 1000;
      this.#read = { source, kind, found };
      this.#showRows(found);
      this.#showNote();
      const what = `${kind.format === 'csv' ? `CSV${delimiterOf(found)}` : 'NDJSON'}${kind.gzip ? ', gzipped' : ''}`;
      const speed = `${formatBytes(bytes)} in ${seconds < 1 ? 'less than a second' : formatDuration(seconds)}`;
      return `${source.name}: ${formatCount(found.rows)} rows of ${found.tooWide ? 'more than ' : ''}${formatCount(found.columns.length)} columns (${what}), ${speed}. None of it was kept, and none left this tab.`;
    });
  }

  async #save() {
    if (!this.#read) return;
    const { source, kind, found } = this.#read;
    const target = this.#target;
    const name = nameOf(source.name, target);
    await this.#run(async (signal) => {
      let written = 0;
      // Before any wait: a file picker opens within the click only.
      await convert(source, kind, found, target, () => toDownload(name, { ways: WAYS }), {
        signal,
        watch: showPipeline,
        onProgress: (progress) => {
          written = progress.parts.at(-1).bytesIn;
          this.#showProgress(progress);
          say(byId('file-status'), `Writing ${name}: ${formatBytes(written)} so far.`);
        },
      });
      return `Saved ${name}: ${formatBytes(written)}.`;
    });
  }

  get #target() {
    return { format: byId('save-as').value, gzip: byId('save-gzip').checked };
  }

  #showNote() {
    byId('save-note').hidden = !this.#read || !roundsNumbers(this.#read.kind, this.#target);
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
      text = `${tone === 'bad' ? 'That did not work: ' : ''}${error?.message ?? error}`.replace(/\.?$/, '.');
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
    if (busy) byId('file-status').dataset.tone = 'plain';
    byId('save').disabled = busy || !this.#read;
    if (!busy && focused) byId('file-input').focus();
  }

  #showProgress({ fraction }) {
    if (fraction === undefined) byId('file-bar').removeAttribute('value');
    else byId('file-bar').value = fraction;
  }

  /** A bounded part of them, and only where there is more than is shown. */
  #showRows({ columns, preview }) {
    const { columns: before, rows } = this.#shown;
    if (columns.length === before && preview.length === rows) return;
    this.#shown = { columns: columns.length, rows: preview.length };
    const shown = columns.slice(0, PREVIEW_COLUMNS).map(cut);
    const table = byId('preview');
    table.tHead.replaceChildren(
      element('tr', {}, ...shown.map((textContent) => element('th', { scope: 'col', textContent }))),
    );
    table.tBodies[0].replaceChildren(
      ...preview.map((row) =>
        element('tr', {}, ...shown.map((_, at) => element('td', { textContent: row[at] ?? '' }))),
      ),
    );
    const more = columns.length - shown.length;
    say(byId('preview-more'), more > 0 ? `and ${formatCount(more)} more columns` : '');
    byId('file-result').hidden = false;
  }
}

/** The monitor comes with the first pipeline. `tidegate/inspect`, which it asks, knows pipelines from the page's first module on. */
async function showPipeline(job) {
  const monitor = byId('file-monitor');
  monitor.hidden = false;
  try {
    await import('tidegate/monitor');
    monitor.target = job;
  } catch {
    // It could not be loaded, and the file is read without it.
    monitor.hidden = true;
  }
}

/** The last part of an address's path. */
function lastOf(url) {
  const part = url.split(/[?#]/)[0].split('/').at(-1);
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function delimiterOf({ delimiter }) {
  return { ',': '', '\t': ' with tabs', ';': ' with semicolons', '|': ' with bars' }[delimiter] ?? '';
}
