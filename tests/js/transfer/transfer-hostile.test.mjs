/** transfer() and receive() with arguments, chunks and peers that do not mean well. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ReadableStream, WritableStream, fromMessagePort, pipeline, receive, toMessagePort, transfer } from 'tidegate';

// A stream at rest does not keep a process alive, and some tests have nothing else.
const alive = setInterval(() => {}, 1000);
after(() => clearInterval(alive));

const numbers = (count) => ReadableStream.from(Array.from({ length: count }, (_, n) => n));

async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

/** What arrives of one chunk. */
async function cross(chunk, options) {
  const [arrived] = await collect(receive(transfer(ReadableStream.from([chunk]), options).handle));
  return arrived;
}

describe('an option of transfer() or receive()', () => {
  for (const highWaterMark of [2.5, -1, NaN, '3', null, 5n, {}]) {
    const show = `${typeof highWaterMark} ${String(highWaterMark)}`;

    test(`that is no high-water mark is refused, and the handle stays: ${show}`, async () => {
      const { handle } = transfer(numbers(3));
      assert.throws(() => receive(handle, { highWaterMark }), {
        name: 'RangeError',
        message: /^receive\(\): highWaterMark must be a whole number/,
      });
      assert.deepEqual(await collect(receive(handle)), [0, 1, 2]);
    });

    test(`that is no high-water mark is refused, and the stream stays unlocked: ${show}`, () => {
      const stream = new WritableStream();
      assert.throws(() => transfer(stream, { highWaterMark }), RangeError);
      assert.equal(stream.locked, false);
    });
  }

  for (const signal of ['now', {}, null, new EventTarget()]) {
    for (const stream of [numbers(1), new WritableStream(), { readable: numbers(1), writable: new WritableStream() }]) {
      const show = `${signal?.constructor.name ?? signal} for a ${stream.constructor.name}`;
      test(`that is no signal is refused, and the stream stays unlocked: ${show}`, () => {
        assert.throws(() => transfer(stream, { signal }), {
          name: 'TypeError',
          message: /^transfer\(\): signal must be/,
        });
        for (const side of [stream, stream.readable, stream.writable]) assert.ok(!side?.locked);
      });
    }
  }
});

describe('a chunk', () => {
  test('that is an array of 4 billion holes crosses, and blocks nothing', { timeout: 20_000 }, async () => {
    const sparse = [];
    sparse[2 ** 32 - 2] = 'far away';
    for (const transferChunks of [false, true]) {
      const arrived = await cross(sparse, { transferChunks });
      assert.equal(arrived.length, 2 ** 32 - 1);
      assert.equal(arrived[2 ** 32 - 2], 'far away');
    }
  });

  test('that is an array with a narrow view keeps its holes, its length and its other properties', async () => {
    const chunk = Object.assign([new Uint8Array(8).subarray(1, 3), , 3, ,], { label: 'x' }); // eslint-disable-line no-sparse-arrays
    const arrived = await cross(chunk);
    assert.deepEqual(Object.keys(arrived), ['0', '2', 'label']);
    assert.equal(arrived.length, 4);
    assert.equal(arrived[0].buffer.byteLength, 2);
  });

  test('crosses though a property that is inherited, or the tag, throws, as a clone asks for neither', async () => {
    class Odd {
      own = 1;
      get [Symbol.toStringTag]() {
        throw new RangeError('the tag');
      }
    }
    const inherited = () => {
      throw new RangeError('inherited');
    };
    Object.defineProperty(Odd.prototype, 'inherited', { enumerable: true, get: inherited });
    assert.deepEqual(await cross(new Odd()), { own: 1 });
  });

  test('crosses though its class has a stream on its prototype, which a clone does not have', async () => {
    class Odd {
      own = 1;
    }
    Odd.prototype.stream = new ReadableStream();
    assert.deepEqual(await cross({ inside: new Odd() }), { inside: { own: 1 } });
  });

  test('whose getter posts streams itself is looked through whole all the same', async () => {
    let nested = {};
    for (let depth = 0; depth < 30; depth += 1) nested = { nested };
    const chunk = { list: [nested], stream: { inside: new ReadableStream() } };
    const sent = transfer(ReadableStream.from([chunk]));
    await assert.rejects(collect(receive(sent.handle)), { name: 'DataCloneError' });
  });
});

