/** The matrix in a page: runs every cell that the engine has the parts for, a few at once, and posts which failed, and why. */
import { cells } from '/cells.js';
import { floodCells } from '/floods.js';
import { muteCells } from '/mute.js';
import { spentCells } from '/spent.js';
import { within } from '/support.js';

/** A cell takes up to two connections at a time, of the six that browsers make to a server, and asks for its state. */
const AT_ONCE = 2;
/** Most of the time of a cell with a mute part is waiting for a timer, and few take a connection. */
const MUTE_AT_ONCE = 5;

const unhandled = [];
addEventListener('unhandledrejection', (event) => unhandled.push(String(event.reason?.stack ?? event.reason)));

const given = ['document', 'indexedDB', 'WebSocket', 'EventSource'];
if ('WebSocketStream' in globalThis) given.push('WebSocketStream');
if (navigator.storage?.getDirectory) given.push('opfs');
const env = {
  origin: location.origin,
  flood: (port, count) =>
    new Promise((resolve) => {
      const worker = new Worker('/flood.worker.js', { type: 'module' });
      worker.onmessage = ({ data }) => resolve(data);
      worker.postMessage({ port, count }, [port]);
    }),
  openSocket: (path) => new WebSocket(location.origin.replace('http', 'ws') + path),
};
const all = cells(given);
const floods = floodCells(given);
const mutes = muteCells(given);
const spent = spentCells(given);
const cellsAsked = new URLSearchParams(location.search).get('cells');
const failures = [];

async function runAll(asked, atOnce) {
  const waiting = asked.filter(({ name }) => cellsAsked === null || name.includes(cellsAsked));
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (waiting.length > 0) {
        const { name, run } = waiting.shift();
        try {
          await within(20_000, run(env), 'the cell');
        } catch (error) {
          failures.push({
            name,
            error: String(error?.stack?.includes(error?.message) ? error.stack : `${error}\n${error?.stack}`),
          });
        }
      }
    }),
  );
}

await runAll([...all, ...floods, ...spent], AT_ONCE);
await runAll(mutes, MUTE_AT_ONCE);
await new Promise((resolve) => setTimeout(resolve, 50));
fetch(new URLSearchParams(location.search).get('result'), {
  method: 'POST',
  body: JSON.stringify({
    given,
    count: all.length,
    floods: floods.length,
    mutes: mutes.length,
    spent: spent.length,
    failures,
    unhandled,
  }),
});
