/** Reads from a worker, goes to another page and comes back; posts what it read, and whether it is the page that left. */
import { receive } from '/dist/index.js';

const params = new URLSearchParams(location.search);
const report = (value) => fetch(params.get('result'), { method: 'POST', body: JSON.stringify(value) });
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

if (sessionStorage.away) {
  report({ kept: false });
} else {
  const worker = new Worker('/worker.js', { type: 'module' });
  const handle = await new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.postMessage('go');
  });
  const reader = receive(handle).getReader();
  const read = [(await reader.read()).value];
  addEventListener('pageshow', async ({ persisted }) => {
    if (!persisted) return;
    const { value, done } = await reader.read();
    report({ kept: true, read: [...read, done ? 'done' : value] });
  });
  if (params.has('ends')) {
    await reader.cancel();
    await sleep(7000); // the worker keeps its lock for 5 s
  } else await sleep(1000);
  sessionStorage.away = 'yes';
  location.href = '/away.html';
}
