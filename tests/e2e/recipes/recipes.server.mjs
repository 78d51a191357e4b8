/** What the recipes need on the other side: files whose connection breaks, uploads, sockets, and a look at the folder for downloads. */
import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { WebSocketServer } from 'ws';
import { createUploadServer } from '../../../examples/request-limit.js';
import { download } from '../../../tools/lab/download.mjs';
import { computeSummary } from '../../../tools/lab/generator.mjs';
import { parseSize } from '../../../www/units.js';

const MB = 1 << 20;
const FILE_SIZE = 12 * MB;
const BODY_LIMIT = MB;

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const queryOf = (request) => new URL(request.url, 'http://localhost').searchParams;

/** Bytes that differ from place to place. */
function content() {
  const bytes = Buffer.alloc(FILE_SIZE);
  for (let at = 0; at < FILE_SIZE; at += 4) bytes.writeUInt32LE((at * 2654435761) >>> 0, at);
  return bytes;
}

/** `folder` is where the browser puts its downloads, and where bodies are saved. */
export function startRecipes(folder) {
  const file = content();
  const state = { requests: 0, endless: 0, uploads: {}, sockets: {} };
  const limited = createUploadServer(({ url }) => join(folder, basename(url)), { limit: BODY_LIMIT });
  const sockets = new WebSocketServer({ noServer: true });

  const routes = {
    '/state': (request, response) => response.end(JSON.stringify(state)),

    /** Its first connection breaks in the middle. */
    '/file'(request, response) {
      state.requests += 1;
      const from = Number(/\d+/.exec(request.headers.range ?? '0')[0]);
      response.writeHead(from ? 206 : 200, {
        etag: '"1"',
        'content-length': FILE_SIZE - from,
        ...(from ? { 'content-range': `bytes ${from}-${FILE_SIZE - 1}/${FILE_SIZE}` } : {}),
      });
      if (state.requests === 1)
        response.write(file.subarray(0, FILE_SIZE / 2), () => setTimeout(() => response.destroy(), 50));
      else response.end(file.subarray(from));
    },
    '/file/sha256': (request, response) => response.end(sha256(file)),

    '/endless'(request, response) {
      state.endless += 1;
      const write = () => {
        while (!response.destroyed && response.write(file.subarray(0, 65_536)));
      };
      response.on('drain', write).on('close', () => (state.endless -= 1));
      response.writeHead(200);
      write();
    },

    /** A file that the browser has saved, once it is whole: Firefox makes an empty one first and then writes beside it, Chromium writes under another name. */
    async '/disk'(request, response) {
      const path = join(folder, basename(queryOf(request).get('name')));
      const whole = existsSync(path) && statSync(path).size > 0 && !existsSync(`${path}.part`);
      response.writeHead(whole ? 200 : 404).end(whole ? await readFile(path) : undefined);
    },

    '/data.csv.gz': (request, response) =>
      download(response, { size: parseSize(queryOf(request).get('size')), gzip: true, onBytes() {} }).catch(() =>
        response.destroy(),
      ),
    '/data.json': async (request, response) =>
      response.end(JSON.stringify(await computeSummary(parseSize(queryOf(request).get('size'))))),

    /** Takes parts, some of them at the second try only, and compares the digest at the end. */
    async '/upload'(request, response) {
      const name = queryOf(request).get('name');
      const upload = (state.uploads[name] ??= { requests: 0, parts: 0, finished: false });
      Object.defineProperty(upload, 'bytes', { value: upload.bytes ?? [], configurable: true });
      upload.requests += 1;
      const chunks = [];
      try {
        for await (const chunk of request) chunks.push(chunk);
      } catch {
        return undefined; // the client has left
      }
      const body = Buffer.concat(chunks);
      if (request.method === 'POST') {
        const whole = Buffer.concat(upload.bytes);
        const { size, sha256: expected } = JSON.parse(body);
        upload.finished = size === whole.length && expected === sha256(whole);
        return response.writeHead(upload.finished ? 201 : 422).end();
      }
      if (name === 'flaky' && upload.requests % 3 === 0) {
        if (upload.requests % 2 === 0) return request.socket.destroy();
        return response.writeHead(503, { 'retry-after': '0' }).end();
      }
      const [, from] = /^bytes (\d+)-/.exec(request.headers['content-range']);
      const have = upload.bytes.reduce((sum, { length }) => sum + length, 0);
      if (Number(from) !== have) return response.writeHead(409).end();
      if (name === 'damaged') body[0] ^= 1;
      if (name === 'slow') await new Promise((resolve) => setTimeout(resolve, 100));
      upload.bytes.push(body);
      upload.parts += 1;
      return response.writeHead(204).end();
    },

    '/limited': (request, response) => limited.emit('request', request, response),
  };

  const plans = {
    '/thousand'(socket) {
      for (let n = 0; n < 1000; n += 1) socket.send(JSON.stringify({ n }));
      socket.close(1000);
    },
    '/refuse'(socket) {
      for (let n = 0; n < 250; n += 1) socket.send(JSON.stringify({ n }));
      setTimeout(() => socket.close(4001, 'no more room'), 200);
    },
    '/garbled'(socket) {
      socket.send('{"n":');
    },
    '/ticks'(socket) {
      const timer = setInterval(() => socket.send('{}'), 5);
      socket.on('close', () => clearInterval(timer));
    },
  };

  return {
    routes,
    attach(server) {
      server.on('upgrade', (request, socket, head) =>
        sockets.handleUpgrade(request, socket, head, (accepted) => {
          const path = request.url;
          state.sockets[path] = (state.sockets[path] ?? 0) + 1;
          accepted.on('error', () => {}).on('close', () => (state.sockets[path] -= 1));
          plans[path](accepted);
        }),
      );
    },
    stop() {
      for (const socket of sockets.clients) socket.terminate();
    },
  };
}
