/** The other side of floods.js: gives all numbers at once and ends, and counts what it has sent. */
import { BLOCK, block } from './support.js';

const filler = 'x'.repeat(BLOCK);

/** `{ routes, plans }` for the server of the matrix; `plans` are for its sockets. */
export function floods(stateOf, query) {
  const send = (request, give) => {
    const { id, count } = query(request);
    const state = stateOf(id);
    for (state.sent ??= 0; state.sent < Number(count); state.sent += 1) give(state.sent);
  };
  return {
    routes: {
      '/matrix/flood/bytes'(request, response) {
        response.writeHead(200, { 'content-type': 'application/octet-stream', 'cache-control': 'no-store' });
        send(request, (n) => response.write(block(n)));
        response.end();
      },
      '/matrix/flood/events'(request, response) {
        if (stateOf(query(request).id).sent !== undefined) return void response.writeHead(204).end();
        response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
        response.write('retry: 10\n\n');
        send(request, (n) => response.write(`id: ${n}\ndata: ${n} ${filler}\n\n`));
        response.end();
      },
    },
    plans: {
      '/matrix/flood/socket'(socket, asked, request) {
        send(request, (n) => socket.send(`${n} ${filler}`));
        socket.close(1000);
      },
    },
  };
}
