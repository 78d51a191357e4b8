/** fromWebSocket() and toWebSocket() over the package ws, which can hold its other side back. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, afterEach, before, describe, test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import * as tidegate from 'tidegate';
import { closes } from '../e2e/ends/close-codes.js';
import { fromWebSocket, pipeline, SocketError, toArray, toWebSocket } from 'tidegate';
import { turn, within } from '../js/pipeline/pipeline-parts.mjs';

const broken = new Error('broken');
const unhandled = [];
const onUnhandled = (error) => unhandled.push(error);
process.on('unhandledRejection', onUnhandled);

let server;
let url;
let connections = [];
let onConnection = () => {};

before(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (socket) => {
    connections.push(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  await once(server, 'listening');
  url = `ws://127.0.0.1:${server.address().port}`;
});
after(() => {
  for (const socket of server.clients) socket.terminate();
  server.close();
  process.removeListener('unhandledRejection', onUnhandled);
});
afterEach(async () => {
  await until(() => server.clients.size === 0, 'a connection is still open');
  assert.deepEqual(unhandled.splice(0), []);
  connections = [];
});

async function until(condition, what = 'it did not come to pass within a second') {
  for (let n = 0; n < 100 && !condition(); n += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(condition(), what);
}

async function standing(read) {
  let stood = -1;
  for (let n = 0; n < 100 && stood !== read(); n += 1) {
    stood = read();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return stood;
}

describe('fromWebSocket()', () => {
  test('gives texts and bytes, and ends with the connection', async () => {
    onConnection = (socket) => {
      socket.send('text');
      socket.send(Buffer.from([1, 2]));
      socket.close(1000);
    };
    assert.deepEqual(await toArray(fromWebSocket(new WebSocket(url))), ['text', new Uint8Array([1, 2])]);
  });

  for (const [what, end, closeCode, reason] of [
    ['a close that is no normal one', (socket) => socket.close(4001, 'no more room'), 4001, 'no more room'],
    ['a connection that breaks', (socket) => socket.terminate(), 1006, ''],
  ]) {
    test(`fails for ${what}`, async () => {
      onConnection = (socket) => socket.send('x', () => end(socket));
      const received = [];
      await assert.rejects(
        within(
          1000,
          pipeline(fromWebSocket(new WebSocket(url)), async (all) => {
            for await (const one of all) received.push(one);
          }),
        ),
        (error) => error instanceof SocketError && error.closeCode === closeCode && error.reason === reason,
      );
    });
  }

  test('fails for a connection that cannot be made, with its cause', async () => {
    await assert.rejects(
      within(5000, toArray(fromWebSocket(new WebSocket('ws://127.0.0.1:1')))),
      (error) => error instanceof SocketError && error.cause.code === 'ECONNREFUSED',
    );
  });

  test('holds the other side back while nobody reads, and goes on where it was', async () => {
    let sent = 0;
    onConnection = (socket) => {
      const payload = Buffer.alloc(16384);
      (async () => {
        while (socket.readyState === WebSocket.OPEN) {
          payload.writeUInt32LE(sent++);
          await new Promise((resolve) => socket.send(payload, resolve));
        }
      })();
    };
    const reader = fromWebSocket(new WebSocket(url)).getReader();
    await reader.read();
    const stood = await standing(() => sent);
    assert.ok(stood < 1500, `${stood} messages of 16 KiB were sent`);
    await turn();
    assert.equal(sent, stood);
    for (let n = 1; n < stood + 500; n += 1)
      assert.equal(new DataView((await reader.read()).value.buffer).getUint32(0, true), n);
    await reader.cancel();
  });

  test('closes the connection when the consumer has had enough', async () => {
    let closed;
    onConnection = (socket) => {
      socket.on('close', (code) => void (closed = code));
      for (let n = 0; n < 100; n += 1) socket.send(`${n}`);
    };
    assert.equal(
      await pipeline(
        fromWebSocket(new WebSocket(url)),
        async (all) => (await all.next()).value + (await all.next()).value,
      ),
      '01',
    );
    await until(() => closed !== undefined);
    assert.equal(closed, 1000);
  });

  test('closes it with a code and the message of the error when the pipeline fails', async () => {
    let closed;
    onConnection = (socket) => {
      socket.on('close', (code, reason) => void (closed = [code, String(reason)]));
      socket.send('x');
    };
    await assert.rejects(
      pipeline(
        fromWebSocket(new WebSocket(url)),
        () => {
          throw broken;
        },
        async (all) => {
          for await (const one of all) assert.fail(one);
        },
      ),
      (error) => error === broken,
    );
    await until(() => closed !== undefined);
    assert.deepEqual(closed, [4000, 'broken']);
  });

  test('ends a connection whose other side does not answer the close', async () => {
    onConnection = (socket) => {
      socket.send('x');
      socket.pause();
    };
    const socket = new WebSocket(url);
    const reader = fromWebSocket(socket).getReader();
    await reader.read();
    await reader.cancel();
    await until(() => socket.readyState === WebSocket.CLOSED);
    connections[0].terminate();
  });

  test('ends with the reason of its signal, also before it is open', async () => {
    onConnection = () => {};
    for (const wait of [0, 50]) {
      const controller = new AbortController();
      const received = toArray(fromWebSocket(new WebSocket(url), { signal: controller.signal }));
      received.catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, wait));
      controller.abort(broken);
      await assert.rejects(within(1000, received), (error) => error === broken);
    }
  });

  test('drops what it is told to past its capacity, and counts it', async () => {
    onConnection = (socket) => {
      for (let n = 0; n < 50; n += 1) socket.send(`${n}`.padStart(2, '0'));
      socket.close(1000);
    };
    const socket = new WebSocket(url);
    socket.pause = undefined; // as the engines' own sockets are
    const stream = fromWebSocket(socket, { highWaterMark: 2, capacity: 10, overflow: 'drop-oldest' });
    await once(socket, 'close');
    assert.equal(stream.counts.droppedOldest, 45);
    assert.deepEqual(await toArray(stream), ['45', '46', '47', '48', '49']);
  });

  test('names the ways out where a burst overflows it', async () => {
    onConnection = (socket) => {
      for (let n = 0; n < 50; n += 1) socket.send(`${n}`.padStart(2, '0'));
    };
    const socket = new WebSocket(url);
    socket.pause = undefined; // as the engines' own sockets are
    await assert.rejects(
      within(
        1000,
        pipeline(fromWebSocket(socket, { highWaterMark: 2, capacity: 10 }), async (all) => {
          for await (const one of all) await new Promise((resolve) => setTimeout(resolve, 5, one));
        }),
      ),
      {
        name: 'RangeError',
        message:
          /^fromWebSocket\(\): the queue exceeded its capacity of 10 bytes.* raise capacity, .* 'drop-oldest' or 'drop-newest' .* api: 'WebSocketStream'/,
      },
    );
  });

  test('refuses an api that there is not, and says where the engine lacks one', () => {
    assert.throws(() => fromWebSocket(url, { api: 'EventSource' }), {
      name: 'TypeError',
      message: "fromWebSocket(): api must be 'WebSocket' or 'WebSocketStream'; got EventSource",
    });
    assert.throws(() => toWebSocket(url, { api: 'WebSocketStream' }), {
      name: 'TypeError',
      message: /^toWebSocket\(\): this engine has no WebSocketStream; pass a WebSocket/,
    });
  });

  test('refuses what is no socket', async () => {
    assert.throws(() => fromWebSocket(5), {
      name: 'TypeError',
      message: /^fromWebSocket\(\): the first argument must be a URL, a WebSocket or a WebSocketStream; got number$/,
    });
    onConnection = (socket) => socket.close();
    const socket = new WebSocket(url);
    await once(socket, 'close');
    assert.throws(() => fromWebSocket(socket), /the socket is closed or closing; open a new one/);
  });
});

describe('toWebSocket()', () => {
  const collect = (into) => (socket) => {
    socket.on('message', (data, isBinary) => into.push(isBinary ? [...data] : String(data)));
    socket.on('close', (code, reason) => into.push({ code, reason: String(reason) }));
  };

  test('sends texts and bytes once it is open, and closes when all has been sent', async () => {
    const received = [];
    onConnection = collect(received);
    await pipeline(['text', new Uint8Array([1, 2]), new Uint8Array([3]).buffer], toWebSocket(new WebSocket(url)));
    assert.deepEqual(received, ['text', [1, 2], [3], { code: 1000, reason: '' }]);
  });

  test('takes no more while the other side does not read, and loses nothing', async () => {
    let made = 0;
    let bytes = 0;
    let closed;
    onConnection = (socket) => {
      socket.pause();
      socket.on('message', (data) => void (bytes += data.length));
      socket.on('close', (code) => void (closed = code));
    };
    const source = (function* () {
      for (; made < 2000;) {
        made += 1;
        yield new Uint8Array(16384);
      }
    })();
    const running = pipeline(source, toWebSocket(new WebSocket(url), { highWaterMark: 100_000 }));
    const stood = await standing(() => made);
    assert.ok(stood < 1500, `${stood} messages of 16 KiB were made`);
    connections[0].resume();
    await running;
    assert.deepEqual([made, bytes, closed], [2000, 2000 * 16384, 1000]);
  });

  test('fails when the other side closes before everything was sent', async () => {
    onConnection = (socket) => socket.once('message', () => socket.close(1000));
    const source = (async function* () {
      for (;;) {
        yield 'x';
        await turn();
      }
    })();
    await assert.rejects(within(1000, pipeline(source, toWebSocket(new WebSocket(url)))), {
      name: 'SocketError',
      closeCode: 1000,
      message: /closed the connection before everything was sent/,
    });
  });

  for (const [what, end, closeCode] of [
    ['breaks', (socket) => socket.terminate(), 1006],
    ['is closed with an error', (socket) => socket.close(1011, 'oh'), 1011],
  ]) {
    test(`fails while it waits for the source when the connection ${what}`, async () => {
      onConnection = (socket) => setTimeout(end, 10, socket);
      let cancelled = false;
      const source = new ReadableStream({ cancel: () => void (cancelled = true) });
      await assert.rejects(within(1000, pipeline(source, toWebSocket(new WebSocket(url)))), {
        name: 'SocketError',
        closeCode,
      });
      assert.equal(cancelled, true);
    });
  }

  test('closes the connection with the reason of a failure, while a write waits too', async () => {
    const received = [];
    onConnection = (socket) => {
      collect(received)(socket);
      setTimeout(() => socket.pause(), 5);
      setTimeout(() => socket.resume(), 200);
    };
    const controller = new AbortController();
    const source = (function* () {
      for (;;) yield new Uint8Array(65536);
    })();
    const running = pipeline(source, toWebSocket(new WebSocket(url), { highWaterMark: 1000 }), {
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(broken), 100);
    await assert.rejects(within(1000, running), (error) => error === broken);
  });

  test('fails for a connection that cannot be made', async () => {
    await assert.rejects(
      within(5000, pipeline(['x'], toWebSocket(new WebSocket('ws://127.0.0.1:1')))),
      (error) => error instanceof SocketError && error.cause.code === 'ECONNREFUSED',
    );
  });

  test('fails for a connection that cannot be made also where there is nothing to send', async () => {
    await assert.rejects(
      within(5000, pipeline([], toWebSocket(new WebSocket('ws://127.0.0.1:1')))),
      (error) => error instanceof SocketError && error.closeCode === 1006 && error.cause.code === 'ECONNREFUSED',
    );
  });

  test('fails for a connection that the server refuses while nothing is sent', async () => {
    onConnection = (socket) => socket.close(4001, 'no');
    const socket = new WebSocket(url);
    const writer = toWebSocket(socket).getWriter();
    await assert.rejects(within(1000, writer.closed), { name: 'SocketError', closeCode: 4001, reason: 'no' });
  });

  test('settles when it is aborted while the other side does not answer its close', async () => {
    onConnection = (socket) => socket.pause();
    const controller = new AbortController();
    const running = pipeline(['x'], toWebSocket(new WebSocket(url)), { signal: controller.signal });
    running.catch(() => {});
    await until(() => connections.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    controller.abort(broken);
    await assert.rejects(within(1000, running), (error) => error === broken);
    connections[0].terminate();
  });

  test('refuses chunks that a socket does not take', async () => {
    onConnection = () => {};
    await assert.rejects(within(1000, pipeline([{ a: 1 }], toWebSocket(new WebSocket(url)))), {
      name: 'TypeError',
      message: /^toWebSocket\(\): chunks must be strings, bytes or Blobs; .* JSON\.stringify/,
    });
  });
});

describe('the server sees', () => {
  for (const [what, run, code, reason] of closes(
    tidegate,
    (options) => fromWebSocket(new WebSocket(url), options),
    () => toWebSocket(new WebSocket(url)),
  )) {
    test(`${what} close with ${code} and '${reason}'`, async () => {
      let closed;
      onConnection = (socket) => {
        const timer = setInterval(() => socket.send('x'), 5);
        socket.on('close', (...how) => {
          clearInterval(timer);
          closed = how;
        });
      };
      await run().catch(() => {});
      await until(() => closed !== undefined);
      assert.deepEqual([closed[0], String(closed[1])], [code, reason]);
    });
  }
});

test('one socket serves both ways', async () => {
  onConnection = (socket) => {
    socket.on('message', (data) => {
      socket.send(String(data).toUpperCase());
      if (String(data) === 'c') socket.close(1000);
    });
  };
  const socket = new WebSocket(url);
  const received = toArray(fromWebSocket(socket));
  await pipeline(['a', 'b', 'c'], toWebSocket(socket));
  assert.deepEqual(await received, ['A', 'B', 'C']);
});
