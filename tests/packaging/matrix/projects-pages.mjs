/** The projects whose results come from a browser: what is installed, which files are written, how it is built, and which folder is served. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const script = '<script type="module" src="/main.js"></script>';
const html = (body = script) => `<!doctype html><meta charset="utf-8"><title>app</title><body>${body}`;

/** For tools that know `new Worker(new URL(…))`. */
const main = `import { runPage } from './page.js';
runPage(() => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' }));
`;

/** For tools that do not: the worker is an entry of its own. */
const mainWithEntry = `import { runPage } from './page.js';
runPage(() => new Worker('/worker.js', { type: 'module' }));
`;

const bin = (name) => `node_modules/.bin/${name}`;

const webpackConfig = `module.exports = { mode: 'production', entry: './main.js', output: { filename: 'main.js', publicPath: '/' }, performance: { hints: false } };`;

const vite = (version, options = '') => ({
  dependencies: { vite: version },
  files: {
    'main.js': main,
    'index.html': html(),
    'vite.config.js': `export default { logLevel: 'warn', worker: { format: 'es' }, build: { ${options} } };`,
  },
  build: [[bin('vite'), 'build']],
  out: 'dist',
});

/** The scenario as classic scripts that use the global of dist/tidegate.global.js. */
async function classic(folder) {
  const global = {
    name: 'global',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^tidegate/ }, ({ path }) => ({ path, namespace: 'global' }));
      onLoad({ filter: /.*/, namespace: 'global' }, () => ({
        contents: 'module.exports = globalThis.tidegate;',
        loader: 'js',
      }));
    },
  };
  const options = {
    absWorkingDir: folder,
    bundle: true,
    format: 'iife',
    outdir: 'dist',
    plugins: [global],
    logLevel: 'silent',
  };
  await build({ ...options, entryPoints: ['main.js'] });
  await build({ ...options, entryPoints: ['worker.js'], banner: { js: "importScripts('/tidegate.global.js');" } });
}

/** This repository's. */
const ESBUILD = [
  fileURLToPath(new URL('../../../node_modules/.bin/esbuild', import.meta.url)),
  'main.js',
  'worker.js',
  '--bundle',
  '--minify',
  '--splitting',
  '--format=esm',
  '--outdir=dist',
  '--log-level=warning',
];

const angular = {
  dependencies: {
    '@angular/build': '21.2.27', '@angular/cli': '21.2.27', '@angular/common': '21.2.24', '@angular/compiler': '21.2.24', '@angular/compiler-cli': '21.2.24',
    '@angular/core': '21.2.24', '@angular/platform-browser': '21.2.24', rxjs: '7.8.2', tslib: '2.9.1', typescript: '5.9.3', 'zone.js': '0.16.3',
  },
  files: {
    'angular.json': JSON.stringify({
      version: 1,
      cli: { analytics: false, cache: { enabled: false } },
      projects: {
        app: {
          projectType: 'application',
          root: '',
          sourceRoot: '',
          architect: {
            build: {
              builder: '@angular/build:application',
              options: {
                browser: 'main.ts', index: 'index.html', tsConfig: 'tsconfig.json', webWorkerTsConfig: 'tsconfig.worker.json', polyfills: ['zone.js'], outputPath: { base: 'dist', browser: '' },
                outputHashing: 'none', optimization: true, extractLicenses: false, budgets: [],
              },
            },
          },
        },
      },
    }),
    'tsconfig.json': JSON.stringify({
      compilerOptions: { target: 'ES2022', module: 'preserve', moduleResolution: 'bundler', lib: ['ES2022', 'dom', 'dom.iterable'], experimentalDecorators: true, allowJs: true, checkJs: false, skipLibCheck: false, types: [] },
      files: ['main.ts'],
    }),
    'tsconfig.worker.json': JSON.stringify({
      compilerOptions: { target: 'ES2022', module: 'preserve', moduleResolution: 'bundler', lib: ['ES2022', 'webworker'], allowJs: true, checkJs: false, types: [] },
      files: ['thread.worker.ts'],
    }),
    'index.html': html('<app-root></app-root>').replace('<title>', '<base href="/"><title>'),
    'thread.worker.ts': "import './worker.js';\n",
    'main.ts': `import { Component } from '@angular/core';
import { bootstrapApplication } from '@angular/platform-browser';
import { provideZoneChangeDetection } from '@angular/core';
// @ts-ignore: JavaScript
import { runPage } from './page.js';
// @ts-ignore: JavaScript
import { totalsByCity } from './example.js';

@Component({ selector: 'app-root', template: '{{ said }}' })
class App {
  said = 'working';
  async ngOnInit() {
    await runPage(() => new Worker(new URL('./thread.worker', import.meta.url), { type: 'module' }), { example: totalsByCity });
    this.said = 'done';
  }
}
bootstrapApplication(App, { providers: [provideZoneChangeDetection()] });
`,
  },
  example: true,
  build: [[bin('ng'), 'build']],
  out: 'dist',
}; // prettier-ignore

