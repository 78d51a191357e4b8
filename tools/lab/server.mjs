/**
 * The lab's server: the page, the built package, a gzip CSV of any size made on the fly, and what the server itself knows
 * about them. Listens on 127.0.0.1 only.
 *
 *   node tools/lab/server.mjs [--port 7373]
 *
 * | path | answer |
 * |---|---|
 * | / and /*.js, *.css | www/ |
 * | /dist/ | the built package |
 * | /benches/ | the workloads of the race |
 * | /data/SIZE.csv.gz?id=ID | the file, gzip as its content (not as a transfer coding): the page inflates it itself |
 * | /data/SIZE.csv?id=ID | the same, not compressed |
 * | /data/endless.csv.gz?id=ID | a file without an end |
 * | /data/endless.csv.gz?id=ID&part=N | the same in parts of 2.45 MB of gzip, from 0 on; the parts of one id are one download |
 * | /api/summary?size=SIZE | row count, totals by city, SHA-256 |
 * | /api/connections[?id=ID] | bytes handed to each download's socket, and how it ended |
 */

import { createServer } from 'node:http';
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseSize } from '../../www/units.js';
import { Connections } from './connections.mjs';
import { download, downloadEndless } from './download.mjs';
import { computeSummary, MAX_SIZE, MIN_SIZE } from './generator.mjs';
import { FOLDERS, pageModule, POLICY } from './page.mjs';
import { serveFile } from './static.mjs';

/** Where the lab listens when nothing else was asked for and the port is free. */
export const DEFAULT_PORT = 7373;

/** The sample for those without a file of their own. */
const SAMPLE = '/data/4MB.csv.gz';

/**
 * Starts the lab.
 *
 * @param {object} [options]
 * @param {number} [options.port] 0, the default, takes any free port
 * @param {boolean} [options.fallback] take any free port when the asked one is in use; default false
 * @returns {Promise<{ url: string, port: number, connections: Connections, close(): Promise<void> }>}
 */
