/** The lab's page as its user meets it: with the mouse, with the keyboard, on a narrow screen. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { CsvGenerator } from '../../tools/lab/generator.mjs';
import { labInBrowser } from './lab-helpers.mjs';

const context = labInBrowser();
const LIMIT = { timeout: 60_000 };

beforeEach(async () => {
  await context.browser.setSize(1280, 900);
  await context.browser.open(`${context.lab.url}/`);
  await context.browser.waitFor(() => document.querySelectorAll('.stage').length === 5);
});

const text = (selector) => context.browser.evaluate((s) => document.querySelector(s).textContent, selector);
const idle = () => context.browser.waitFor(() => !document.getElementById('start').disabled, LIMIT);
const running = () =>
  context.browser.waitFor(() => /^[1-9]/.test(document.querySelector('[data-figure="rows"]').textContent), LIMIT);

async function choose(value, selector = '#size') {
  await context.browser.page.select(selector, value);
}

async function overflow() {
  return context.browser.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

test('Start runs the job and compares its answer with the server’s', LIMIT, async () => {
  await choose('16MB');
  await context.browser.click('#start');
  await context.browser.waitFor(() => !document.getElementById('result').hidden, LIMIT);
  assert.match(await text('#verdict'), /^✓/);
  const server = await (await fetch(`${context.lab.url}/api/summary?size=16MB`)).json();
  assert.equal(await text('#proof code'), server.sha256);
  assert.equal(await text('[data-figure="rows"]'), server.rows.toLocaleString('en-US'));
  assert.equal(await context.browser.evaluate(() => document.querySelectorAll('#totals tbody tr').length), 16);
  assert.match(await text('#status'), /^Done/);
  assert.match(await text('#progress-text'), /^100 %/);
});

test('the keyboard alone starts and aborts a job, and is never left without a place', LIMIT, async () => {
  const focused = () => context.browser.evaluate(() => document.activeElement.id);
  const { keyboard } = context.browser.page;
  await choose('10GB');
  for (let i = 0; i < 10 && (await focused()) !== 'start'; i++) await keyboard.press('Tab');
  assert.equal(await focused(), 'start');
  await keyboard.press('Enter');
  await running();
  assert.equal(await focused(), 'abort');
  await keyboard.press('Enter');
  await idle();
  assert.equal(await focused(), 'start');
  assert.match(await text('#status'), /^Aborted by hand/);
});

for (const [stage, said] of [
  ['totals', /told to fail/],
  ['bytes', /told to fail/],
  ['gunzip', /gunzip/],
]) {
  test(`a failure of ${stage} is told with its message`, LIMIT, async () => {
    await choose('10GB');
    await choose(stage, '#fault-stage');
    await context.browser.click('#start');
    await running();
    await context.browser.click('#throw');
    await idle();
    assert.match(await text('#status'), said);
    assert.equal(await context.browser.evaluate(() => document.getElementById('result').hidden), true);
  });
}

test('a consumer that takes nothing holds the rows where they are until it goes on', LIMIT, async () => {
  const rows = () => text('[data-figure="rows"]');
  await choose('10GB');
  await context.browser.click('#start');
  await running();
  await context.browser.click('#hold');
  await sleep(1000);
  const held = await rows();
  await sleep(1000);
  assert.equal(await rows(), held);
  assert.equal(
    await context.browser.evaluate(() => document.getElementById('hold').getAttribute('aria-pressed')),
    'true',
  );
  await context.browser.click('#hold');
  await context.browser.waitFor((before) => document.querySelector('[data-figure="rows"]').textContent !== before, {
    ...LIMIT,
    args: [held],
  });
  await context.browser.click('#abort');
  await idle();
});

test('a chosen file is read whether it is gzip or not', LIMIT, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-lab-'));
  try {
    const generator = new CsvGenerator(300_000);
    const csv = Buffer.concat([...generator]);
    const { rows, sha256 } = generator.summary();
    for (const [name, bytes] of [
      ['plain.csv', csv],
      ['packed.csv.gz', gzipSync(csv)],
    ]) {
      const path = join(folder, name);
      writeFileSync(path, bytes);
      await context.browser.click('input[value="file"]');
      await context.browser.upload('#file', path);
      await context.browser.click('#start');
      await context.browser.waitFor(() => !document.getElementById('result').hidden, LIMIT);
      await idle();
      assert.equal(await text('#proof code'), sha256, name);
      assert.match(await text('#verdict'), new RegExp(`^${rows.toLocaleString('en-US')} rows read`), name);
      assert.match(await text('#progress-text'), /^100 %/, name);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a URL is read whether it holds gzip or not', LIMIT, async () => {
  await context.browser.click('input[value="url"]');
  for (const name of ['2MB.csv', '2MB.csv.gz']) {
    await context.browser.evaluate((url) => {
      document.getElementById('url').value = url;
    }, `${context.lab.url}/data/${name}`);
    await context.browser.click('#start');
    await context.browser.waitFor(() => !document.getElementById('result').hidden, LIMIT);
    await idle();
    const { sha256 } = await (await fetch(`${context.lab.url}/api/summary?size=2MB`)).json();
    assert.equal(await text('#proof code'), sha256, name);
  }
});

test('a file without the columns is refused with the name of the one that is missing', LIMIT, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-lab-'));
  try {
    const path = join(folder, 'other.csv');
    writeFileSync(path, 'city,amount\r\nOslo,1\r\n');
    await context.browser.click('input[value="file"]');
    await context.browser.upload('#file', path);
    await context.browser.click('#start');
    await context.browser.waitFor(() => /^It failed/.test(document.getElementById('status').textContent), LIMIT);
    assert.match(await text('#status'), /no column "quantity"/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('nothing is wider than the screen of a phone, before, during and after a run', LIMIT, async () => {
  for (const width of [320, 375]) {
    await context.browser.setSize(width, 800);
    assert.equal(await overflow(), 0, `idle at ${width}`);
    await choose('16MB');
    await context.browser.click('#start');
    await running();
    assert.equal(await overflow(), 0, `running at ${width}`);
    await idle();
    assert.equal(await overflow(), 0, `finished at ${width}`);
  }
});

test('everything that can be operated or read has a name', LIMIT, async () => {
  await choose('16MB');
  await context.browser.click('#start');
  await context.browser.waitFor(() => !document.getElementById('result').hidden, LIMIT);
  const cdp = await context.browser.page.createCDPSession();
  const { nodes } = await cdp.send('Accessibility.getFullAXTree');
  await cdp.detach();
  const named = [
    'button',
    'radio',
    'slider',
    'combobox',
    'textbox',
    'meter',
    'progressbar',
    'img',
    'image',
    'region',
    'form',
    'table',
  ];
  const found = nodes.filter((node) => !node.ignored && named.includes(node.role?.value));
  assert.ok(found.length > 12, `${found.length} such parts`);
  for (const { role, name } of found) assert.notEqual(name?.value ?? '', '', `a ${role.value} has no name`);
});

test('the page reports no error to the console', () => {
  const wrong = context.browser.messages.filter(({ type }) => type === 'error' || type === 'pageerror');
  assert.deepEqual(wrong, []);
});
