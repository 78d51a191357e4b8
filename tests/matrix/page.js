/** The matrix in a page: runs every cell that the engine has the parts for, a few at once, and posts which failed, and why. */
import { cells } from '/cells.js';
import { floodCells } from '/floods.js';
import { within } from '/support.js';

/** A cell takes up to two connections at a time, of the six that browsers make to a server, and asks for its state. */
const AT_ONCE = 2;

const unhandled = [];
addEventListener('unhandledrejection', (event) => unhandled.push(String(event.reason?.stack ?? event.reason)));

const given = ['document', 'indexedDB', 'WebSocket', 'EventSource'];
if ('WebSocketStream' in globalThis) given.push('WebSocketStream');
if (navigator.storage?.getDirectory) given.push('opfs');
const env = {
  origin: location.origin,
  flood: (port, count) => new Promise((resolve) => {
    const worker = new Worker('/flood.worker.js', { type: 'module' });
    worker.onmessage = ({ data }) => resolve(data);
    worker.postMessage({ port, count }, [port]);
  }),
  openSocket: (path) => new WebSocket(location.origin.replace('http', 'ws') + path),
};
const all = cells(given);
const floods = floodCells(given);
const cellsAsked = new URLSearchParams(location.search).get('cells');
const waiting = [...all, ...floods].filter(({ name }) => cellsAsked === null || name.includes(cellsAsked));
const failures = [];
await Promise.all(Array.from({ length: AT_ONCE }, async () => {
  while (waiting.length > 0) {
    const { name, run } = waiting.shift();
    try {
      await within(20_000, run(env), 'the cell');
    } catch (error) {
      failures.push({ name, error: String(error?.stack?.includes(error?.message) ? error.stack : `${error}\n${error?.stack}`) });
    }
  }
}));
await new Promise((resolve) => setTimeout(resolve, 50));
fetch(new URLSearchParams(location.search).get('result'), { method: 'POST', body: JSON.stringify({ given, count: all.length, floods: floods.length, failures, unhandled }) });