test('a peer that tells of more than one lock fails the stream on both sides', async () => {
  const name = (n) => `tidegate.worker.${n} http://localhost`;
  const { port1, port2 } = new MessageChannel();
  const reader = receive({ type: 'tidegate.ReadableStream', port: port2, lock: name(1) }).getReader();
  for (const type of ['lock', 'locked']) port1.postMessage({ type, value: name(1) });
  await sleep(20);
  port1.postMessage({ type: 'lock', value: name(2) });
  await assert.rejects(reader.closed, { name: 'DataError' });
});

/** A generator of numbers from 0 to 1, the same for the same seed. */
function random(seed) {
  let state = seed >>> 0;
  return () => (state = (state * 1664525 + 1013904223) >>> 0) / 2 ** 32;
}

const SEED = Number(process.env.TIDEGATE_SEED ?? Date.now() % 1e9);
const ROUNDS = Number(process.env.TIDEGATE_ROUNDS ?? 300);

const types = [
  'chunk',
  'close',
  'closed',
  'error',
  'exception',
  'credit',
  'lock',
  'locked',
  '__proto__',
  'toString',
  '',
];
const values = [
  ...[undefined, null, 0, 1, 2, 4096, 4097, -1, 0.5, NaN, Infinity, 1n, 'x', {}, []],
  ...['tidegate.worker.1 undefined', 'tidegate.worker.2 undefined'],
  ...[{ name: 'E', message: 'm' }, { name: 1 }, { name: '', message: '' }, { then: 1 }, { type: 'close' }],
  ...[new Error('e'), new DOMException('a', 'b'), new Uint8Array(4), JSON.parse('{"__proto__":{"then":1}}')],
];

/** Each starts one end, and returns the port of the other and what becomes of the end. */
const ends = {
  'receive() of a readable stream': (next, { port1, port2 }, options) => ({
    port: port1,
    ended: collect(receive({ type: 'tidegate.ReadableStream', port: port2, lock: next(values) }, options)),
  }),
  'receive() of a writable stream': (next, { port1, port2 }) => ({
    port: port1,
    ended: numbers(30).pipeTo(receive({ type: 'tidegate.WritableStream', port: port2, transferChunks: next(values) })),
  }),
  'transfer() of a readable stream': () => {
    let port;
    const ended = new Promise((resolve) => {
      let pulls = 0;
      const pull = (c) => ((pulls += 1) > 20 ? resolve(c.close()) : c.enqueue({ pulls }));
      ({ port } = transfer(new ReadableStream({ pull, cancel: resolve }, { highWaterMark: 0 })).handle);
    });
    return { port, ended };
  },
  'transfer() of a writable stream': (next, _, options) => {
    let port;
    const ended = new Promise((resolve) => {
      ({ port } = transfer(new WritableStream({ close: () => resolve(), abort: () => resolve() }), options).handle);
    });
    return { port, ended };
  },
  'fromMessagePort()': (next, { port1, port2 }, options) => ({
    port: port1,
    ended: pipeline(fromMessagePort(port2, options), new WritableStream()),
  }),
  'toMessagePort()': (next, { port1, port2 }) => ({
    port: port1,
    ended: pipeline([1, 2, 3, 4, 5, 6, 7, 8], toMessagePort(port2)),
  }),
};

for (const [name, start] of Object.entries(ends)) {
  test(`${name} ends whatever a random peer says, once that is gone: seed ${SEED}`, { timeout: 60_000 }, async () => {
    for (let round = 0; round < ROUNDS / 6; round += 1) {
      const draw = random((SEED + round) * 7919);
      const next = (list) => list[Math.floor(draw() * list.length)];
      const channel = new MessageChannel();
      const { port, ended } = start(next, channel, { highWaterMark: next([0, 1, 4, 5000]) });
      const outcome = Promise.resolve(ended).then(
        () => 'ended',
        () => 'failed',
      );
      port.onmessage = ({ data }) => draw() < 0.3 && port.postMessage(data);
      for (let n = Math.floor(draw() * 25); n > 0; n -= 1) {
        const value = draw() < 0.4 ? next([1, 2, 3, 'chunk']) : next(values);
        port.postMessage(draw() < 0.1 ? value : { type: draw() < 0.05 ? next(values) : next(types), value });
        if (draw() < 0.3) await sleep(0);
      }
      await sleep(0);
      port.close();
      const what = await Promise.race([outcome, sleep(5000, 'still open', { ref: false })]);
      assert.notEqual(what, 'still open', `TIDEGATE_SEED=${SEED + round}`);
      channel.port1.close();
      channel.port2.close();
    }
  });
}
