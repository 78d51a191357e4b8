/** The site that `npm run docs` builds, in a browser. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch } from '../../tools/browsers/index.mjs';
import { buildSite, SITE } from '../../tools/docs/site.mjs';
import { serveFile } from '../../tools/lab/static.mjs';
import { seriousFaults } from './lab-helpers.mjs';
import { serve } from './serve.mjs';

const LIMIT = { timeout: 180_000 };
const PAGES = [
  '/',
  '/guide/backpressure',
  '/try',
  '/pipeline',
  '/codecs',
  '/conformance',
  '/api/',
  '/api/codecs/interfaces/CsvOptions',
];

let server;
let browser;
let origin;

const fileOf = (path) => (path.endsWith('/') ? `${path}index.html` : extname(path) === '' ? `${path}.html` : path);

before(async () => {
  if (!existsSync(join(SITE, 'index.html'))) await buildSite();
  server = await serve((pathname, response) => serveFile(response, SITE, fileOf(pathname)));
  origin = server.url;
  browser = await launch('chromium');
}, LIMIT);

after(async () => {
  try {
    await browser?.close();
  } finally {
    await server?.close();
  }
});

for (const scheme of ['light', 'dark']) {
  test(`axe finds nothing serious in the pages, ${scheme}`, LIMIT, async () => {
    await browser.page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    for (const path of PAGES) {
      await browser.open(origin + path);
      assert.deepEqual(await seriousFaults(browser), [], path);
    }
  });
}

test('no page is wider than a phone', LIMIT, async () => {
  await browser.setSize(390, 844);
  for (const path of PAGES) {
    await browser.open(origin + path);
    const [wide, screen] = await browser.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(wide <= screen, `${path} is ${wide} wide`);
  }
  await browser.setSize(1280, 900);
});

test('a search finds a page of the guide and one of the API', LIMIT, async () => {
  await browser.open(`${origin}/`);
  await browser.click('.VPNavBarSearch button');
  for (const [words, found] of [
    ['memory climbs', '/guide/memory'],
    ['maxOutputBytes', '/api/codecs'],
  ]) {
    await browser.waitFor(() => document.querySelector('.search-input') !== null);
    await browser.evaluate(() => {
      document.querySelector('.search-input').value = '';
    });
    await browser.type('.search-input', words);
    await browser.waitFor((path) => [...document.querySelectorAll('.result')].some(({ href }) => href.includes(path)), {
      args: [found],
    });
  }
});

test('the lab runs within its page, as tall as it is', LIMIT, async () => {
  await browser.open(`${origin}/try`);
  const inLab = (read) =>
    browser.waitFor(`(() => { const lab = document.querySelector('iframe').contentDocument; return ${read}; })()`);
  await inLab(`lab.documentElement.dataset.ready === 'true'`);
  await inLab(`lab.documentElement.scrollHeight <= lab.documentElement.clientHeight`);
});

test('every entry of the package has its pages in the API', () => {
  const folders = readdirSync(join(SITE, 'api'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  assert.deepEqual(
    folders.map(({ name }) => name).filter((name) => ['codecs', 'index', 'polyfill', 'slim'].includes(name)),
    ['codecs', 'index', 'polyfill', 'slim'],
  );
});

test('the pages report no error to the console', () => {
  assert.deepEqual(
    browser.messages.filter(({ type }) => type === 'error' || type === 'pageerror'),
    [],
  );
});
