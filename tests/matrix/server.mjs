/** The other side of the matrix: gives and takes numbers in every way, some of them badly, and knows what is open. */
import { WebSocketServer } from 'ws';
import { floods } from './flood-server.mjs';
import { mute } from './mute-server.mjs';

const EVERY = 1; // milliseconds between two numbers

export function start() {
  const states = new Map();
  const stateOf = (id) => states.get(id) ?? states.set(id, { open: 0, received: [], requests: 0 }).get(id);
  const query = (request) => Object.fromEntries(new URL(request.url, 'http://localhost').searchParams);

  /** Calls `give(n)` for each number until `give.open()` is false, and then `end()`. */
  function feed(count, isOpen, give, end) {
    let n = 0;
    const timer = setInterval(() => {
      if (!isOpen()) clearInterval(timer);
      else if (n < count) give(n++);
      else {
        clearInterval(timer);
        end();
      }
    }, EVERY);
  }

  /**
   * Counts `response` as open until its connection has let go of it. Of a connection that could serve again Chromium reads on for up to five
   * seconds or 16 KB when a body is cancelled, so none can.
   */
  function opened(response, state) {
    response.setHeader('connection', 'close');
    state.open += 1;
    response.on('close', () => void (state.open -= 1));
  }

  const flooding = floods(stateOf, query);
  const silence = mute();
  const routes = {
    ...flooding.routes,
    ...silence.routes,
    '/matrix/refused': (request, response) => void response.writeHead(404, { connection: 'close' }).end(),
    '/matrix/state': (request, response) => response.end(JSON.stringify(stateOf(query(request).id))),

    '/matrix/bytes'(request, response) {
      const { id, count, fail } = query(request);
      opened(response, stateOf(id));
      // WebKit takes a body that breaks off for a whole one where nothing says how long it should be.
      const length = fail ? { 'content-length': Number(count) + 1 } : {};
      response.writeHead(200, { 'content-type': 'application/octet-stream', 'cache-control': 'no-store', ...length });
      response.flushHeaders();
      feed(
        Number(count),
        () => !response.destroyed,
        (n) => response.write(Buffer.from([n % 256])),
        () => (fail ? response.destroy() : response.end()),
      );
    },

    '/matrix/events'(request, response) {
      const { id, count, fail } = query(request);
      const state = stateOf(id);
      state.requests += 1;
      if (state.requests > 1) return void response.writeHead(fail ? 404 : 204).end();
      opened(response, state);
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      response.flushHeaders();
      feed(
        Number(count),
        () => !response.destroyed,
        (n) => response.write(`id: ${n}\ndata: ${n}\n\n`),
        () => response.end(),
      );
    },

    async '/matrix/upload'(request, response) {
      const { id, at } = query(request);
      const state = stateOf(id);
      opened(response, state);
      const bytes = [];
      try {
        for await (const chunk of request) {
          bytes.push(...chunk);
          if (at && state.received.length + bytes.length > Number(at)) {
            response.writeHead(403, { connection: 'close' }).end();
            return;
          }
        }
      } catch {
        return; // broken off
      }
      state.received.push(...bytes);
      response.end();
    },
  };

  const sockets = new WebSocketServer({ noServer: true });
  const plans = {
    ...flooding.plans,
    '/matrix/numbers'(socket, { count, fail }) {
      feed(
        Number(count),
        () => socket.readyState === 1,
        (n) => socket.send(String(n)),
        () => (fail ? socket.close(4001, 'the failure') : socket.close(1000)),
      );
    },
    '/matrix/sink'(socket, { id, at }) {
      const { received } = stateOf(id);
      socket.on('message', (text) => {
        if (at && received.length === Number(at)) socket.close(4001, 'the failure');
        else received.push(Number(text));
      });
    },
  };

  return {
    routes,
    attach(server) {
      server.on('upgrade', (request, connection, head) => {
        if (silence.upgrade(request, connection)) return;
        if (request.url === '/matrix/refused') return void connection.end('HTTP/1.1 404 Not Found\r\n\r\n');
        sockets.handleUpgrade(request, connection, head, (socket) => {
          const asked = query(request);
          const state = stateOf(asked.id);
          state.open += 1;
          socket.on('close', () => void (state.open -= 1));
          socket.on('error', () => {});
          plans[new URL(request.url, 'http://localhost').pathname](socket, asked, request);
        });
      });
    },
    stop() {
      silence.stop();
      for (const socket of sockets.clients) socket.terminate();
    },
  };
}
