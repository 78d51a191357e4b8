/** A server that never answers a close, or never even the handshake, holds nothing up, and its connection is ended. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { ReadableStream, fromWebSocket, pipeline, toWebSocket } from 'tidegate';
import { loadSource } from '../../../tools/build/load-source.mjs';
import { mute } from '../../matrix/mute-server.mjs';
import { pause, until } from '../../matrix/support.js';

const { GRACE } = await loadSource('js/runtime/grace');

const failure = new Error('the failure');
const GRACES = 3;

let server;
let other;
let open = 0;
before(async () => {
  other = mute();
  server = createServer();
  server.on('upgrade', (request, connection) => {
    open += 1;
    connection.on('close', () => void (open -= 1));
    other.upgrade(request, connection);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
after(() => {
  other.stop();
  server.close();
});

async function socketTo(path) {
  const socket = new WebSocket(`ws://127.0.0.1:${server.address().port}${path}`);
  if (path === '/matrix/silent') await once(socket, 'open');
  return socket;
}

/** What `promise` comes to before so many timers of the grace, one after another, have ended; undefined where nothing. */
const inGrace = (promise) =>
  Promise.race([
    promise.then(
      () => 'went well',
      (error) => error,
    ),
    (async () => {
      for (let n = 0; n < GRACES; n += 1) await pause(GRACE);
    })(),
  ]);

function soon() {
  const controller = new AbortController();
  setTimeout(() => controller.abort(failure), 20);
  return controller.signal;
}

const numbers = () =>
  new ReadableStream({
    async pull(controller) {
      await pause(1);
      controller.enqueue('1');
    },
  });
const take = async (messages) => {
  for await (const message of messages) void message;
};

for (const [what, path] of [
  ['answers no close', '/matrix/silent'],
  ['answers no handshake', '/matrix/mute/handshake'],
]) {
  describe(`of a server that ${what}`, () => {
    const cases = {
      'a pipeline from it that is aborted': [
        failure,
        async (socket) => pipeline(fromWebSocket(socket), take, { signal: soon() }),
      ],
      'a pipeline into it that is aborted': [
        failure,
        async (socket) => pipeline(numbers(), toWebSocket(socket), { signal: soon() }),
      ],
      'a pipeline into it that is aborted while it closes': [
        failure,
        async (socket) => pipeline(['1'], toWebSocket(socket), { signal: soon() }),
      ],
      'a stream from it that is cancelled': ['went well', async (socket) => fromWebSocket(socket).cancel(failure)],
      'a stream into it that is aborted': ['went well', async (socket) => toWebSocket(socket).abort(failure)],
      'a stream into it that is aborted while it closes': [
        failure,
        async (socket) => {
          const sink = toWebSocket(socket);
          sink.close().catch(() => {});
          await pause(20);
          await sink.abort(failure);
        },
      ],
    };
    for (const [name, [outcome, run]] of Object.entries(cases)) {
      test(`${name} settles within the grace, and the connection is ended`, async () => {
        const socket = await socketTo(path);
        socket.on('error', () => {});
        assert.equal(await inGrace(run(socket)), outcome);
        await until(() => socket.readyState, WebSocket.CLOSED, 'the state of the socket', 3);
        await until(() => open, 0, 'the number of connections', 3);
      });
    }
  });
}
