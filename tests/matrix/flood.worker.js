/** A worker that writes numbers into the port it is sent, says how many those were, and ends. */
import { pipeline, toMessagePort } from '/dist/index.js';

onmessage = async ({ data: { port, count } }) => {
  let sent = 0;
  await pipeline(
    (function* () {
      for (; sent < count; sent += 1) yield sent;
    })(),
    toMessagePort(port),
  );
  postMessage(sent);
  close();
};
