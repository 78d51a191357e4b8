/** Reads the stream it is sent, and sends one back, with nothing but the polyfill and what a worker has. */
import '/dist/polyfill.js';

addEventListener('message', async ({ data }) => {
  const upper = data.readable.pipeThrough(
    new TransformStream({ transform: (chunk, c) => c.enqueue(chunk.toUpperCase()) }),
  );
  postMessage({ upper, isOwn: data.readable instanceof ReadableStream }, [upper]);
});
postMessage('ready');
