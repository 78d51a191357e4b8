/** fromWebSocket() against a server that floods it with messages of no or few bytes. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { fromWebSocket } from 'tidegate';
import { WebSocket, WebSocketServer } from 'ws';

const COUNT = 300_000;
let server;
let socket;
beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  await once(server, 'listening');
});
afterEach(() => {
  socket.terminate();
  for (const client of server.clients) client.terminate();
  server.close();
});

function flood(payload) {
  server.on('connection', async (connection) => {
    connection.on('error', () => {});
    for (let n = 0; n < COUNT && connection.readyState === 1; n += 1)
      if (n % 1000 === 999) await new Promise((resolve) => connection.send(payload, resolve));
      else connection.send(payload);
  });
  socket = new WebSocket(`ws://127.0.0.1:${server.address().port}`);
  return socket;
}

async function standing(value) {
  let stood = -1;
  for (let n = 0; n < 100 && (stood !== value() || stood <= 0); n += 1) {
    stood = value();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return stood;
}

describe('a flood of', () => {
  for (const [what, payload] of [
    ['empty texts', ''],
    ['empty messages of bytes', Buffer.alloc(0)],
    ['messages of one byte', Buffer.alloc(1)],
  ]) {
    test(`${what} is held back at the high-water mark`, async () => {
      const stream = fromWebSocket(flood(payload), { highWaterMark: 65536 });
      const queued = await standing(() => stream.counts.written);
      assert.ok(queued >= 1024 && queued < COUNT / 2, `${queued} messages were queued`);
      await stream.cancel();
    });

    test(`${what} fails at the capacity where the socket cannot be paused`, async () => {
      const paused = flood(payload);
      paused.pause = undefined; // as the engines' own sockets are
      const stream = fromWebSocket(paused, { capacity: 1024 * 1024 });
      await standing(() => stream.counts.written);
      assert.equal(stream.counts.written, 16384);
      await assert.rejects(stream.getReader().read(), /exceeded its capacity of 1048576 bytes/);
    });
  }
});
