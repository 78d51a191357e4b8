/** A server whose requests each test answers itself, for what a well-behaved one would not do. */
import { once } from 'node:events';
import { createServer } from 'node:http';

/** `{ serve(answer), close() }`; `serve` gives `{ url, seen }`, a URL of its own whose requests `answer(request, response, number)` answers. */
export async function startServer() {
  const scripts = new Map();
  const server = createServer((request, response) => {
    const script = scripts.get(request.url);
    script.seen.push({
      range: request.headers.range,
      ifRange: request.headers['if-range'],
      headers: request.headers,
      at: performance.now(),
    });
    script.answer(request, response, script.seen.length);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    serve(answer) {
      const path = `/${scripts.size}`;
      const script = { seen: [], answer };
      scripts.set(path, script);
      return { url: `http://127.0.0.1:${server.address().port}${path}`, seen: script.seen };
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Sends the head and `bytes` of a response, and then drops the connection. */
export function cut(response, status, headers, bytes = '') {
  response.writeHead(status, headers);
  const drop = () => setTimeout(() => response.destroy(), 20);
  if (bytes.length > 0) response.write(bytes, drop);
  else {
    response.flushHeaders();
    drop();
  }
}
