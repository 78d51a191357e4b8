import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { pipeline } from 'tidegate';

/** How long the server goes on reading a body that it has refused, in milliseconds. */
const LINGER = 2000;

export class BodyTooLarge extends Error {
  name = 'BodyTooLarge';
}

/** Saves the body of `request` as the file `path`, which exists only if all of the body came. Resolves with its size. */
export async function saveBody(request, path, { limit }) {
  const tooLarge = () => new BodyTooLarge(`The body has more than ${limit} bytes`);
  if (Number(request.headers['content-length']) > limit) throw tooLarge();
  let size = 0;
  const count = (chunk) => {
    size += chunk.length;
    if (size > limit) throw tooLarge();
    return chunk;
  };
  const part = `${path}.${randomUUID()}.part`;
  try {
    // Without `preventCancel` a failure would destroy the request, and the response with it.
    await pipeline(request, count, createWriteStream(part), { preventCancel: true });
    await rename(part, path);
    return size;
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

/** Sends an error response to a client that may still be sending its body. */
function refuse(request, response, status, text) {
  response.writeHead(status, {
    connection: 'close',
    'content-type': 'text/plain',
    'content-length': Buffer.byteLength(text),
  });
  response.write(text);
  // A socket that is closed with unread data resets the connection, and the client would lose the response.
  const end = () => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, LINGER);
  request.once('close', end);
  request.resume();
}

/** A server that saves each body as a file. `pathOf` gives the file's path for a request. */
export function createUploadServer(pathOf, { limit = 10 * 2 ** 20 } = {}) {
  async function handle(request, response) {
    try {
      const size = await saveBody(request, pathOf(request), { limit });
      response.writeHead(201, { 'content-type': 'text/plain' }).end(`${size} bytes\n`);
    } catch (error) {
      if (response.destroyed) return; // the client has left
      if (error instanceof BodyTooLarge) refuse(request, response, 413, `${error.message}\n`);
      else refuse(request, response, 500, 'The file cannot be saved\n');
    }
  }
  const server = createServer(handle);
  // A client that asks first, with `Expect: 100-continue`, sends no body that would be refused.
  server.on('checkContinue', (request, response) => {
    if (!(Number(request.headers['content-length']) > limit)) response.writeContinue();
    void handle(request, response);
  });
  return server;
}