const next = {
  dependencies: { next: '16.4.6', react: '19.3.1', 'react-dom': '19.3.1' },
  files: {
    'next.config.mjs': 'export default { devIndicators: false, turbopack: { root: import.meta.dirname } };',
    'app/layout.js':
      "export const metadata = { title: 'app' };\nexport default function Layout({ children }) { return <html><body>{children}</body></html>; }\n",
    'app/page.js': `'use client';
import { useEffect } from 'react';
import { runPage } from '../page.js';

let started = false;
export default function Page() {
  useEffect(() => {
    if (started) return;
    started = true;
    runPage(() => new Worker(new URL('../worker.js', import.meta.url), { type: 'module' }));
  }, []);
  return <p>working</p>;
}
`,
    ...Object.fromEntries(
      ['nodejs', 'edge'].map((runtime) => [
        `app/api/${runtime}/route.js`,
        `import { runHost } from '../../../host.js';
export const runtime = '${runtime}';
export const dynamic = 'force-dynamic';
export const GET = async (request) => Response.json(await runHost({ base: new URL(request.url).searchParams.get('base'), connects: false }));
`,
      ]),
    ),
  },
  build: [[bin('next'), 'build']],
  public: 'public',
  serve: (port) => [bin('next'), 'start', '-H', '127.0.0.1', '-p', String(port)],
  sizes: '.next/static',
};

const esbuild = {
  dependencies: {},
  files: { 'main.js': mainWithEntry, 'index.html': html() },
  build: [ESBUILD],
  out: 'dist',
  copy: ['index.html'],
};

const BROWSERS = ['chromium', 'firefox', 'webkit'];

/** `short` ones are those of `npm test`; `engines` are those that it runs in, Chromium unless named. */
export const pages = [
  { name: 'esbuild', ...esbuild, engines: BROWSERS, short: true },
  {
    name: 'Rollup',
    dependencies: { rollup: '4.68.8', '@rollup/plugin-node-resolve': '16.0.3', '@rollup/plugin-terser': '1.0.0' },
    files: { 'main.js': mainWithEntry, 'index.html': html() },
    build: [
      [
        bin('rollup'),
        '-i',
        'main.js',
        '-i',
        'worker.js',
        '-d',
        'dist',
        '-f',
        'es',
        '-p',
        'node-resolve',
        '-p',
        'terser',
        '--silent',
      ],
    ],
    out: 'dist',
    copy: ['index.html'],
  },
  {
    name: 'webpack',
    dependencies: { webpack: '5.113.0', 'webpack-cli': '7.3.1' },
    files: { 'main.js': main, 'index.html': html(), 'webpack.config.cjs': webpackConfig },
    build: [[bin('webpack'), '--config', 'webpack.config.cjs']],
    out: 'dist',
    copy: ['index.html'],
  },
  {
    name: 'Rspack',
    dependencies: { '@rspack/core': '2.3.4', '@rspack/cli': '2.2.8' },
    files: { 'main.js': main, 'index.html': html(), 'rspack.config.cjs': webpackConfig },
    build: [[bin('rspack'), 'build', '--config', 'rspack.config.cjs']],
    out: 'dist',
    copy: ['index.html'],
  },
  { name: 'Vite', ...vite('8.4.0'), engines: BROWSERS },
  { name: 'Vite, target es2015', ...vite('7.3.8', "target: 'es2015'"), short: true },
  {
    name: 'Parcel 2',
    dependencies: { parcel: '2.16.4' },
    files: { 'main.js': main, 'index.html': html('<script type="module" src="main.js"></script>') },
    build: [
      [
        bin('parcel'),
        'build',
        'index.html',
        '--no-cache',
        '--cache-dir',
        '.cache',
        '--public-url',
        '/',
        '--log-level',
        'error',
      ],
    ],
    out: 'dist',
  },
  { name: 'Angular with zone.js', ...angular },
  { name: 'Next', ...next, urls: { 'on the server': '/api/nodejs', 'on the edge': '/api/edge' } },
  {
    name: 'import map',
    dependencies: {},
    files: {
      'main.js': main,
      'index.html': html(
        `<script type="importmap">{ "imports": { "tidegate": "/node_modules/tidegate/dist/index.js", "tidegate/codecs": "/node_modules/tidegate/dist/codecs.js" } }</script>${script}`,
      ),
    },
    // Import maps are for pages: a worker has none.
    transform: { 'answer.js': (text) => text.replace("'tidegate'", "'/node_modules/tidegate/dist/index.js'") },
    out: '.',
    short: true,
  },
  {
    name: '<script>, importScripts',
    dependencies: {},
    files: {
      'main.js': "import { runPage } from './page.js';\nrunPage(() => new Worker('/worker.js'));\n",
      'index.html': html('<script src="/tidegate.global.js"></script><script src="/main.js"></script>'),
    },
    build: [classic],
    out: 'dist',
    copy: ['index.html', 'node_modules/tidegate/dist/tidegate.global.js'],
    short: true,
  },
  {
    name: "CSP script-src 'self'",
    ...esbuild,
    files: {
      ...esbuild.files,
      'main.js': `import 'tidegate/js';\nimport 'tidegate/js-codecs';\n${mainWithEntry}`,
    },
    transform: { 'worker.js': (text) => `import 'tidegate/js';\n${text}` },
    headers: { 'content-security-policy': "script-src 'self'" },
    short: true,
  },
  { name: 'Chromium 115', ...esbuild, oldest: true },
];
