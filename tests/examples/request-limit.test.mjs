/** A server with a limit for bodies, on real sockets: what is saved, what is refused, and what becomes of the connection. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createUploadServer } from '../../examples/request-limit.js';

const LIMIT = 1_000_000;

/** Runs `work({ url, port, folder, sockets })` with a server that saves below `folder`. */
const withServer =
  (work, { pathOf } = {}) =>
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tidegate-bodies-'));
    const server = createUploadServer(pathOf ?? (({ url }) => join(folder, url.slice(1))), { limit: LIMIT });
    const sockets = [];
    server.on('connection', (socket) => sockets.push(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    try {
      await work({ url: `http://127.0.0.1:${port}`, port, folder, sockets });
    } finally {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true, force: true });
    }
  };

async function until(condition, ms, what) {
  const end = Date.now() + ms;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await sleep(10);
  }
}

/** A body of `count` bytes without a Content-Length. */
const streamed = (count) => ({
  method: 'PUT',
  duplex: 'half',
  body: new ReadableStream({
    pull(controller) {
      if (count <= 0) return controller.close();
      controller.enqueue(new Uint8Array(Math.min(count, 65_536)));
      count -= 65_536;
    },
  }),
});

/** Sends `count` bytes as a client that looks at the response only when it has sent all; resolves with the response's text. */
async function sendBlindly(port, count, head = `content-length: ${count}`) {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  let failed;
  socket.setEncoding('utf8').on('data', (piece) => (text += piece));
  socket.on('error', (error) => (failed = error));
  const closed = once(socket, 'close');
  socket.write(`PUT /blind HTTP/1.1\r\nhost: localhost\r\n${head}\r\n\r\n`);
  socket.pause();
  for (let left = count; left > 0 && !failed; left -= 65_536) {
    if (!socket.write(Buffer.alloc(Math.min(left, 65_536)))) {
      await Promise.race([once(socket, 'drain').catch(() => {}), closed]);
    }
  }
  socket.resume();
  await closed;
  return { text, failed };
}

describe('a server with a limit for bodies', () => {
  test(
    'saves a body up to the limit, and keeps the connection',
    withServer(async ({ port, folder, sockets }) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      try {
        for (const name of ['a', 'b']) {
          const request = httpRequest({ port, agent, path: `/${name}`, method: 'PUT' });
          request.end(Buffer.alloc(LIMIT, name));
          const [response] = await once(request, 'response');
          response.resume();
          await once(response, 'end');
          assert.equal(response.statusCode, 201);
          assert.deepEqual(await readFile(join(folder, name)), Buffer.alloc(LIMIT, name));
        }
        assert.equal(sockets.length, 1);
        assert.deepEqual(readdirSync(folder).toSorted(), ['a', 'b']);
      } finally {
        agent.destroy();
      }
    }),
  );

  test(
    'refuses a body whose declared length is over the limit, and saves nothing of it',
    withServer(async ({ url, folder, sockets }) => {
      const response = await fetch(`${url}/a`, { method: 'PUT', body: new Uint8Array(LIMIT + 1) });
      assert.deepEqual(
        [response.status, response.headers.get('connection'), await response.text()],
        [413, 'close', `The body has more than ${LIMIT} bytes\n`],
      );
      assert.deepEqual(readdirSync(folder), []);
      await until(() => sockets.every(({ destroyed }) => destroyed), 5000, 'the connection is closed');
    }),
  );

  test(
    'refuses a body of unknown length once it is over the limit, and leaves no part of it',
    withServer(async ({ url, folder, sockets }) => {
      const response = await fetch(`${url}/a`, streamed(20 * LIMIT));
      assert.equal(response.status, 413);
      await response.text();
      await until(() => readdirSync(folder).length === 0, 5000, 'the part is removed');
      await until(() => sockets.every(({ destroyed }) => destroyed), 5000, 'the connection is closed');
    }),
  );

  for (const [what, head] of [
    ['a declared length', undefined],
    ['an unknown length', 'transfer-encoding: chunked'],
  ]) {
    test(
      `lets a client that sends all before it reads see the response, with ${what}`,
      withServer(async ({ port }) => {
        const count = 8 * LIMIT;
        // One chunk of the whole length is a chunked body too.
        const { text, failed } = await sendBlindly(port, count, head && `${head}\r\n\r\n${count.toString(16)}`);
        assert.match(text, /^HTTP\/1\.1 413 /);
        assert.match(text, new RegExp(`The body has more than ${LIMIT} bytes\n$`));
        assert.equal(failed, undefined);
      }),
    );
  }

  test(
    'closes the connection of a client that goes on sending for ever',
    withServer(async ({ port }) => {
      const socket = connect(port, '127.0.0.1');
      let text = '';
      socket.setEncoding('utf8').on('data', (piece) => (text += piece));
      socket.on('error', () => {});
      socket.write('PUT /endless HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n');
      const timer = setInterval(() => socket.write(`10000\r\n${'x'.repeat(65_536)}\r\n`), 5);
      try {
        await until(() => socket.destroyed, 15_000, 'the connection is closed');
      } finally {
        clearInterval(timer);
        socket.destroy();
      }
      assert.match(text, /^HTTP\/1\.1 413 /);
    }),
  );

  test(
    'tells a client that asks first before it sends, and takes the body of another that asks',
    withServer(async ({ port, folder }) => {
      const asking = (count) => {
        const headers = { expect: '100-continue', 'content-length': count };
        const request = httpRequest({ port, path: '/asked', method: 'PUT', headers });
        let asked = false;
        request.on('continue', () => {
          asked = true;
          request.end(Buffer.alloc(count));
        });
        request.on('error', () => {});
        request.flushHeaders();
        return once(request, 'response').then(([response]) => {
          response.resume();
          request.destroy();
          return { status: response.statusCode, asked };
        });
      };
      assert.deepEqual(await asking(LIMIT + 1), { status: 413, asked: false });
      assert.deepEqual(await asking(LIMIT), { status: 201, asked: true });
      assert.equal((await readFile(join(folder, 'asked'))).length, LIMIT);
    }),
  );

  test(
    'leaves nothing of a body whose client has left',
    withServer(async ({ port, folder }) => {
      const socket = connect(port, '127.0.0.1');
      socket.write(`PUT /half HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${LIMIT}\r\n\r\n${'x'.repeat(100_000)}`);
      await until(() => readdirSync(folder).length === 1, 5000, 'it is being saved');
      socket.destroy();
      await until(() => readdirSync(folder).length === 0, 5000, 'the part is removed');
    }),
  );

  test(
    'answers with 500 where the file cannot be saved',
    withServer(
      async ({ url }) => {
        const response = await fetch(`${url}/a`, { method: 'PUT', body: 'text' });
        assert.equal(response.status, 500);
        await response.text();
      },
      { pathOf: () => '/there/is/no/such/folder/file' },
    ),
  );

  test(
    'keeps the file that was there when a new one is refused',
    withServer(async ({ url, folder }) => {
      await (await fetch(`${url}/a`, { method: 'PUT', body: 'old' })).text();
      await (await fetch(`${url}/a`, streamed(2 * LIMIT))).text();
      assert.ok(existsSync(join(folder, 'a')));
      assert.equal(await readFile(join(folder, 'a'), 'utf8'), 'old');
    }),
  );
});
