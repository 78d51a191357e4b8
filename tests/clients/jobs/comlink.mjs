/** comlink: streams as arguments and results, to a worker (in Node to another port) that knows nothing of tidegate. */
import * as Comlink from 'comlink';
import { failureOf, readAll, settled, source, summary } from './parts.mjs';

/** What runs on the other side, with the streams of that side. */
export const api = ({ ReadableStream }) => ({
  async length(stream) {
    const pieces = await readAll(stream);
    return pieces.reduce((sum, piece) => sum + piece.length, 0);
  },
  failure: (stream) => failureOf(readAll(stream)),
  async first(stream) {
    const reader = stream.getReader();
    const { value } = await reader.read();
    await reader.cancel('enough');
    return value.length;
  },
  numbers(count) {
    let n = 0;
    const stream = new ReadableStream({
      pull(controller) {
        n += 1;
        if (n > count) controller.close();
        else controller.enqueue(new Uint8Array(1000).fill(n));
      },
    });
    return Comlink.transfer(stream, [stream]);
  },
  async fill(stream) {
    const writer = stream.getWriter();
    for (let n = 0; n < 10; n += 1) await writer.write(new Uint8Array(100).fill(n));
    await writer.close();
  },
  plain: (value) => ({ ...value, seen: true }),
});

function connect(env) {
  if (env.place !== 'node') {
    const worker = new Worker('/jobs/comlink-worker.js', { type: 'module' });
    return { remote: Comlink.wrap(worker), end: () => worker.terminate() };
  }
  const { port1, port2 } = new MessageChannel();
  Comlink.expose(api(globalThis), port2);
  return { remote: Comlink.wrap(port1), end: () => port1.close() };
}

export async function run(env) {
  const { remote, end } = connect(env);
  const sent = (stream) => {
    const given = env.theirs(stream);
    return Comlink.transfer(given, [given]);
  };
  let cancelled;
  const pieces = [];
  try {
    return {
      length: await settled(remote.length(sent(source(env, 30)))),
      'a source that fails': await settled(remote.failure(sent(source(env, 30, { failAt: 3 })))),
      'left early': await settled(
        remote.first(
          sent(
            source(env, Infinity, {
              cancelled: (reason) => {
                cancelled = reason;
              },
            }),
          ),
        ),
      ),
      cancelled: await settled(
        new Promise((resolve) => {
          const timer = setInterval(() => {
            if (cancelled === undefined) return;
            clearInterval(timer);
            resolve(cancelled);
          }, 5);
        }),
      ),
      given: await settled(remote.numbers(50).then(async (stream) => summary(await readAll(env.ours(stream), 1)))),
      filled: await settled(
        new Promise((resolve, reject) => {
          remote
            .fill(
              sent(
                new env.WritableStream({
                  write: (chunk) => void pieces.push(chunk),
                  close: () => resolve(summary(pieces)),
                }),
              ),
            )
            .catch(reject);
        }),
      ),
      plain: await settled(remote.plain({ level: 3, when: new Date(0), of: new Map([[1, 2]]) })),
    };
  } finally {
    end();
  }
}
