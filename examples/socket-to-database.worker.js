import { pipeline, receive, tap, toIndexedDB } from 'tidegate';

function openDatabase() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('recorded', 1);
    request.onupgradeneeded = () => request.result.createObjectStore('messages', { autoIncrement: true });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

addEventListener('message', async ({ data }) => {
  try {
    let stored = 0;
    await pipeline(
      receive(data, { highWaterMark: 64 }),
      (text) => JSON.parse(text),
      tap(() => (stored += 1)),
      toIndexedDB(await openDatabase(), 'messages', { batch: 100 }),
    );
    postMessage({ stored });
  } catch (error) {
    postMessage({ error });
  }
});
