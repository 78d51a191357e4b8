/* eslint-disable require-yield -- a sink that is a generator function yields nothing */
/** What else may be passed: a promise as the source, a generator function, forEach() and drain() as the sink; and what is refused, with what advice. */
import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { EventEmitter } from 'node:events';
import { PassThrough, Readable, Writable } from 'node:stream';
import { createServer } from 'node:http';
import {
  ReadableStream,
  TransformStream,
  WritableStream,
  batch,
  channel,
  drain,
  failureOf,
  filter,
  flatten,
  forEach,
  fromCursor,
  fromEvents,
  fromQueue,
  map,
  pipeline,
  skip,
  stage,
  take,
  tap,
  tee,
  toArray,
  toBytes,
  toText,
} from 'tidegate';
import { turn, within } from './pipeline-parts.mjs';

const failure = new Error('the failure');
const isFailure = (error) => error === failure;
const later = (value, ms = 20) => new Promise((resolve) => setTimeout(resolve, ms, value));

const unhandled = [];
const onUnhandled = (error) => unhandled.push(error);
process.on('unhandledRejection', onUnhandled);
afterEach(async () => {
  await turn();
  assert.deepEqual(unhandled.splice(0), []);
});

describe('a promise as the source', () => {
  test('is waited for', async () => {
    assert.deepEqual(await toArray(later([1, 2])), [1, 2]);
    assert.equal(await toText(later(new Response('ebb'))), 'ebb');
    assert.equal((await toBytes(Promise.resolve(new Blob(['ebb'])))).length, 3);
  });

  test('may be that of a fetch', async () => {
    const server = createServer((request, response) => response.end('flow')).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.on('listening', resolve));
    try {
      assert.equal(await toText(fetch(`http://127.0.0.1:${server.address().port}`)), 'flow');
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  test('that rejects fails the pipeline with its reason, and aborts the sink', async () => {
    let aborted;
    const sink = new WritableStream({ abort: (reason) => void (aborted = reason) });
    await assert.rejects(
      pipeline(
        later().then(() => {
          throw failure;
        }),
        sink,
      ),
      isFailure,
    );
    assert.equal(aborted, failure);
    assert.deepEqual(failureOf(failure).index, 0);
  });

  test('is not waited for once the signal is aborted, and what it gives later is cancelled', async () => {
    let give;
    let cancelled;
    const controller = new AbortController();
    const running = pipeline(new Promise((resolve) => void (give = resolve)), drain(), { signal: controller.signal });
    controller.abort(failure);
    await assert.rejects(within(100, running), isFailure);
    give(new ReadableStream({ cancel: (reason) => void (cancelled = reason) }));
    await turn();
    assert.equal(cancelled, failure);
  });

  test('that gives something when the signal was aborted before is cancelled too', async () => {
    let cancelled;
    const source = later(new ReadableStream({ cancel: (reason) => void (cancelled = reason) }));
    await assert.rejects(within(15, pipeline(source, drain(), { signal: AbortSignal.abort(failure) })), isFailure);
    await later();
    assert.equal(cancelled, failure);
  });

  test('that rejects after the pipeline has ended, or is refused, is no unhandled rejection', async () => {
    const reject = () =>
      later().then(() => {
        throw new Error('late');
      });
    await assert.rejects(pipeline(reject(), drain(), { signal: AbortSignal.abort(failure) }), isFailure);
    await assert.rejects(pipeline(reject(), 5), TypeError);
    await later(0, 40);
  });

  test('that gives what is no source is told what it gave', async () => {
    await assert.rejects(pipeline(later('text'), drain()), {
      name: 'TypeError',
      message: /^pipeline\(\): what the source resolved with is a string; put it in an array/,
    });
    await assert.rejects(toText(later(5)), {
      message: /^toText\(\): what the source resolved with is not a readable stream, .*; got number$/,
    });
  });

  test('that can be iterated as well is iterated, as the queries of databases can', async () => {
    const query = {
      then: (resolve) => resolve(['all at once']),
      async *[Symbol.asyncIterator]() {
        yield 'one by one';
      },
    };
    assert.deepEqual(await toArray(query), ['one by one']);
  });
});

describe('a generator function as the sink', () => {
  test('is run to its end, and what it returns is the result', async () => {
    const saved = [];
    const result = await pipeline([1, 2, 3], async function* sink(chunks) {
      for await (const chunk of chunks) saved.push(chunk);
      return 'done';
    });
    assert.deepEqual([saved, result], [[1, 2, 3], 'done']);
  });

  test('that leaves early cancels the source', async () => {
    let cancelled = false;
    const source = new ReadableStream({
      pull: (controller) => controller.enqueue(1),
      cancel: () => void (cancelled = true),
    });
    await pipeline(source, async function* sink(chunks) {
      for await (const chunk of chunks) if (chunk) return;
    });
    assert.equal(cancelled, true);
  });

  test('that throws fails the pipeline', async () => {
    await assert.rejects(
      pipeline([1], async function* sink() {
        throw failure;
      }),
      isFailure,
    );
  });

  test('that yields fails the pipeline, which names the value, and runs its finally', async () => {
    let cleaned = false;
    let cancelled = false;
    const source = new ReadableStream({
      pull: (controller) => controller.enqueue(7),
      cancel: () => void (cancelled = true),
    });
    const running = pipeline(source, async function* sink(chunks) {
      try {
        for await (const chunk of chunks) yield chunk;
      } finally {
        cleaned = true;
      }
    });
    await assert.rejects(within(1000, running), {
      name: 'TypeError',
      message:
        'pipeline(): the sink function yielded number 7, which nothing would read; add a sink after it, or use the value inside the function',
    });
    assert.deepEqual([cleaned, cancelled], [true, true]);
  });

  test('that yields and then never returns does not hold up the failure', async () => {
    await assert.rejects(
      within(
        1500,
        pipeline([[1]], async function* sink() {
          try {
            yield [1];
          } finally {
            await new Promise(() => {});
          }
        }),
      ),
      { message: /yielded an array, which nothing would read;/ },
    );
  });

  test('that cannot wait for chunks is refused', async () => {
    await assert.rejects(
      pipeline([1], function* sink() {}),
      { name: 'TypeError', message: /which nothing would read; .*make it an async function/ },
    );
  });
});

describe('forEach() as the sink', () => {
  test('calls the function with each chunk, one at a time, and waits for it', async () => {
    const seen = [];
    let open = 0;
    await pipeline(
      [1, undefined, null],
      forEach(async (chunk, { index, signal }) => {
        assert.equal(open++, 0);
        assert.equal(signal.aborted, false);
        await turn();
        seen.push([chunk, index]);
        open -= 1;
      }),
    );
    assert.deepEqual(seen, [
      [1, 0],
      [undefined, 1],
      [null, 2],
    ]);
  });

  test('has as many calls under way as concurrency says, and ends when all have', async () => {
    let open = 0;
    let most = 0;
    let done = 0;
    await pipeline(
      Array.from({ length: 20 }, (_, n) => n),
      forEach(
        async () => {
          most = Math.max(most, ++open);
          await later(0, 3);
          open -= 1;
          done += 1;
        },
        { concurrency: 4 },
      ),
    );
    assert.deepEqual([most, done], [4, 20]);
  });

  for (const concurrency of [1, 3]) {
    test(`fails with the error of the function, and begins no more, at a concurrency of ${concurrency}`, async () => {
      let cancelled;
      let calls = 0;
      const source = new ReadableStream({
        pull: (controller) => controller.enqueue(1),
        cancel: (reason) => void (cancelled = reason),
      });
      const running = pipeline(
        source,
        forEach(
          async (chunk, { index }) => {
            calls += 1;
            await turn();
            if (index === 4) throw failure;
          },
          { concurrency },
        ),
      );
      await assert.rejects(within(1000, running), isFailure);
      assert.equal(cancelled, failure);
      const then = calls;
      await later();
      assert.equal(calls, then);
    });

    test(`aborts the signal of the calls under way, at a concurrency of ${concurrency}`, async () => {
      const controller = new AbortController();
      const reasons = [];
      const running = pipeline(
        Array.from({ length: 10 }, () => 1),
        forEach(
          (chunk, { signal }) =>
            new Promise((resolve) => {
              signal.addEventListener('abort', () => {
                reasons.push(signal.reason);
                resolve();
              });
            }),
          { concurrency },
        ),
        { signal: controller.signal },
      );
      setTimeout(() => controller.abort(failure), 10);
      await assert.rejects(within(400, running), isFailure);
      assert.deepEqual(
        reasons,
        Array.from({ length: concurrency }, () => failure),
      );
    });
  }

  test('says what is wrong with its arguments', () => {
    assert.throws(() => forEach(), { message: 'forEach(): the first argument must be a function; got undefined' });
    assert.throws(() => forEach(() => {}, { concurrency: 0 }), {
      message: 'forEach(): concurrency must be a whole number of at least 1; got 0',
    });
  });
});

test('drain() takes everything and keeps nothing', async () => {
  let given = 0;
  assert.equal(
    await pipeline(
      Array.from({ length: 100 }, (_, n) => n),
      tap(() => void (given += 1)),
      drain(),
    ),
    undefined,
  );
  assert.equal(given, 100);
});

describe('a part that is refused says what to do', () => {
  class Upper {
    constructor() {
      this.readable = undefined;
    }
  }
  for (const [what, args, message] of [
    [
      'a class as a stage',
      [[1], Upper, drain()],
      'pipeline(): stage 1 is the class Upper; make an instance: new Upper(…)',
    ],
    [
      'a class as the source',
      [Upper, drain()],
      'pipeline(): the source is the class Upper; make an instance: new Upper(…)',
    ],
    ['a class as the sink', [[1], Upper], 'pipeline(): the sink is the class Upper; make an instance: new Upper(…)'],
    [
      'a class of ours',
      [[1], TransformStream, drain()],
      'pipeline(): stage 1 is the class TransformStream; make an instance: new TransformStream(…)',
    ],
    [
      "a class of the engine's",
      [[1], globalThis.DecompressionStream, drain()],
      'pipeline(): stage 1 is the class DecompressionStream; make an instance: new DecompressionStream(…)',
    ],
    [
      "a class of Node's",
      [[1], PassThrough, drain()],
      'pipeline(): stage 1 is the class PassThrough; make an instance: new PassThrough(…)',
    ],
  ]) {
    test(what, () => assert.rejects(pipeline(...args), { name: 'TypeError', message }));
  }

  test('but functions of the language may be stages', async () => {
    assert.deepEqual(await pipeline(['1', '2'], Number, toArrayOf), [1, 2]);
    assert.deepEqual(
      await pipeline(
        [1],
        String,
        stage((chunks) => chunks),
        toArrayOf,
      ),
      ['1'],
    );
    assert.deepEqual(
      await pipeline(
        [1],
        function old(n) {
          return n + 1;
        },
        (n) => n + 1,
        toArrayOf,
      ),
      [3],
    );
  });

  test('with the name of the function that was called', async () => {
    await assert.rejects(toText('abc'), {
      name: 'TypeError',
      message:
        'toText(): the source is a string; put it in an array, [chunk], to send it as one chunk, or in a Blob to send it in slices',
    });
    await assert.rejects(toArray(5), { message: /^toArray\(\): the source is not a readable stream/ });
    await assert.rejects(
      toBytes(() => 5),
      { message: /^toBytes\(\): what the source function returned is not a readable stream/ },
    );
    await assert.rejects(toText([], { signal: 5 }), { message: /^toText\(\): options\.signal must be an AbortSignal/ });
  });
});

async function toArrayOf(chunks) {
  const all = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

describe('undefined and null are chunks as any other', () => {
  const odd = [1, undefined, null, 0, '', 2];
  const emitter = new EventEmitter();
  const sources = {
    'an array': () => odd,
    'an async generator': () =>
      (async function* () {
        yield* odd;
      })(),
    'promises of an iterable': () => odd.map((value) => Promise.resolve(value)),
    'a ReadableStream': () => ReadableStream.from(odd),
    "the engine's ReadableStream": () =>
      new globalThis.ReadableStream({
        start(controller) {
          for (const value of odd) controller.enqueue(value);
          controller.close();
        },
      }),
    'fromCursor over an iterable': () => fromCursor(odd, { batch: 4 }),
    'fromCursor over read()': () => {
      const rows = [...odd];
      return fromCursor({ read: (count) => rows.splice(0, count), close() {} }, { batch: 2 });
    },
    channel: () => {
      const { readable, ...rest } = (() => {
        const made = channel();
        for (const value of odd) made.write(value);
        made.end();
        return { readable: made.readable };
      })();
      void rest;
      return readable;
    },
    fromEvents: () => {
      setTimeout(() => {
        for (const value of odd) emitter.emit('value', value);
        emitter.emit('end');
      }, 5);
      return fromEvents(emitter, 'value', { end: 'end' });
    },
  };
  for (const [name, make] of Object.entries(sources)) {
    test(`from ${name}`, async () => assert.deepEqual(await toArray(make()), odd));
  }

  test('from fromQueue', async () => {
    const acked = [];
    const source = fromQueue({
      subscribe(deliver, { end }) {
        odd.forEach(deliver);
        end();
      },
      ack: (item) => void acked.push(item),
    });
    const values = await pipeline(
      source,
      async function* (messages) {
        for await (const message of messages) {
          yield message.value;
          await message.ack();
        }
      },
      toArrayOf,
    );
    assert.deepEqual([values, acked], [odd, odd]);
  });

  for (const [name, make, expected = odd] of [
    ['a function', () => (value) => value],
    ['an async function', () => async (value) => value],
    [
      'a generator function',
      () =>
        async function* (values) {
          yield* values;
        },
    ],
    ['map()', () => map((value) => value)],
    ['map() at once', () => map(async (value) => value, { concurrency: 3 })],
    ['map() at once in any order', () => map((value) => value, { concurrency: 3, ordered: false })],
    ['filter()', () => filter(() => true)],
    ['tap()', () => tap(() => {})],
    ['take()', () => take(3), odd.slice(0, 3)],
    ['skip()', () => skip(1), odd.slice(1)],
    ['a TransformStream', () => new TransformStream()],
    ["the engine's TransformStream", () => new globalThis.TransformStream()],
  ]) {
    test(`through ${name}`, async () => assert.deepEqual(await pipeline(odd, make(), toArrayOf), expected));
  }

  test('through batch() and flatten()', async () =>
    assert.deepEqual(await pipeline(odd, batch(4), flatten(), toArrayOf), odd));

  test('through tee()', async () => {
    const [one, two] = tee(ReadableStream.from(odd));
    assert.deepEqual(await Promise.all([toArray(one), toArray(two)]), [odd, odd]);
  });

  test('but a Node stream takes undefined and no null, and says so', async () => {
    const seen = [];
    const sink = () =>
      new Writable({ objectMode: true, write: (value, encoding, done) => done(null, seen.push(value)) });
    await pipeline([1, undefined, 2], sink());
    await assert.rejects(pipeline([1, null], sink()), { code: 'ERR_STREAM_NULL_VALUES' });
    assert.deepEqual(seen.slice(0, 3), [1, undefined, 2]);
    assert.deepEqual(await toArray(Readable.from([1, undefined, 2])), [1, undefined, 2]);
  });
});
