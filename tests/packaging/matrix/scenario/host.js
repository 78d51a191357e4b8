/** Runs the scenario in a host without pages. `BASE` is the address of the server; without fetch, bytes stand for what it serves. */
import { scenario } from './scenario.js';
import { answer } from './answer.js';

const bytesOf = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

/** A body that never ends, and one that ends. */
async function* endless(first, signal) {
  yield first;
  await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
}

export const sourceOf = (base, data) => {
  if (base) return (name, signal) => fetch(base + name, { signal });
  const bytes = bytesOf(data);
  return (name, signal) => (name === 'endless' ? endless(bytes.subarray(0, 1000), signal) : [bytes]);
};

/** The other side in the same thread. */
function connectHere() {
  const { port1, port2 } = new MessageChannel();
  port2.onmessage = ({ data }) => answer(data, (message, list) => port2.postMessage(message, list));
  return {
    port: port1,
    close: () => {
      port1.close();
      port2.close();
    },
  };
}

/** `connects` is false where no stream can be sent: workerd's ports take no transfer list, happy-dom's take no listeners, jsdom has none. */
export const runHost = ({ base, data, connects = typeof MessageChannel === 'function' }) =>
  scenario({ open: sourceOf(base, data), connect: connects ? connectHere : undefined });
