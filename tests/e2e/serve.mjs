/** A server for the pages of a test. */
import { createServer } from 'node:http';
import { once } from 'node:events';

/**
 * Serves on 127.0.0.1 what `find` has.
 *
 * @param {(pathname: string, response: import('node:http').ServerResponse) => Promise<boolean>} find serves the file of a decoded path, or returns false
 *   where there is none
 * @returns {Promise<{ url: string, close(): Promise<void> }>} the origin, and what ends the server with all of its connections
 */
export async function serve(find) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://page');
    // A browser that goes away in the middle of a file is no failure of the page's.
    const found = await find(decodeURIComponent(pathname), response).catch(() => true);
    if (!found) response.writeHead(pathname === '/favicon.ico' ? 204 : 404).end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
