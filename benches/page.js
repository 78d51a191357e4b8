/** Runs a bench program in a page by itself and posts what it found. Bundled by engines.mjs with the implementations. */
import { wasmBytes as wasm } from './watch-wasm.js'; // before what it watches
import * as before from 'tidegate-bench:before';
import * as ours from 'tidegate-bench:ours';
import * as polyfill from 'web-streams-polyfill';
import { floorWorkloads } from './floors.js';
import { measure } from './measure.js';
import { memory } from './memory.js';
import { scale } from './scale.js';
import { startup } from './startup.js';

const parameters = new URLSearchParams(location.search);
const settings = JSON.parse(parameters.get('settings'));

function post(value) {
  return fetch(parameters.get('result'), { method: 'POST', body: JSON.stringify(value) });
}

const implementations = { ours, before, native: globalThis, polyfill, floor: { workloads: floorWorkloads } };
for (const name of Object.keys(implementations)) {
  const { ReadableStream, workloads } = implementations[name];
  if (!(ReadableStream || workloads) || !settings.implementations.includes(name)) delete implementations[name];
}

for (const name of settings.instruments ?? []) implementations[name] = await import(`/${name}.js`);

/** Chromium's own, started with precise memory information and an exposed collector. */
function heap() {
  globalThis.gc();
  globalThis.gc();
  return performance.memory.usedJSHeapSize;
}

const programs = {
  measure: () => measure(implementations, settings),
  scale: () => scale(implementations, settings),
  memory: () => memory(Object.values(implementations)[0], { ...settings, heap, wasm }),
  startup: () => startup(settings.implementations, settings.turns),
};

programs[settings.program ?? 'measure']().then(post, (error) => post({ error: String(error?.stack ?? error) }));
