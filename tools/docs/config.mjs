/** The site's settings for VitePress: navigation, search, where it is built. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { moduleName, root, slugOf } from './pages.mjs';

const apiFile = join(root, 'build/site/api/typedoc-sidebar.json');
const api = (existsSync(apiFile) ? JSON.parse(readFileSync(apiFile, 'utf8')) : []).map((module) => ({
  ...module,
  text: moduleName(module.text),
  // A group that folds and is no page would be a button within a button.
  items: module.items?.map(({ text, items }) => ({ text, items })),
}));

const page = (text, link) => ({ text, link });
const pages = (text, all) => ({ text, items: Object.entries(all).map(([title, link]) => page(title, link)) });

const guide = [
  pages('Guide', {
    Overview: '/guide/',
    'Backpressure in ten minutes': '/guide/backpressure',
    'The async-iterator trap': '/guide/async-iterators',
    'Where to look when memory climbs': '/guide/memory',
    'Errors and teardown': '/guide/errors',
    Bytes: '/guide/bytes',
    Workers: '/guide/workers',
    Recipes: '/recipes',
  }),
  pages('Moving in', {
    Overview: '/moving-in/',
    "The engine's streams": '/moving-in/native-streams',
    'node:stream': '/moving-in/node-streams',
    'web-streams-polyfill': '/moving-in/web-streams-polyfill',
    PapaParse: '/moving-in/papaparse',
    'StreamSaver.js': '/moving-in/streamsaver',
  }),
];

const reference = [
  pages('Reference', {
    'pipeline()': '/pipeline',
    Operators: '/operators',
    'Sources and sinks': '/ends/',
    Channels: '/channels',
    Codecs: '/codecs',
    Archives: '/archives',
    'Multipart bodies': '/multipart',
    'Inspecting streams': '/inspect',
    Polyfill: '/polyfill',
    'The crate': '/crate',
    'Streams for Rust Wasm modules': '/web',
    Glossary: '/glossary',
  }),
  pages('Measured', {
    'Where it runs': '/compatibility',
    Conformance: '/conformance',
    Benchmarks: '/benchmarks',
    'The lab': '/lab',
  }),
  pages('Inside', {
    Architecture: '/architecture',
    'Life of a chunk': '/life-of-a-chunk',
    'Order of jobs': '/order',
    Files: '/files',
    'How to change it': '/how-to-change',
    Contributing: '/contributing',
    Security: '/security',
    Changes: '/changelog',
  }),
];

export default {
  title: 'tidegate',
  description: 'Backpressure for the browser: files far larger than memory, at the pace of the slowest part.',
  lang: 'en',
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: '/icon.svg' }]],
  cleanUrls: true,
  lastUpdated: false,
  // The lab's own page, which is no page of VitePress.
  ignoreDeadLinks: [/^\/canal\//],
  outDir: join(root, 'build/docs/site'),
  cacheDir: join(root, 'build/site-cache'),
  markdown: {
    anchor: { slugify: slugOf },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
  },
  vite: { build: { chunkSizeWarningLimit: 2000 }, logLevel: 'warn' },
  themeConfig: {
    logo: '/icon.svg',
    search: { provider: 'local' },
    outline: { level: [2, 3] },
    nav: [
      page('Guide', '/guide/backpressure'),
      page('Reference', '/pipeline'),
      page('API', '/api/'),
      page('Benchmarks', '/benchmarks'),
      page('Try it', '/try'),
    ],
    sidebar: {
      '/api/': [{ text: 'API', link: '/api/', items: api }],
      '/guide/': guide,
      '/moving-in/': guide,
      '/recipes': guide,
      '/': reference,
    },
  },
};
