/** Runs a bench program in a Node process of its own and prints what it found as JSON. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { measure } from './measure.js';
import { memory } from './memory.js';
import { scale } from './scale.js';
import { firstChunk } from './startup.js';
import { wasmBytes as wasm } from './watch-wasm.js';

const settings = JSON.parse(process.argv[2]);

/** Loads only what is asked for. */
const loaders = {
  ours: () => import('../dist/index.js'),
  before: () => import(pathToFileURL(settings.before).href),
  native: () => globalThis,
  polyfill: () => import('web-streams-polyfill'),
  /** The package names its classes FastReadableStream and so on. */
  fast: async () => {
    const fast = await import('experimental-fast-webstreams');
    return {
      ReadableStream: fast.FastReadableStream,
      WritableStream: fast.FastWritableStream,
      TransformStream: fast.FastTransformStream,
      ByteLengthQueuingStrategy,
    };
  },
  streamx: async () => ({ workloads: (await import('./streamx.js')).streamxWorkloads }),
  floor: async () => ({ workloads: (await import('./floors.js')).floorWorkloads }),
};

async function load(names) {
  const implementations = {};
  for (const name of settings.instruments ?? [])
    implementations[name] = await import(pathToFileURL(join(settings.folder, `${name}.mjs`)).href);
  for (const name of Object.keys(loaders)) if (names.includes(name)) implementations[name] = await loaders[name]();
  return implementations;
}

/** The heap and what hangs from it, after a full collection; without the Wasm memories, which are counted by themselves. */
function heap() {
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + Math.max(0, external - wasm());
}

const progress = (name) => process.stderr.write(`${name}\n`);
const standard = settings.implementations.filter((name) => name !== 'streamx' && name !== 'floor');

const programs = {
  measure: async () => measure(await load(settings.implementations), { ...settings, progress }),
  scale: async () => scale(await load(standard), { ...settings, progress }),
  memory: async () =>
    memory((await load(settings.implementations))[settings.implementations[0]], { ...settings, heap, wasm }),
  /** One import: each turn is a process of its own. */
  startup: async () =>
    (0, eval)(firstChunk)(
      import.meta.resolve(settings.implementations[0] === 'ours' ? '../dist/index.js' : 'web-streams-polyfill'),
    ),
};

process.stdout.write(JSON.stringify(await programs[settings.program ?? 'measure']()));
