import { chunk, fromMessagePort, pipeline, toArray, toMessagePort } from '/dist/index.js';
import { equal, ok, pause, rejection, standing, until, within } from '/support.js';

/** A worker that does `task` over a port, and says what it has done. */
function inWorker(task) {
  const worker = new Worker(`/message-port.worker.js?${task}`, { type: 'module' });
  const { port1, port2 } = new MessageChannel();
  const state = { made: 0, ended: undefined };
  worker.onmessage = ({ data }) => Object.assign(state, data);
  worker.postMessage(port2, [port2]);
  return { worker, port: port1, state };
}

export default {
  async 'carries a gigabyte from a worker that never runs ahead of who reads'() {
    const { worker, port, state } = inWorker('produce');
    let bytes = 0;
    let most = 0;
    await pipeline(fromMessagePort(port), async (chunks) => {
      let n = 0;
      for await (const chunk of chunks) {
        bytes += chunk.byteLength;
        most = Math.max(most, state.made - (n += 1));
        if (bytes >= 2 ** 30) break;
      }
    });
    worker.terminate();
    equal(bytes, 2 ** 30);
    ok(most <= 4, `${most} chunks were made before they were wanted`);
  },

  async 'holds the worker back while nobody reads, and loses nothing after'() {
    const { worker, port, state } = inWorker('count');
    const reader = fromMessagePort(port).getReader();
    for (let n = 0; n < 5; n += 1) equal((await reader.read()).value, n);
    const stood = await standing(() => state.made);
    ok(stood <= 5 + 3, `${stood} were made for 5 that were read`);
    for (let n = 5; n < 500; n += 1) equal((await reader.read()).value, n);
    await reader.cancel('enough');
    await until(() => state.ended === 'enough');
    worker.terminate();
  },

  async 'holds a pipeline into a worker back whose consumer has stopped'() {
    const { worker, port } = inWorker('stop after 3');
    let made = 0;
    const controller = new AbortController();
    const running = pipeline(
      (function* () {
        for (;;) yield made++;
      })(),
      toMessagePort(port),
      { signal: controller.signal },
    );
    running.catch(() => {});
    const stood = await standing(() => made);
    ok(stood <= 3 + 4, `${stood} were made for 3 that were taken`);
    controller.abort('enough');
    equal(await rejection(within(1000, running)), 'enough');
    worker.terminate();
  },

  async 'carries no more bytes than the pieces of chunk() have, cloned and moved'() {
    for (const transfer of [false, true]) {
      const { port1, port2 } = new MessageChannel();
      const received = toArray(fromMessagePort(port2, { highWaterMark: 8 }));
      await within(5000, pipeline([new Uint8Array(100 * 1024)], chunk(1024), toMessagePort(port1, { transfer })));
      equal(
        (await received).reduce((sum, { buffer }) => sum + buffer.byteLength, 0),
        100 * 1024,
      );
    }
  },

  async 'rejects with an AbortError where the other side has had enough'() {
    const { port1, port2 } = new MessageChannel();
    const running = pipeline(
      (function* () {
        for (;;) yield 1;
      })(),
      toMessagePort(port1),
    );
    running.catch(() => {});
    await pipeline(fromMessagePort(port2), async (numbers) => void (await numbers.next()));
    const error = await rejection(within(1000, running));
    equal(
      [error.name, error.message],
      ['AbortError', 'toMessagePort(): the other side cancelled the stream without a reason'],
    );
  },

  async 'fails when its worker is gone'() {
    const { worker, port } = inWorker('count');
    const reader = fromMessagePort(port).getReader();
    await reader.read();
    await pause(200); // until it has told how it can be watched
    worker.terminate();
    const error = await rejection(
      within(
        5000,
        (async () => {
          for (;;) await reader.read();
        })(),
      ),
    );
    equal(error.name, 'NetworkError');
  },

  async 'runs its examples'() {
    const { rowsFrom } = await import('/examples/from-message-port.js');
    const { sendTo } = await import('/examples/to-message-port.js');
    const { port1, port2 } = new MessageChannel();
    const seen = [];
    await within(5000, Promise.all([sendTo(port1, [{ a: 1 }, { a: 2 }]), rowsFrom(port2, (row) => seen.push(row))]));
    equal(seen, [{ a: 1 }, { a: 2 }]);
  },
};
