/** fromMessagePort() and toMessagePort(): to a worker thread and back, by credits. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { chunk, fromMessagePort, pipeline, receive, toArray, toMessagePort, transfer } from 'tidegate';
import { turn, within } from '../pipeline/pipeline-parts.mjs';

const broken = new Error('broken');
const workers = [];
after(() => Promise.all(workers.map((worker) => worker.terminate())));

/** A worker thread that runs `code` with `{ fromMessagePort, toMessagePort, pipeline }` and `port`, and a port to it. */
function inWorker(code) {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(
    `
    const { workerData: port, parentPort } = require('node:worker_threads');
    import(${JSON.stringify(import.meta.resolve('tidegate'))}).then(async ({ fromMessagePort, toMessagePort, pipeline }) => {
      ${code}
    });
  `,
    { eval: true, workerData: port2, transferList: [port2] },
  );
  workers.push(worker);
  const messages = [];
  worker.on('message', (message) => messages.push(message));
  return { port: port1, worker, messages };
}

async function until(condition) {
  for (let n = 0; n < 200 && !condition(); n += 1) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok(condition(), 'it did not come to pass within a second');
}

describe('toMessagePort() and fromMessagePort()', () => {
  test('carry everything, in order, and the end', async () => {
    const { port1, port2 } = new MessageChannel();
    const sent = Array.from({ length: 1000 }, (_, n) => ({ n }));
    const [, received] = await within(
      5000,
      Promise.all([pipeline(sent, toMessagePort(port1)), toArray(fromMessagePort(port2, { highWaterMark: 8 }))]),
    );
    assert.deepEqual(received, sent);
  });

  test('send no chunk for which the other side has given no leave', async () => {
    const { port1, port2 } = new MessageChannel();
    let made = 0;
    const source = (function* () {
      for (;;) yield made++;
    })();
    const running = pipeline(source, toMessagePort(port1));
    running.catch(() => {});
    const reader = fromMessagePort(port2, { highWaterMark: 4 }).getReader();
    for (let n = 0; n < 20; n += 1) await turn();
    const stood = made;
    assert.ok(stood <= 4 + 2, `${stood} chunks were made for a mark of 4`);
    for (let n = 0; n < 20; n += 1) await turn();
    assert.equal(made, stood);
    for (let n = 0; n < 50; n += 1) assert.equal((await reader.read()).value, n);
    await reader.cancel(broken);
    await assert.rejects(within(1000, running), { message: 'broken' });
  });

  test('hold a worker thread back that makes chunks without end', async () => {
    const { port, messages } = inWorker(`
      let made = 0;
      setInterval(() => parentPort.postMessage(made), 5);
      const source = (function* () { for (;;) { made += 1; yield new Uint8Array(65536); } })();
      pipeline(source, toMessagePort(port, { transfer: true })).catch(() => parentPort.postMessage('left'));
    `);
    const reader = fromMessagePort(port).getReader();
    await reader.read();
    await until(() => messages.length > 10);
    const made = messages.filter(Number.isInteger);
    assert.ok(made.at(-1) <= 4, `${made.at(-1)} chunks were made for one that was read`);
    for (let n = 0; n < 100; n += 1) assert.equal((await reader.read()).value.length, 65536);
    await reader.cancel();
    await until(() => messages.includes('left'));
  });

  test('tell the other side of an error, as its clone', async () => {
    const { port1, port2 } = new MessageChannel();
    const failing = (async function* () {
      yield 1;
      throw broken;
    })();
    const running = pipeline(failing, toMessagePort(port1));
    running.catch(() => {});
    await assert.rejects(toArray(fromMessagePort(port2)), { name: 'Error', message: 'broken' });
    await assert.rejects(running, (error) => error === broken);
  });

  test('fail when the other side is gone', async () => {
    const { port, worker } = inWorker('port.on("message", () => {});');
    const received = toArray(fromMessagePort(port));
    received.catch(() => {});
    await new Promise((resolve) => worker.once('online', resolve));
    await worker.terminate();
    await assert.rejects(within(5000, received), { name: 'NetworkError' });
  });

  for (const transfer of [false, true]) {
    test(`carry no more bytes than the pieces of chunk() have${transfer ? ', moved' : ''}`, async () => {
      const { port1, port2 } = new MessageChannel();
      const whole = new Uint8Array(100 * 1024).map((_, n) => n);
      const received = toArray(fromMessagePort(port2, { highWaterMark: 8 }));
      await within(5000, pipeline([whole], chunk(1024), toMessagePort(port1, { transfer })));
      const pieces = await received;
      assert.deepEqual(
        new Uint8Array(Buffer.concat(pieces)),
        new Uint8Array(100 * 1024).map((_, n) => n),
      );
      assert.equal(
        pieces.reduce((sum, piece) => sum + piece.buffer.byteLength, 0),
        100 * 1024,
      );
    });
  }

  test('reject with an AbortError where the other side breaks off its loop', async () => {
    const { port1, port2 } = new MessageChannel();
    const endless = (function* () {
      for (;;) yield 1;
    })();
    const running = pipeline(endless, toMessagePort(port1));
    running.catch(() => {});
    await pipeline(fromMessagePort(port2), async (numbers) => void (await numbers.next()));
    await assert.rejects(within(1000, running), {
      name: 'AbortError',
      message: 'toMessagePort(): the other side cancelled the stream without a reason',
    });
  });

  test('reject with an AbortError where the other side is aborted without a reason', async () => {
    const { port1, port2 } = new MessageChannel();
    const received = toArray(fromMessagePort(port2));
    toMessagePort(port1).abort();
    await assert.rejects(within(1000, received), { name: 'AbortError' });
  });

  test('reject with a DataCloneError where neither the error nor what its clone threw can be cloned', async () => {
    const { port1, port2 } = new MessageChannel();
    const received = toArray(fromMessagePort(port2));
    toMessagePort(port1)
      .abort({
        get hostile() {
          throw () => {};
        },
      })
      .catch(() => {});
    await assert.rejects(within(1000, received), { name: 'DataCloneError' });
  });

  test('wait at the end for the other side to have taken it', async () => {
    const { port1, port2 } = new MessageChannel();
    let done = false;
    const running = pipeline([], toMessagePort(port1)).then(() => void (done = true));
    for (let n = 0; n < 20; n += 1) await turn();
    assert.equal(done, false);
    assert.deepEqual(await within(1000, toArray(fromMessagePort(port2))), []);
    await within(1000, running);
  });

  test('stop to wait for that when the pipeline is aborted', async () => {
    const { port1, port2 } = new MessageChannel();
    const controller = new AbortController();
    const running = pipeline([], toMessagePort(port1), { signal: controller.signal });
    setTimeout(() => controller.abort(broken), 20);
    await assert.rejects(within(1000, running), (error) => error === broken);
    port2.close();
  });

  const alive = () => {
    const timer = setInterval(() => {}, 1000);
    return () => clearInterval(timer);
  };
  const ends = {
    'toMessagePort with nothing to send': (port) => pipeline([], toMessagePort(port)),
    'toMessagePort with something to send': (port) => pipeline(['x'], toMessagePort(port)),
    fromMessagePort: (port) => toArray(fromMessagePort(port)),
    'a received stream': (port) => toArray(receive({ ...transfer(new ReadableStream()).handle, port })),
  };
  for (const [what, run] of Object.entries(ends)) {
    for (const [when, wait] of [
      ['just', 0],
      ['long', 50],
    ]) {
      for (const whose of ['own', 'other']) {
        test(`fail: ${what}, where the port's ${whose} side has ${when} been closed`, async () => {
          const { port1, port2 } = new MessageChannel();
          (whose === 'own' ? port1 : port2).close();
          const die = alive();
          try {
            if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
            await assert.rejects(within(1000, run(port1)), { name: 'NetworkError' });
          } finally {
            die();
          }
        });
      }
    }
  }

  test('refuse what is no port, and say how to get one', () => {
    for (const [name, make] of Object.entries({ fromMessagePort, toMessagePort })) {
      assert.throws(() => make({ postMessage() {} }), {
        name: 'TypeError',
        message: new RegExp(`^${name}\\(\\): the first argument must be a MessagePort; .* create a MessageChannel`),
      });
    }
    assert.throws(() => fromMessagePort(new MessageChannel().port1, { highWaterMark: -1 }), RangeError);
  });
});
