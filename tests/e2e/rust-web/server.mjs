/** Serves the page, the module and the package, and responses for the module's `fetch()`. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../../..');
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };

/** Resolves when an event of that name has happened, even before. */
class Moments {
  #all = new Map();
  of(name) {
    if (!this.#all.has(name)) {
      const moment = {};
      moment.promise = new Promise((resolve) => (moment.resolve = resolve));
      this.#all.set(name, moment);
    }
    return this.#all.get(name);
  }
}

/** @returns {Promise<{ url: string, close(): Promise<void> }>} */
export async function serve({ glue, wasm, pages = here }) {
  const moments = new Moments();
  const responses = {
    '/bytes': (response) => response.end(Buffer.from(Array.from({ length: 300_000 }, (_, at) => at % 251))),
    '/missing': (response) => response.writeHead(404).end('there is no such file'),
    '/broken': (response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('a part', () => response.destroy());
    },
    '/endless': (response, of) => {
      response.on('close', moments.of(`${of} closed`).resolve);
      const write = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65536)));
      };
      response.on('drain', write);
      write();
    },
    '/silent': (response, of) => {
      moments.of(`${of} opened`).resolve();
      response.on('close', moments.of(`${of} closed`).resolve);
    },
    '/opened': (response, of) => moments.of(`${of} opened`).promise.then(() => response.end('opened')),
    '/closed': (response, of) => moments.of(`${of} closed`).promise.then(() => response.end('closed')),
  };
  const fileOf = (path) => {
    if (path === '/module_bg.js') return glue;
    if (path === '/module_bg.wasm') return wasm;
    if (path.startsWith('/dist/')) return join(root, normalize(path));
    return join(pages, path === '/' ? 'index.html' : normalize(path));
  };
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://localhost');
    const respond = responses[pathname];
    if (respond) return respond(response, searchParams.get('of'));
    try {
      const file = fileOf(pathname);
      const body = await readFile(file);
      response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
