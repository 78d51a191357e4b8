/** WebSockets and event streams that flood, echo, break and count. */
import { WebSocketServer } from 'ws';

export function start() {
  const counts = { sent: 0, received: 0, events: 0, closes: [] };
  const sockets = new WebSocketServer({ noServer: true });
  const plans = {
    '/three': (socket) => {
      socket.send('text');
      socket.send(Buffer.from([1, 2]));
      socket.send('');
      socket.close(1000);
    },
    '/burst'(socket) {
      counts.sent = 0;
      for (; counts.sent < 100; counts.sent += 1) socket.send(String(counts.sent).padStart(3, '0').padEnd(100));
      socket.close(1000);
    },
    '/ticks'(socket) {
      const timer = setInterval(() => socket.send('x'), 5);
      socket.on('close', () => clearInterval(timer));
    },
    '/chatty'(socket) {
      for (let n = 0; n < 100; n += 1) socket.send('x'.repeat(10_000));
    },
    '/refuse': (socket) => socket.close(4001, 'no more room'),
    '/break': (socket) => socket.send('x', () => socket.terminate()),
    async '/flood'(socket) {
      const payload = Buffer.alloc(16384);
      counts.sent = 0;
      while (socket.readyState === 1) {
        payload.writeUInt32LE(counts.sent++);
        await new Promise((resolve) => socket.send(payload, resolve));
      }
    },
    async '/empty'(socket) {
      for (let n = 0; n < 100_000 && socket.readyState === 1; n += 1)
        if (n % 1000 === 999) await new Promise((resolve) => socket.send('', resolve));
        else socket.send('');
    },
    '/echo': (socket) => socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
    '/stop': (socket) => {
      counts.received = 0;
      socket.pause();
      socket.on('message', (data) => void (counts.received += data.length));
      setTimeout(() => socket.resume(), 1500);
    },
  };
  let number = 0;
  const routes = {
    '/counts': (request, response) =>
      response.end(JSON.stringify({ ...counts, open: [...sockets.clients].map(({ path }) => path) })),
    '/events'(request, response) {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      const from = Number(request.headers['last-event-id'] ?? -1) + 1;
      for (let n = from; n < from + 10; n += 1)
        response.write(`id: ${n}\nevent: ${n % 2 ? 'odd' : 'even'}\ndata: ${n}\n\n`);
      setTimeout(() => response.destroy(), 10);
    },
    '/events/once'(request, response) {
      if (request.headers['last-event-id']) return void response.writeHead(204).end();
      response
        .writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
        .end('retry: 10\n\nid: 1\ndata: a\n\ndata: b\n\n');
    },
    '/events/flood'(request, response) {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      counts.events = 0;
      const filler = 'x'.repeat(10_000);
      const write = () => {
        while (!response.destroyed && response.write(`data: ${counts.events++} ${filler}\n\n`));
      };
      response.on('drain', write);
      write();
    },
  };
  return {
    routes,
    attach(server) {
      server.on('upgrade', (request, socket, head) => {
        sockets.handleUpgrade(request, socket, head, (accepted) => {
          accepted.path = request.url;
          accepted.on('error', () => {});
          accepted.on('close', (code, reason) =>
            counts.closes.push({ path: request.url, code, reason: String(reason), number: number++ }),
          );
          plans[new URL(request.url, 'http://localhost').pathname](accepted);
        });
      });
    },
    stop() {
      for (const socket of sockets.clients) socket.terminate();
    },
  };
}
