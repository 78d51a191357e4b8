/** A network that is far away: a proxy whose bytes arrive later. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** The most bytes that are under way in one direction of a connection, as a network's window bounds them. */
const UNDER_WAY = 4 * 2 ** 20;

/** `{ url, close() }`; every byte takes `latency` milliseconds in each direction. */
export async function startProxy(port, latency) {
  const sockets = new Set();
  const forward = (from, to) => {
    let held = 0;
    sockets.add(from);
    from.on('data', (bytes) => {
      held += bytes.length;
      if (held > UNDER_WAY) from.pause();
      setTimeout(() => {
        held -= bytes.length;
        if (held <= UNDER_WAY) from.resume();
        to.write(bytes);
      }, latency);
    });
    from.on('end', () => setTimeout(() => to.end(), latency));
    from.on('error', () => to.destroy());
    from.on('close', () => sockets.delete(from));
  };
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    forward(near, far);
    forward(far, near);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
