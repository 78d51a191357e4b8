/** Runs in a page whose policy refuses WebAssembly: what the package does there, without and with its core as JavaScript. */
const seen = {};
const message = (error) => `${error.name}: ${error.message}`;

const tidegate = await import('/dist/index.js');
const codecs = await import('/dist/codecs.js');
const { lines } = codecs;
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
seen.codec = await pipeline(fetch('/text'), codecs.digest('crc32'), drain()).catch(message);
const all = (...stages) => pipeline(...stages, (chunks) => tidegate.toArray(chunks)).catch(message);
const { csv, deflateRaw, gunzip, gzip, inflate, inflateRaw } = codecs;
const rows = csv({ header: true, batch: true });
seen.plain = {
  rows: await all(fetch('/rows.csv.gz'), gunzip(), rows).then((batches) => batches.flat?.() ?? batches),
  lines: await all(fetch('/text'), lines()),
  raw: await all(fetch('/text'), deflateRaw(), inflateRaw(), lines()),
  packed: await all(fetch('/text'), gzip({ name: 'tide' }), gunzip(), lines()),
  level: await all(fetch('/text'), gzip({ level: 1 })),
};
seen.faults = [];
for (const name of ['members', 'equal', 'junk', 'zero', 'short', 'zlib', 'zlib-junk']) {
  const stage = name.startsWith('zlib') ? inflate() : gunzip();
  seen.faults.push([name, await all(fetch(`/${name}`), stage, lines())]);
}

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
