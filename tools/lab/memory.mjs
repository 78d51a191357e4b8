/**
 * Runs the job in Chromium and watches the page's memory from outside: JS heap, the engine's own objects for the page, and
 * everything that array buffers and Wasm memories hold. Shows whether memory depends on the file's size.
 *
 *   node tools/lab/memory.mjs [--sizes 256MB,1GB] [--undisturbed]
 *
 * Every sample is taken while the page's scripts are halted, twice: as it is, garbage included, and after a collection.
 * Collections also make for less garbage; with --undisturbed there are none but the engine's own, and no halts.
 */

import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { formatBytes, formatDuration, parseSize } from '../../www/units.js';

/** What Chromium must be started with. */
export const CHROMIUM_ARGS = ['--js-flags=--expose-gc'];

/** Milliseconds between samples, with and without collections. */
const EVERY = 250;
const EVERY_UNDISTURBED = 50;

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

/** Array buffers that one collection finds dead are given back by the next. */
async function collect(cdp) {
  // The protocol's own collectGarbage does not return while scripts are halted.
  await cdp.send('Runtime.evaluate', { expression: 'gc(); gc()' });
}

/** Halts the page's scripts at their next statement; false where none comes within a second, as at the end. */
async function halt(cdp) {
  let timer;
  const paused = new Promise((resolve) => {
    cdp.once('Debugger.paused', () => resolve(true));
    timer = setTimeout(resolve, 1000, false);
  });
  await cdp.send('Debugger.pause');
  const halted = await paused;
  clearTimeout(timer);
  return halted;
}

/**
 * Runs the job of one size in a page that has loaded the lab.
 *
 * @param {import('puppeteer-core').Page} page opened after `recordWasmMemories` was installed
 * @param {string} size as in "256MB"
 * @param {{ undisturbed?: boolean }} [options] whether to do without halts and collections; then there is no `live`
 * @returns {Promise<{ start: Sample, raw: Sample, live?: Sample, samples: number, seconds: number, result: object }>} `start`
 *   is before the job, after a collection; `raw` and `live` are the samples with the largest total, without and with a
 *   forced collection
 * @typedef {{ heap: number, buffers: number, wasm: number, total: number }} Sample
 */
export async function watchMemory(page, size, { undisturbed = false } = {}) {
  const cdp = await page.createCDPSession();
  const largest = (a, b) => (a && a.total >= b.total ? a : b);
  try {
    await page.evaluate(() => import('/job.js'));
    if (!undisturbed) await cdp.send('Debugger.enable');
    await collect(cdp);
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
      if (undisturbed) {
        raw = largest(raw, await sample(cdp));
        samples += 1;
      } else if (await halt(cdp)) {
        raw = largest(raw, await sample(cdp));
        await collect(cdp);
        live = largest(live, await sample(cdp));
        samples += 1;
        await cdp.send('Debugger.resume');
      }
      await new Promise((resolve) => setTimeout(resolve, undisturbed ? EVERY_UNDISTURBED : EVERY));
    }
    return { start, raw, live, samples, seconds: (Date.now() - began) / 1000, result: await done };
  } finally {
    await cdp.detach();
  }
}

async function main() {
  const { values } = parseArgs({
    options: { sizes: { type: 'string', default: '256MB,1GB' }, undisturbed: { type: 'boolean' } },
  });
  const sizes = values.sizes.split(',');
  sizes.forEach(parseSize);
  const { launch } = await import('../browsers/index.mjs');
  const { startLabServer } = await import('./server.mjs');
  const lab = await startLabServer();
  try {
    let first;
    for (const size of sizes) {
      const browser = await launch('chromium', { args: CHROMIUM_ARGS });
      try {
        await browser.page.evaluateOnNewDocument(recordWasmMemories);
        await browser.open(`${lab.url}/`);
        const run = await watchMemory(browser.page, size, values);
        const server = await (await fetch(`${lab.url}/api/summary?size=${size}`)).json();
        const right = run.result.sha256 === server.sha256 && run.result.rows === server.rows;
        if (!right) process.exitCode = 1;
        first ??= run;
        console.log(`${size}: ${right ? 'right' : 'WRONG'}, ${formatDuration(run.seconds)}, ${run.samples} samples`);
        tell('at the start', run.start);
        tell('peak, garbage included', run.raw, first.raw);
        if (run.live) tell('peak, after collections', run.live, first.live);
      } finally {
        await browser.close();
      }
    }
  } finally {
    await lab.close();
  }
}

function tell(name, at, first) {
  const parts = ['heap', 'buffers', 'wasm'].map((part) => `${part} ${formatBytes(at[part])}`).join(', ');
  const ratio = first && first !== at ? `, ${(at.total / first.total).toFixed(3)} of the first size's` : '';
  console.log(`  ${name.padEnd(24)} ${formatBytes(at.total).padStart(8)} (${parts})${ratio}`);
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) await main();
