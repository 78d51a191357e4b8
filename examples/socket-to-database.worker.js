import { pipeline, receive, tap, toIndexedDB } from 'tidegate';

function openDatabase() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('recorded', 1);
    request.onupgradeneeded = () => request.result.createObjectStore('messages', { autoIncrement: true });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function store(handle) {
  const database = await openDatabase();
  try {
    let stored = 0;
    await pipeline(
      receive(handle, { highWaterMark: 64 }),
      (text) => JSON.parse(text),
      tap(() => (stored += 1)),
      toIndexedDB(database, 'messages', { batch: 100 }),
    );
    return stored;
  } finally {
    database.close();
  }
}

addEventListener('message', async ({ data }) => {
  try {
    postMessage({ stored: await store(data) });
  } catch (error) {
    postMessage({ error });
  }
});
