/** Drops streams, and prints what is said of that in development. Run with `--expose-gc`. */
import 'tidegate/inspect';
import { fromNative, pipeline, ReadableStream, tee, TransformStream, WritableStream } from 'tidegate';

const lines = [];
console.warn = (text) => lines.push(`warning: ${text}`);
globalThis.dispatchEvent ??= ({ detail }) =>
  lines.push(`event: ${detail.kind} ${/at (?:new )?(\w+)/.exec(detail.stack)?.[1]}`);

const open = () => new ReadableStream({ pull: (controller) => controller.enqueue(1), cancel() {} });

function makesAndDrops() {
  new ReadableStream({ pull: () => new Promise(() => {}), cancel() {} });
}

async function usesAll() {
  const read = open().getReader();
  await read.read();
  await read.cancel();
  await open().cancel();
  for await (const chunk of open()) if (chunk) break;
  const stop = new AbortController();
  const piped = open().pipeTo(new WritableStream(), { signal: stop.signal });
  stop.abort();
  await piped.catch(() => {});
  await pipeline([1, 2], (n) => n, new WritableStream());
  await pipeline(
    async function* () {
      yield 1;
    },
    async function* (chunks) {
      yield* chunks;
    },
    new TransformStream(),
    new WritableStream(),
  );
  new TransformStream();
  const branches = open().tee();
  await Promise.all(branches.map((branch) => branch.cancel()));
  await Promise.all(tee(open()).map((branch) => branch.cancel()));
  new ReadableStream({ start: (controller) => controller.close(), cancel() {} });
  new ReadableStream({ start: (controller) => controller.error(new Error('gone')), cancel() {} });
  new ReadableStream();
  await fromNative(new Response('abc').body).cancel();
}

/** Bodies that the runtime makes streams of, and bodies that are looked at and go on without that. */
async function makesBodies() {
  const { ReadableStream: Native } = globalThis;
  const { install } = await import('tidegate/polyfill');
  install({ force: true });
  const source = { pull: () => new Promise(() => {}), cancel() {} };
  new Response(new Native(source));
  new Request('http://localhost/', { method: 'POST', body: new Native(source), duplex: 'half' });
  const response = await fetch('data:text/plain,abc');
  if (response.body === null) throw new Error('there is a body');
  await new Response(response.body).text();
  const other = await fetch('data:text/plain,abc');
  if (other.body !== null) await other.text();
}

const program = { dropped: makesAndDrops, used: usesAll, bodies: makesBodies }[process.argv[2]];
await program();
// Streams of the last second are still held.
for (let n = 0; n < 40 && lines.length < 2; n++) {
  await new Promise((resolve) => setTimeout(resolve, 50));
  globalThis.gc();
}
console.log(lines.join('\n') || 'nothing');
