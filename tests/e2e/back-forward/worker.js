/** Gives the page a stream of numbers. */
import { ReadableStream, transfer } from '/dist/index.js';

addEventListener('message', () => {
  let n = 0;
  const { handle, transfer: list } = transfer(new ReadableStream({ pull: (c) => c.enqueue(n++) }));
  postMessage(handle, list);
});
