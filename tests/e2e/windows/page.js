/** Reads a file in windows, stops for a while, and goes on; and reads one as the package does by itself. */
import { fromFetch, toBytes } from '/dist/index.js';

const hashOf = async (bytes) =>
  Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const sent = async (name) => (await fetch(`/sent?${name}`)).json();

/** What the server has sent when that no longer grows. */
async function standstill(name) {
  for (let before = -1, same = 0; ;) {
    const { bytes } = await sent(name);
    same = bytes === before ? same + 1 : 0;
    if (same === 5) return bytes;
    before = bytes;
    await sleep(100);
  }
}

async function stopped(name, options) {
  const reader = fromFetch(`/file?${name}`, options).getReader();
  const parts = [(await reader.read()).value];
  const bytes = await standstill(name);
  for (let result; !(result = await reader.read()).done;) parts.push(result.value);
  const { requests } = await sent(name);
  return { bytes, requests, hash: await hashOf(await new Blob(parts).arrayBuffer()) };
}

async function run() {
  const other = await (await fetch('/other')).json();
  return {
    windows: await stopped('windows', { window: 2 ** 20, connections: 2 }),
    ahead: await stopped('ahead', { window: 2 ** 20, connections: 4 }),
    byItself: await stopped('by-itself', {}),
    exposed: await hashOf(await toBytes(fromFetch(`${other}file?exposed`, { window: 2 ** 20 }))),
    hidden: await hashOf(await toBytes(fromFetch(`${other}file?hidden`, { window: 2 ** 20 }))),
  };
}

const seen = await run().catch((error) => ({ error: String(error?.stack ?? error) }));
await fetch(new URL(location.href).searchParams.get('result'), {
  method: 'POST',
  headers: { 'content-type': 'text/plain' },
  body: JSON.stringify(seen),
});
