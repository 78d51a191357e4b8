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

test('these parts report no error to the console', () => {
  assert.deepEqual(errors(), []);
});
