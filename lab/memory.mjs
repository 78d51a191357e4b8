/**
 * Runs the job in Chromium and watches the page's memory from outside: JS heap, the engine's own objects for the page, and
 * everything that array buffers and Wasm memories hold. Shows whether memory depends on the file's size.
 *
 *   node lab/memory.mjs [--sizes 256MB,1GB]
 *
 * Every sample is taken twice: as it is, garbage included, and after a forced collection.
 */

import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { formatBytes, formatDuration, parseSize } from '../www/units.js';

/** Milliseconds between samples. A forced collection takes about 10 ms. */
const EVERY = 250;

/**
 * Runs before the page's own scripts: keeps hold of every Wasm memory, for the probe to ask its size.
 */
export function recordWasmMemories() {
  const memories = (globalThis.wasmMemories = []);
  const record = (instance) => {
    for (const value of Object.values(instance.exports)) if (value instanceof WebAssembly.Memory) memories.push(value);
    return instance;
  };
  const { Instance, instantiate } = WebAssembly;
  WebAssembly.Instance = function (...args) {
    return record(new Instance(...args));
  };
  WebAssembly.Instance.prototype = Instance.prototype;
  WebAssembly.instantiate = async (...args) => {
    const made = await instantiate(...args);
    record(made.instance ?? made);
    return made;
  };
}

/**
 * One sample of a page's memory.
 *
 * @param {import('puppeteer-core').CDPSession} cdp
 * @returns {Promise<{ heap: number, buffers: number, wasm: number, total: number }>} bytes: `heap` is JS objects and the
 *   engine's own for the page, `buffers` what array buffers hold, `wasm` all Wasm memories; `total` is their sum
 */
async function sample(cdp) {
  const usage = await cdp.send('Runtime.getHeapUsage');
  const { result } = await cdp.send('Runtime.evaluate', {
    expression: 'globalThis.wasmMemories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0)',
    returnByValue: true,
  });
  const heap = usage.usedSize + usage.embedderHeapUsedSize;
  const wasm = result.value;
  const buffers = usage.backingStorageSize;
  return { heap, buffers, wasm, total: heap + buffers + wasm };
}

/**
 * Runs the job of one size in a page that has loaded the lab.
 *
 * @param {import('puppeteer-core').Page} page opened after `recordWasmMemories` was installed
 * @param {string} size as in "256MB"
 * @returns {Promise<{ start: Sample, raw: Sample, live: Sample, samples: number, seconds: number, result: object }>} `start`
 *   is before the job, after a collection; `raw` and `live` are the samples with the largest total, without and with a
 *   forced collection
 * @typedef {{ heap: number, buffers: number, wasm: number, total: number }} Sample
 */
export async function watchMemory(page, size) {
  const cdp = await page.createCDPSession();
  const largest = (a, b) => (a && a.total >= b.total ? a : b);
  try {
    await page.evaluate(() => import('/job.js'));
    await cdp.send('HeapProfiler.enable');
    await cdp.send('HeapProfiler.collectGarbage');
    const start = await sample(cdp);
    const began = Date.now();
    let running = true;
    const run = page.evaluate(async (file) => {
      const { runJob } = await import('/job.js');
      return runJob({ source: { url: `/data/${file}.csv.gz`, gzip: true } });
    }, size);
    const done = run.finally(() => {
      running = false;
    });
    done.catch(() => {}); // reported where it is awaited
    let raw;
    let live;
    let samples = 0;
    while (running) {
      raw = largest(raw, await sample(cdp));
      await cdp.send('HeapProfiler.collectGarbage');
      live = largest(live, await sample(cdp));
      samples += 1;
      await new Promise((resolve) => setTimeout(resolve, EVERY));
    }
    return { start, raw, live, samples, seconds: (Date.now() - began) / 1000, result: await done };
  } finally {
    await cdp.detach();
  }
}

async function main() {
  const { values } = parseArgs({ options: { sizes: { type: 'string', default: '256MB,1GB' } } });
  const sizes = values.sizes.split(',');
  sizes.forEach(parseSize);
  const { launch } = await import('../tools/browsers/index.mjs');
  const { startLabServer } = await import('./server.mjs');
  const lab = await startLabServer();
  try {
    let first;
    for (const size of sizes) {
      const browser = await launch('chromium');
      try {
        await browser.page.evaluateOnNewDocument(recordWasmMemories);
        await browser.open(`${lab.url}/`);
        const { start, raw, live, samples, seconds, result } = await watchMemory(browser.page, size);
        const server = await (await fetch(`${lab.url}/api/summary?size=${size}`)).json();
        const right = result.sha256 === server.sha256 && result.rows === server.rows;
        console.log(`${size}: ${right ? 'right' : 'WRONG'}, ${formatDuration(seconds)}, ${samples} samples`);
        for (const [name, at] of Object.entries({ start, 'peak, garbage included': raw, 'peak, after collections': live })) {
          const parts = ['heap', 'buffers', 'wasm'].map((part) => `${part} ${formatBytes(at[part])}`).join(', ');
          console.log(`  ${name.padEnd(24)} ${formatBytes(at.total).padStart(8)} (${parts})`);
        }
        first ??= { raw, live };
        const ratio = (kind) => (({ raw, live })[kind].total / first[kind].total).toFixed(3);
        console.log(`  of the first size's peak: ${ratio('raw')} garbage included, ${ratio('live')} after collections`);
        if (!right) process.exitCode = 1;
      } finally {
        await browser.close();
      }
    }
  } finally {
    await lab.close();
  }
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) await main();
