/** Runs the benchmark in a page by itself and posts what it found. Bundled by run.mjs with the implementations. */
import * as ours from 'tidegate-bench:ours';
import * as polyfill from 'web-streams-polyfill';
import { measure } from './measure.js';

const parameters = new URLSearchParams(location.search);
const settings = JSON.parse(parameters.get('settings'));

function post(value) {
  return fetch(parameters.get('result'), { method: 'POST', body: JSON.stringify(value) });
}

const implementations = { ours, native: globalThis, polyfill };
for (const name of Object.keys(implementations)) {
  if (!implementations[name].ReadableStream || !settings.implementations.includes(name)) delete implementations[name];
}

measure(implementations, settings).then(post, (error) => post({ error: String(error?.stack ?? error) }));
