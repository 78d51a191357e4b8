/** Adds up the numbers of the stream it is sent. */
import { receive } from '/dist/index.js';

addEventListener('message', async ({ data }) => {
  let sum = 0;
  for await (const number of receive(data)) sum += number;
  postMessage(sum);
});
