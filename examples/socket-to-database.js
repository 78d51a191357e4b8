import { finished, fromWebSocket, transfer } from 'tidegate';

/**
 * Stores the messages of the socket at `url`, each of them JSON, in IndexedDB. A worker parses and stores them. Resolves with their
 * number when the server has closed the socket and everything is stored.
 */
export async function record(url, { signal } = {}) {
  const worker = new Worker(new URL('./socket-to-database.worker.js', import.meta.url), { type: 'module' });
  const stop = new AbortController();
  try {
    const outcome = new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => (data.error ? reject(data.error) : resolve(data.stored));
      worker.onerror = () => reject(new Error('The worker cannot be started'));
    });
    const messages = fromWebSocket(url, { signal });
    const closed = finished(messages); // rejects with the socket's own error
    const { handle, transfer: list } = transfer(messages, { signal: stop.signal });
    worker.postMessage(handle, list);
    const [stored] = await Promise.all([outcome, closed]);
    return stored;
  } finally {
    stop.abort(); // closes the socket, if it is still open
    worker.terminate();
  }
}
