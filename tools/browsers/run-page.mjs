/** Runs a page that does its work by itself and posts one result, in a browser nobody is attached to. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import { openBare } from './bare.mjs';

/** The largest result accepted, in bytes. */
const RESULT_LIMIT = 64 * 1024 * 1024;

/**
 * A server on an ephemeral port of 127.0.0.1 that takes results posted by pages of any origin.
 * @param {(result: unknown) => void} receive Called with each posted body, parsed as JSON.
 * @returns {Promise<{ url: string, close(): Promise<void> }>} `url` is where to POST.
 */
async function startResultServer(receive) {
  const server = createServer(async (request, response) => {
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('access-control-allow-headers', '*');
    if (request.method === 'OPTIONS') return response.writeHead(204).end();
    try {
      const value = await readJson(request);
      response.writeHead(204).end();
      receive(value);
    } catch (error) {
      response.writeHead(400).end(String(error));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Reads a request's body as JSON; rejects over `RESULT_LIMIT` bytes. */
export async function readJson(request) {
  const pieces = [];
  let length = 0;
  for await (const piece of request) {
    length += piece.length;
    if (length > RESULT_LIMIT) throw new RangeError(`the posted result is over ${RESULT_LIMIT} bytes`);
    pieces.push(piece);
  }
  return JSON.parse(Buffer.concat(pieces).toString('utf8'));
}

/**
 * Opens `url` in a fresh browser and resolves with the first JSON value that the page posts to the address it finds in
 * its own query string as `result` (a cross-origin POST is fine; send it as text/plain and no preflight is needed).
 * A posted object with a string property `error` rejects.
 * @param {'chromium' | 'firefox' | 'webkit'} engine
 * @param {string} url http: or https: address of the page.
 * @param {{ timeout?: number, args?: string[], preferences?: Record<string, unknown> }} [options] `timeout` in
 *   milliseconds, 60,000 by default.
 * @returns {Promise<unknown>}
 */
export async function runPage(engine, url, { timeout = 60_000, ...options } = {}) {
  const received = deferred();
  const server = await startResultServer(received.resolve);
  let browser;
  let timer;
  try {
    const address = new URL(url);
    address.searchParams.set('result', server.url);
    browser = await openBare(engine, address.href, options);
    const value = await Promise.race([
      received.promise,
      browser.exited.then((text) => {
        throw new Error(`${engine} ended before ${url} posted its result. ${text}`);
      }),
      new Promise((_, reject) => {
        timer = setTimeout(
          () => reject(new Error(`${url} posted no result within ${timeout} ms in ${engine}`)),
          timeout,
        );
      }),
    ]);
    if (typeof value?.error === 'string') throw new Error(`${url} in ${engine}: ${value.error}`);
    return value;
  } finally {
    clearTimeout(timer);
    await browser?.close();
    await server.close();
  }
}

function deferred() {
  let resolve;
  const promise = new Promise((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
