/** The worker's part: doubles the numbers of the stream that it is sent, and sends them back as another. */
import { ReadableStream, receive, transfer } from 'tidegate';

export const answer = (handle, post) => {
  const doubled = (async function* () {
    for await (const n of receive(handle)) yield 2 * n;
  })();
  const sent = transfer(ReadableStream.from(doubled));
  post(sent.handle, sent.transfer);
};
