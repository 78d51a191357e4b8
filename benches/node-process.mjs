/** Runs the benchmark in a Node process of its own and prints what it found as JSON. */
import * as fast from 'experimental-fast-webstreams';
import * as polyfill from 'web-streams-polyfill';
import { measure } from './measure.js';
import { streamxWorkloads } from './streamx.js';

const settings = JSON.parse(process.argv[2]);
const ours = settings.implementations.includes('ours') ? await import('../dist/index.js') : {};

/** The package names its classes FastReadableStream and so on. */
const fastClasses = {
  ReadableStream: fast.FastReadableStream, WritableStream: fast.FastWritableStream, TransformStream: fast.FastTransformStream,
  ByteLengthQueuingStrategy,
};

const implementations = { ours, native: globalThis, polyfill, fast: fastClasses, streamx: { workloads: streamxWorkloads } };
for (const name of Object.keys(implementations)) {
  if (!(implementations[name].ReadableStream || implementations[name].workloads) || !settings.implementations.includes(name)) delete implementations[name];
}

const result = await measure(implementations, { ...settings, progress: (name) => process.stderr.write(`${name}\n`) });
process.stdout.write(JSON.stringify(result));
