/** The navigation of the site that `npm run docs` builds. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import config from '../../tools/docs/config.mjs';
import { documents, pageOf, root } from '../../tools/docs/pages.mjs';

const linksOf = (items = []) => items.flatMap(({ link, items: inner }) => [link, ...linksOf(inner)]).filter(Boolean);

const { sidebar, nav } = config.themeConfig;
const links = Object.entries(sidebar)
  .filter(([path]) => path !== '/api/')
  .flatMap(([, items]) => linksOf(items))
  .concat(nav.map(({ link }) => link));
const pages = documents().map(
  (document) =>
    `/${pageOf(document)
      .replace(/(^|\/)index\.md$/, '$1')
      .replace(/\.md$/, '')}`,
);

const ofSite = readdirSync(join(root, 'site'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `/${name.replace(/(index)?\.md$/, '')}`);

test('every page is in the navigation, but those of single sources and sinks', () =>
  assert.deepEqual(
    [...pages, ...ofSite].filter((page) => page !== '/' && !links.includes(page) && !page.startsWith('/ends/')),
    [],
  ));

test('the navigation names pages that are there', () =>
  assert.deepEqual(
    links.filter((link) => ![...pages, ...ofSite, '/api/'].includes(link)),
    [],
  ));
