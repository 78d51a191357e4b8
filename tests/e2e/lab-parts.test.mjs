/** The lab's other parts in a page of Chromium: flood or gate, your file, the race. */

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { CsvGenerator } from '../../tools/lab/generator.mjs';
import { labInBrowser, labPage, seriousFaults, until } from './lab-helpers.mjs';

const context = labInBrowser();
const { open, text, click, says, errors } = labPage(context);
const LIMIT = { timeout: 90_000 };
let folder;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidegate-lab-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(async () => {
  await context.browser.setSize(1280, 900);
  await open();
});

test('the flood is stopped at its cap, the gate never comes near it, and the page says so', LIMIT, async () => {
  assert.match(await text('#gate-code'), /await writer\.ready/);
  assert.doesNotMatch(await text('#flood-code'), /ready/);
  await click('flood-start');
  await says('flood-status', /^The flood holds [1-9]/);
  await says('flood-status', /^After \d+ s the flood held 128 MB .* never held more than 1\.\d\d MB\.$/);
  assert.equal(await context.browser.evaluate(() => document.getElementById('flood-vessel').dataset.over), 'true');
  assert.equal(await context.browser.evaluate(() => document.getElementById('gate-vessel').dataset.over), 'false');
  await says('flood-start', /again/);
});

test('both sides can be stopped by hand, which the page says', LIMIT, async () => {
  await click('flood-start');
  await says('flood-status', /^The flood holds [1-9]/);
  await click('flood-start');
  await says('flood-status', /^Stopped; what waited has been given back\.$/);
  assert.equal(await text('#flood-held'), '0 B');
  await says('flood-start', /again/);
});

test('a chosen file of any columns is counted, shown and saved as another', LIMIT, async () => {
  const rows = Array.from({ length: 3000 }, (_, n) => `${n};"Bad; Ort ${n}"\r\n`).join('');
  const path = join(folder, 'towns.csv.gz');
  writeFileSync(path, gzipSync(`number;town\r\n${rows}`));
  const cdp = await context.browser.page.createCDPSession();
  await cdp.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: folder });
  await context.browser.evaluate(() => delete globalThis.showSaveFilePicker);
  await context.browser.upload('#file-input', path);
  await says('file-status', /^towns\.csv\.gz: 3,000 rows of 2 columns \(CSV with semicolons, gzipped\)/);
  assert.equal(await text('#preview thead'), 'numbertown');
  assert.equal(await text('#preview tbody tr'), '0Bad; Ort 0');
  assert.deepEqual(await seriousFaults(context.browser), []);
  await click('save');
  await says('file-status', /^Saved towns\.ndjson/);
  const saved = await until(
    () => readdirSync(folder).includes('towns.ndjson') && readFileSync(join(folder, 'towns.ndjson'), 'utf8'),
    10_000,
    'the file is there',
  );
  assert.equal(saved.split('\n').length, 3001);
  assert.deepEqual(JSON.parse(saved.split('\n')[2999]), { number: '2999', town: 'Bad; Ort 2999' });
  await cdp.detach();
});

test('a file at an address is read, gzip or not, and the page’s own address keeps it', LIMIT, async () => {
  for (const name of ['2MB.csv', '2MB.csv.gz']) {
    const url = `${context.lab.url}/data/${name}`;
    await context.browser.evaluate((value) => {
      document.getElementById('url').value = value;
    }, url);
    await click('url-read');
    const { rows } = await (await fetch(`${context.lab.url}/api/summary?size=2MB`)).json();
    await says('file-status', new RegExp(`^${name}: ${rows.toLocaleString('en-US')} rows of 7 columns`));
    await context.browser.waitFor((value) => new URLSearchParams(location.search).get('url') === value, {
      args: [url],
    });
  }
  await open(`?url=${encodeURIComponent('https://example.org/rows.csv')}`);
  assert.equal(
    await context.browser.evaluate(() => document.getElementById('url').value),
    'https://example.org/rows.csv',
  );
});

test('an error is shown as one, until the next file is read', LIMIT, async () => {
  const tone = () => context.browser.evaluate(() => document.getElementById('file-status').dataset.tone);
  const path = join(folder, 'twice.csv.gz');
  writeFileSync(path, gzipSync(gzipSync('a\n1\n')));
  await context.browser.upload('#file-input', path);
  await says('file-status', /^That did not work: it is a gzip within a gzip; .*[^.]\.$/);
  assert.equal(await tone(), 'bad');
  writeFileSync(join(folder, '100%.csv'), 'a\n1\n');
  await context.browser.upload('#file-input', join(folder, '100%.csv'));
  await says('file-status', /^100%\.csv: 1 rows of 1 columns \(CSV\), 4 B in less than a second\./);
  assert.equal(await tone(), 'plain');
  assert.equal(
    await context.browser.evaluate(() => {
      const input = document.getElementById('file-input');
      input.addEventListener('click', (event) => event.preventDefault());
      input.click();
      return input.value;
    }),
    '',
  );
});

test('a name in an address that is no valid encoding is shown as it stands', LIMIT, async () => {
  await context.browser.evaluate((value) => {
    document.getElementById('url').value = value;
  }, `${context.lab.url}/100%.csv`);
  await click('url-read');
  await says('file-status', /^That did not work: .*400/);
});

