import { finished, fromWebSocket, transfer } from 'tidegate';

/**
 * Stores the messages of the socket at `url`, each of them JSON, in IndexedDB. A worker parses and stores them. Resolves with their
 * number when the server has closed the socket and everything is stored.
 */
export async function record(url, { signal } = {}) {
  const messages = fromWebSocket(url, { signal });
  const closed = finished(messages); // rejects with the socket's own error
  const worker = new Worker(new URL('./socket-to-database.worker.js', import.meta.url), { type: 'module' });
  const stop = new AbortController();
  const outcome = new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => (data.error ? reject(data.error) : resolve(data.stored));
    worker.onerror = () => reject(new Error('The worker cannot be started'));
  });
  try {
    const { handle, transfer: list } = transfer(messages, { signal: stop.signal });
    worker.postMessage(handle, list);
    const [stored] = await Promise.all([outcome, closed]);
    return stored;
  } finally {
    stop.abort(); // closes the socket, if it is still open
    // The worker closes its database first. WebKit may keep the database of a worker that ends in a transaction open for ever.
    await Promise.race([outcome.catch(() => {}), new Promise((resolve) => setTimeout(resolve, 2000))]);
    worker.terminate();
  }
}
