/** Answers every message while a pipeline keeps the worker busy. */
import { parentPort } from 'node:worker_threads';
import { pipeline } from 'tidegate';

function* numbers() {
  const end = performance.now() + 300;
  for (let n = 0; performance.now() < end; n += 1) yield n;
}

parentPort.on('message', () => parentPort.postMessage('pong'));
parentPort.postMessage('ready');
await pipeline(numbers(), async (chunks) => {
  for await (const chunk of chunks) void chunk;
});
parentPort.postMessage('done');