test('the preview of a file of many columns is bounded, and says how many more there are', LIMIT, async () => {
  const path = join(folder, 'wide.csv');
  const line = (of) => Array.from({ length: 9000 }, of).join(',');
  writeFileSync(path, `${line((_, n) => `c${n}`)}\n${`${line((_, n) => 'x'.repeat(n === 0 ? 300 : 3))}\n`.repeat(12)}`);
  await context.browser.upload('#file-input', path);
  await says('file-status', /^wide\.csv: 12 rows of 9,000 columns/);
  assert.equal(await text('#preview-more'), 'and 8,950 more columns');
  const [cells, longest] = await context.browser.evaluate(() => {
    const all = [...document.querySelectorAll('#preview th, #preview td')];
    return [all.length, Math.max(...all.map(({ textContent }) => textContent.length))];
  });
  assert.deepEqual([cells, longest], [13 * 50, 201]);
});

/** Its last look comes a moment after the end. */
const monitorShows = (state) =>
  context.browser.waitFor((wanted) => document.querySelector('tidegate-monitor').report?.state === wanted, {
    args: [state],
  });

test('the monitor shows the pipeline that reads, with the figures of inspect() and of the server', LIMIT, async () => {
  assert.equal(await context.browser.evaluate(() => Boolean(customElements.get('tidegate-monitor'))), false);
  await context.browser.evaluate((value) => {
    document.getElementById('url').value = value;
  }, `${context.lab.url}/data/8MB.csv.gz`);
  await click('url-read');
  await says('file-status', /rows of 7 columns/);
  await monitorShows('done');
  const { shown, inspected, figures } = await context.browser.evaluate(async () => {
    const { inspect } = await import('/dist/inspect.js');
    const monitor = document.querySelector('tidegate-monitor');
    return {
      shown: monitor.report,
      inspected: inspect(monitor.target),
      figures: [...monitor.shadowRoot.querySelectorAll('.figures dd')].map(({ textContent }) => textContent),
    };
  });
  const counted = ({ state, elapsed, held, peakHeld, stages }) => ({
    state,
    elapsed,
    held,
    peakHeld,
    stages: stages.map(({ name, state: its, bytesIn, bytesOut, chunksIn, chunksOut, peakHeld: most }) => ({
      name,
      state: its,
      bytesIn,
      bytesOut,
      chunksIn,
      chunksOut,
      most,
    })),
  });
  assert.deepEqual(counted(shown), counted(inspected));
  assert.deepEqual(
    shown.stages.map(({ kind }) => kind),
    ['source', 'codec', 'codec', 'sink'],
  );
  assert.equal(shown.stages[0].bytesOut, context.lab.connections.list().at(-1).bytes);
  assert.equal(shown.stages[1].bytesOut, 8e6);
  assert.match(figures[2], /^\d/);
  assert.deepEqual(await seriousFaults(context.browser), []);
});

test('while a file is read the monitor moves, and a reading that is stopped is shown to have been', LIMIT, async () => {
  await context.browser.evaluate((value) => {
    document.getElementById('url').value = value;
  }, `${context.lab.url}/data/10GB.csv.gz`);
  await click('url-read');
  const report = () => context.browser.evaluate(() => document.querySelector('tidegate-monitor').report);
  const early = await until(async () => (await report())?.stages[0].bytesOut, 10_000, 'the monitor shows bytes');
  await until(async () => (await report()).stages[0].bytesOut > early, 10_000, 'and more of them');
  await click('file-stop');
  await says('file-status', /^Stopped by hand\.$/);
  await monitorShows('failed');
});

test('the sample is read', LIMIT, async () => {
  await click('sample');
  const generator = new CsvGenerator(4e6);
  while (generator.next() !== null);
  await says('file-status', new RegExp(`${generator.summary().rows.toLocaleString('en-US')} rows of 7 columns`));
});

test('a file that cannot be read is told with its reason, and a reading can be stopped', LIMIT, async () => {
  const path = join(folder, 'broken.csv');
  writeFileSync(path, 'a,b\r\n"x"y,1\r\n');
  await context.browser.upload('#file-input', path);
  await says('file-status', /^That did not work: csv: /);
  await context.browser.evaluate((value) => {
    document.getElementById('url').value = value;
  }, `${context.lab.url}/data/10GB.csv.gz`);
  await click('url-read');
  await says('file-status', /rows so far/);
  await click('file-stop');
  await says('file-status', /^Stopped by hand/);
  await until(() => context.lab.connections.list().at(-1).state === 'aborted', 5000, 'the connection has ended');
});

test('a race is run on both kinds of streams, and the address keeps its workloads', LIMIT, async () => {
  await open('?race=pipeTo%20gunzip');
  const chosen = () =>
    context.browser.evaluate(() => [...document.querySelectorAll('.racer :checked')].map(({ id }) => id));
  assert.deepEqual(await chosen(), ['race-pipeTo', 'race-gunzip']);
  await click('race-start');
  await says('race-status', /^On this machine tidegate is [\d.]+ times as (fast|slow) as .*mean of 2/);
  const ratios = await context.browser.evaluate(() =>
    [...document.querySelectorAll('.ratio')].map(({ textContent }) => textContent).filter(Boolean),
  );
  assert.equal(ratios.length, 2);
  for (const ratio of ratios) assert.match(ratio, /^\d+\.\d×$/);
  assert.deepEqual(await seriousFaults(context.browser), []);
});

test('nothing of these parts is wider than the screen of a phone', LIMIT, async () => {
  for (const width of [320, 390]) {
    await context.browser.setSize(width, 800);
    await click('sample');
    await says('file-status', /rows of 7 columns/);
    const over = () =>
      context.browser.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(await over(), 0, `at ${width}`);
  }
});

test('these parts report no error to the console, but for the address that was refused', () => {
  assert.deepEqual(
    errors().filter(({ text: said }) => !/status of 400/.test(said)),
    [],
  );
});
