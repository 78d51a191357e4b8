/** Runs the workloads in a page and posts what it found. Bundled by run.mjs. */
import { documentsOf } from './documents.js';
import { measure } from './measure.js';
import { workloads } from './workloads.js';

const parameters = new URLSearchParams(location.search);

async function bytesOf(path) {
  return new Uint8Array(await (await fetch(path)).arrayBuffer());
}

async function run() {
  const settings = JSON.parse(parameters.get('settings'));
  const data = {
    text: await bytesOf('/text'),
    packed: await bytesOf('/packed'),
    brotli: await bytesOf('/brotli'),
    zstd: await bytesOf('/zstd'),
    json: await bytesOf('/json'),
    packedUrl: '/packed',
  };
  data.documents = documentsOf(data.json);
  return measure(workloads, data, settings);
}

const post = (value) => fetch(parameters.get('result'), { method: 'POST', body: JSON.stringify(value) });

run().then(post, (error) => post({ error: String(error?.stack ?? error) }));
