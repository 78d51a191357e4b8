/** Runs in a page whose policy refuses WebAssembly: what the package does there, without and with its core as JavaScript. */
const seen = {};
const message = (error) => `${error.name}: ${error.message}`;

const tidegate = await import('/dist/index.js');
const { lines } = await import('/dist/codecs.js');
seen.imported = typeof tidegate.pipeline;
try {
  new tidegate.ReadableStream();
} catch (error) {
  seen.refused = message(error);
}

await import('/dist/js.js');
const { drain, map, pipeline, toText } = tidegate;
seen.text = await toText(await fetch('/text'));
const total = async (chunks) => {
  let bytes = 0;
  for await (const size of chunks) bytes += size;
  return bytes;
};
seen.bytes = await pipeline(
  fetch('/bytes'),
  map((chunk) => chunk.length),
  total,
);
seen.aborted = await pipeline(fetch('/bytes'), drain(), { signal: AbortSignal.abort(new Error('no more')) }).catch(
  message,
);
seen.thrown = await pipeline(
  fetch('/bytes'),
  () => {
    throw new Error('broken stage');
  },
  drain(),
).catch(message);
seen.codec = await pipeline(fetch('/text'), lines(), drain()).catch(message);

await import('/dist/js-codecs.js');
seen.lines = await pipeline(fetch('/text'), lines(), (chunks) => tidegate.toArray(chunks)).catch(message);

const slim = await import('/dist/slim/index.js');
const slimCodecs = await import('/dist/slim/codecs.js');
seen.slim = await Promise.all([slim.init(), slimCodecs.initCodecs()])
  .then(() => slim.pipeline(fetch('/text'), slimCodecs.lines(), (chunks) => slim.toArray(chunks)))
  .catch(message);
seen.fetched = performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('.wasm')).length;

const result = new URL(location).searchParams.get('result');
await fetch(result, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: JSON.stringify(seen) });
