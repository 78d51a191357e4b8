/**
 * The server of a page without one: a worker that hands out the file without an end, chunk by chunk, each when the page asks for it, and
 * says how many bytes it has handed over.
 */

import { pipeline, toMessagePort } from 'tidegate';

const CHUNK = 65_536;
const TELL_EVERY = 100;

self.onmessage = async ({ data: { port, head, block } }) => {
  let bytes = 0;
  const tell = (state) => self.postMessage({ bytes, state });
  const timer = setInterval(tell, TELL_EVERY, 'open');
  const file = async function* () {
    const [first, rest] = await Promise.all([head, block].map(bytesAt));
    for (let part = first; ; part = rest)
      for (let at = 0; at < part.length; at += CHUNK) {
        const chunk = part.slice(at, at + CHUNK);
        bytes += chunk.length;
        yield chunk;
      }
  };
  try {
    await pipeline(file, toMessagePort(port, { transfer: true }));
  } catch {
    // The page went away, which is how every run of a file without an end ends; or a part cannot be had, which the page is told through the port.
  } finally {
    clearInterval(timer);
    tell('aborted');
  }
};

async function bytesAt(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  // A file without an end would be looked for in it for ever.
  if (bytes.length === 0) throw new Error(`${url} is empty`);
  return bytes;
}