export async function startLabServer({ port = 0, fallback = false } = {}) {
  const lab = new Lab();
  const server = createServer((request, response) => lab.handle(request, response));
  try {
    await listen(server, port);
  } catch (error) {
    if (!fallback || error.code !== 'EADDRINUSE') throw error;
    await listen(server, 0);
  }
  const bound = server.address().port;
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    connections: lab.connections,
    close() {
      lab.stop();
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

function listen(server, port) {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** An answer other than 200, with what the client should do. */
class HttpError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

class Lab {
  connections = new Connections();
  /** Summaries by size; a promise while one is being computed, so that nobody computes it twice. */
  #summaries = new Map();
  #stopping = new AbortController();

  stop() {
    this.#stopping.abort();
  }

  async handle(request, response) {
    try {
      await this.#route(request, response);
    } catch (error) {
      if (response.destroyed) return;
      if (response.headersSent) return void response.destroy();
      const status = error instanceof HttpError ? error.status : 500;
      if (status === 500) console.error(error);
      sendJson(response, { error: error.message }, status);
    }
  }

  async #route(request, response) {
    if (request.method !== 'GET' && request.method !== 'HEAD')
      throw new HttpError(405, 'only GET and HEAD are answered');
    const url = new URL(request.url, 'http://127.0.0.1');
    // A page that is cross-origin isolated may measure its own memory.
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Content-Security-Policy', POLICY);

    if (url.pathname === '/data/endless.csv.gz') return this.#endless(url, request, response);
    if (url.pathname === '/data/sample.csv.gz') url.pathname = SAMPLE;
    if (url.pathname.startsWith('/data/')) return this.#data(url, request, response);
    if (url.pathname === '/api/summary')
      return sendJson(response, await this.#summary(sizeOf(url.searchParams.get('size'))));
    if (url.pathname === '/api/connections') return this.#connections(url, response);

    const path = url.pathname === '/' ? 'index.html' : decoded(url.pathname).slice(1);
    const [prefix, root] = Object.entries(FOLDERS).find(([start]) => path.startsWith(start));
    if (prefix === '' && path.endsWith('.js') && !/\.\.|\0/.test(path)) {
      const text = await pageModule(path);
      if (text !== null) return send(response, text, 'text/javascript; charset=utf-8', 'no-cache');
    }
    if (!(await serveFile(response, root, path.slice(prefix.length)))) throw new HttpError(404, `there is no /${path}`);
  }

  async #endless(url, request, response) {
    const text = url.searchParams.get('part');
    if (text !== null && !/^\d{1,6}$/.test(text)) throw new HttpError(400, `"${text}" is not the number of a part`);
    response.setHeader('Content-Type', 'application/gzip');
    response.setHeader('Cache-Control', 'no-store');
    if (request.method === 'HEAD') return response.end();

    const id = url.searchParams.get('id') ?? undefined;
    const record = this.connections.open(url.pathname, id, text !== null && text !== '0');
    try {
      await downloadEndless(response, {
        part: text === null ? null : Number(text),
        onBytes: (count) => (record.bytes += count),
      });
      this.connections.end(record, 'complete');
    } catch (error) {
      this.connections.end(record, response.destroyed ? 'aborted' : 'failed');
      throw error;
    }
  }

  async #data(url, request, response) {
    const match = /^\/data\/([^/]+)\.csv(\.gz)?$/.exec(decoded(url.pathname));
    if (!match)
      throw new HttpError(404, 'files are named /data/SIZE.csv.gz or /data/SIZE.csv, as in /data/256MB.csv.gz');
    const size = sizeOf(match[1]);
    const gzip = match[2] !== undefined;
    response.setHeader('Content-Type', gzip ? 'application/gzip' : 'text/csv; charset=utf-8');
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader('X-Uncompressed-Length', size);
    if (!gzip) response.setHeader('Content-Length', size);
    if (request.method === 'HEAD') return response.end();

    const record = this.connections.open(url.pathname, url.searchParams.get('id') ?? undefined);
    try {
      const summary = await download(response, { size, gzip, onBytes: (count) => (record.bytes += count) });
      this.connections.end(record, 'complete');
      this.#summaries.set(size, summary);
    } catch (error) {
      this.connections.end(record, response.destroyed ? 'aborted' : 'failed');
      throw error;
    }
  }

  #summary(size) {
    if (!this.#summaries.has(size)) {
      const summary = computeSummary(size, this.#stopping.signal);
      summary.catch(() => this.#summaries.delete(size));
      this.#summaries.set(size, summary);
    }
    return this.#summaries.get(size);
  }

  #connections(url, response) {
    const id = url.searchParams.get('id');
    if (id === null) return sendJson(response, this.connections.list());
    const record = this.connections.get(id);
    if (!record) throw new HttpError(404, `no download had the id "${id}"`);
    return sendJson(response, record);
  }
}

function decoded(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new HttpError(400, `${path} is not a valid path`);
  }
}

function sizeOf(text) {
  let size;
  try {
    size = parseSize(text);
  } catch (error) {
    throw new HttpError(400, error.message);
  }
  if (size < MIN_SIZE || size > MAX_SIZE) throw new HttpError(400, `sizes go from 1KB to 10GB, not ${text}`);
  return size;
}

function sendJson(response, value, status = 200) {
  response.statusCode = status;
  send(response, JSON.stringify(value), 'application/json; charset=utf-8', 'no-store');
}

function send(response, text, type, caching) {
  response.setHeader('Content-Type', type);
  response.setHeader('Cache-Control', caching);
  response.end(text);
}

/** The port from `--port N`, else from the environment's PORT, else undefined. */
function portFrom(args, env) {
  const flag = args.indexOf('--port');
  const text = flag >= 0 ? args[flag + 1] : env.PORT;
  if (text === undefined || text === '') return undefined;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new RangeError(`"${text}" is not a port`);
  return port;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    const asked = portFrom(process.argv.slice(2), process.env);
    const lab = await startLabServer({ port: asked ?? DEFAULT_PORT, fallback: asked === undefined });
    console.log(`The lab is open at ${lab.url}/  (Ctrl+C ends it)`);
    const end = () => lab.close().then(() => process.exit(0));
    process.once('SIGINT', end);
    process.once('SIGTERM', end);
  } catch (error) {
    const hint = error.code === 'EADDRINUSE' ? ' Choose another with --port, or --port 0 for any free one.' : '';
    console.error(`The lab could not start: ${error.message}.${hint}`);
    process.exit(1);
  }
}
