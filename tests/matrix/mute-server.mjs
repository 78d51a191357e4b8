/** The other side of mute.js: begins an answer, or a connection, and then stays silent, whatever it is told. */
import { createHash } from 'node:crypto';

/** https://www.rfc-editor.org/rfc/rfc6455#section-1.3 */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const EVERY = 2; // milliseconds between two messages

/** Whole text messages of one frame: its last fragment, text, one byte, the digit 1. */
const MESSAGE = Buffer.from([0x81, 0x01, 0x31]);

export function mute() {
  const open = new Set();
  const keep = (connection, give) => {
    open.add(connection);
    connection.on('error', () => {});
    const timer = give && setInterval(() => connection.destroyed || give(), EVERY);
    connection.on('close', () => {
      clearInterval(timer);
      open.delete(connection);
    });
  };
  const begin = (type, give) => (request, response) => {
    response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store', connection: 'close' });
    response.flushHeaders();
    keep(response, () => give(response));
  };
  return {
    routes: {
      '/matrix/mute/bytes': begin('application/octet-stream', (response) => response.write('1')),
      '/matrix/mute/events': begin('text/event-stream', (response) => response.write('data: 1\n\n')),
      '/matrix/mute/nothing': (request, response) => keep(response),
      '/matrix/mute/upload': (request, response) => keep(response), // reads nothing
    },
    /** Takes sockets without a WebSocket's rules: `/matrix/silent` sends messages and answers no close, `/matrix/mute/handshake` does not even begin. */
    upgrade(request, connection) {
      const { pathname } = new URL(request.url, 'http://localhost');
      if (pathname === '/matrix/mute/handshake') {
        keep(connection);
        connection.on('end', () => connection.destroy()).resume();
        return true;
      }
      if (pathname !== '/matrix/silent') return false;
      const accept = createHash('sha1')
        .update(request.headers['sec-websocket-key'] + GUID)
        .digest('base64');
      connection.write(
        `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
      );
      connection.resume();
      keep(connection, () => connection.write(MESSAGE));
      return true;
    },
    stop() {
      for (const connection of open) connection.destroy();
    },
  };
}
