/**
 * The worker in which codecs run with the option `worker`. Also a worker of Node's `worker_threads`.
 *
 * @module
 */
import { open } from './codecs/worker/host.js';
import { BUILD, type Ready } from './codecs/worker/protocol.js';

interface NodeThreads {
  readonly parentPort: {
    on(name: 'message', listener: (message: unknown) => void): void;
    postMessage(message: unknown): void;
  } | null;
}

const threads = globalThis.process?.getBuiltinModule?.('node:worker_threads') as NodeThreads | undefined;
const thread = threads?.parentPort;
const ready: Ready = { tidegate: 'ready', build: BUILD };
if (thread) {
  thread.on('message', (message) => open(message, (answer) => thread.postMessage(answer)));
  thread.postMessage(ready);
} else {
  const page = globalThis as unknown as Worker;
  globalThis.addEventListener('message', ({ data }) => open(data, (answer) => page.postMessage(answer)));
  page.postMessage(ready);
}
