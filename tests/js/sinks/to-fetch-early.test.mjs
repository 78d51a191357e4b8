/** toFetch() that streams, against a server that responds before it has read the body. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createRawServer } from 'node:net';
import { afterEach, describe, test } from 'node:test';
import { FetchError, pipeline, toFetch } from 'tidegate';
import { loadSource } from '../../../tools/build/load-source.mjs';
import { within } from '../pipeline/pipeline-parts.mjs';

const { GRACE } = await loadSource('js/runtime/grace');
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const MB = 1024 * 1024;

const servers = [];
const sockets = new Set();
async function listen(server) {
  servers.push(server);
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${server.address().port}/upload`;
}
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

async function* chunks(count, size = 65536, ms = 1) {
  for (let n = 0; n < count; n += 1) {
    yield new Uint8Array(size);
    await pause(ms);
  }
}

const isUnread = (error) =>
  error instanceof FetchError &&
  error.status === 200 &&
  /^toFetch\(\): http:\S+ responded with 200 OK before it read the whole body, and reads no more of it/.test(
    error.message,
  );

const responseOf = (body, more = '') => `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n${more}\r\n${body}`;

describe('a complete response before the body was read fails the upload', () => {
  const servers = {
    'of a server that reads nothing': () => createServer((request, response) => response.end('done')),
    'of a server that reads on': () =>
      createServer((request, response) => {
        request.resume();
        response.end('done');
      }),
    'of a server that closes its side': () =>
      createRawServer({ allowHalfOpen: true }, (socket) => {
        socket.once('data', () => socket.end(responseOf('done', 'connection: close\r\n')));
      }),
    'of a server that keeps the connection open': () =>
      createRawServer((socket) => {
        socket.once('data', () => {
          socket.pause();
          socket.write(responseOf('done'));
        });
      }),
    'of a server whose response is large': () => createServer((request, response) => response.end('x'.repeat(3 * MB))),
  };
  for (const [what, make] of Object.entries(servers)) {
    test(what, async () => {
      const sink = toFetch(await listen(make()), { as: 'stream' });
      await assert.rejects(within(10_000, pipeline(chunks(1000), sink)), isUnread);
      await assert.rejects(sink.response, isUnread);
    });
  }

  test('with a status that has no body', async () => {
    const url = await listen(createServer((request, response) => response.writeHead(204).end()));
    await assert.rejects(within(10_000, pipeline(chunks(1000), toFetch(url, { as: 'stream' }))), {
      name: 'FetchError',
      status: 204,
    });
  });

  test('and what the server said can be read', async () => {
    const url = await listen(createServer((request, response) => response.end('I have seen enough')));
    const error = await within(10_000, pipeline(chunks(1000), toFetch(url, { as: 'stream' }))).catch(
      (reason) => reason,
    );
    assert.equal(await error.response.text(), 'I have seen enough');
  });

  test('also where the source gives nothing more but its end', async () => {
    const server = createServer((request, response) => response.end('done'));
    const url = await listen(server);
    const source = (async function* () {
      yield 'x';
      await once(server, 'request');
      await pause(200);
    })();
    await assert.rejects(within(10_000, pipeline(source, toFetch(url, { as: 'stream' }))), isUnread);
  });
});

describe('a response that begins before the body was read', () => {
  test('leaves the server as much time to read as it likes', async () => {
    const url = await listen(
      createServer(async (request, response) => {
        response.writeHead(200).write('begun, ');
        let bytes = 0;
        for await (const chunk of request) {
          if (bytes === 0) await pause(3 * GRACE);
          bytes += chunk.length;
        }
        response.end(`${bytes} read`);
      }),
    );
    const sink = toFetch(url, { as: 'stream' });
    await within(20_000, pipeline(chunks(100, MB / 4), sink));
    assert.equal(await (await sink.response).text(), `begun, ${25 * MB} read`);
    assert.equal((await sink.response).url, url);
  });

  test('gives all that the server sends meanwhile', async () => {
    const url = await listen(createServer((request, response) => request.pipe(response)));
    const sink = toFetch(url, { as: 'stream' });
    await within(10_000, pipeline(chunks(10, 65536), sink));
    assert.equal((await (await sink.response).arrayBuffer()).byteLength, 10 * 65536);
  });

  test('of more than is kept does not stop the upload, and fails whoever reads it', async () => {
    let bytes = 0;
    const server = createServer((request, response) => {
      request.on('data', (chunk) => void (bytes += chunk.length));
      request.on('end', () => server.emit('whole'));
      request.pipe(response);
    });
    const url = await listen(server);
    const whole = once(server, 'whole');
    const sink = toFetch(url, { as: 'stream' });
    await within(20_000, pipeline(chunks(40, MB), sink));
    // What was sent may still be on its way.
    await within(20_000, whole);
    assert.equal(bytes, 40 * MB);
    await assert.rejects((await sink.response).text(), /sent more than 1048576 bytes of its response before/);
  });

  test('and breaks off fails the upload', async () => {
    const url = await listen(
      createRawServer((socket) => {
        socket.once('data', async () => {
          socket.pause();
          socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart`);
          await pause(50);
          socket.destroy();
        });
      }),
    );
    const sink = toFetch(url, { as: 'stream' });
    await assert.rejects(within(10_000, pipeline(chunks(1000), sink)), TypeError);
    await assert.rejects(sink.response, TypeError);
  });

  test('and is silent after it fails by stallTimeout', async () => {
    const url = await listen(createServer((request, response) => response.writeHead(200).write('begun')));
    const sink = toFetch(url, { as: 'stream', stallTimeout: 300 });
    await assert.rejects(within(10_000, pipeline(chunks(1000), sink)), /was silent for 300 ms \(stallTimeout\)/);
  });
});
