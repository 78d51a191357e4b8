/** pipeline(): what it takes, what its functions and its source are told, and what it refuses. How it ends: pipeline-ends.test.mjs. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ReadableStream, TransformStream, WritableStream, pipeline, stage } from 'tidegate';
import { turn, within } from './pipeline-parts.mjs';

const kFuse = Symbol.for('tidegate.fuse');
const encoder = new TextEncoder();

const collect = async (chunks) => {
  const all = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
};
const textOf = async (chunks) => Buffer.concat(await collect(chunks)).toString();

describe('the source of a pipeline', () => {
  for (const [name, make] of [
    ['a Response', () => new Response('tide')],
    ['a Request', () => new Request('http://localhost/', { method: 'POST', body: 'tide' })],
    ['a Blob', () => new Blob(['ti', 'de'])],
    ['a File', () => new File(['tide'], 'tide.txt')],
    ['a slice of a Blob', () => new Blob(['ebb tide']).slice(4)],
    ['an array', () => [encoder.encode('ti'), encoder.encode('de')]],
    ['an array of promises', () => [Promise.resolve(encoder.encode('ti')), encoder.encode('de')]],
    ['a Set', () => new Set([encoder.encode('tide')])],
    ['a function', () => () => [encoder.encode('tide')]],
    ['a function returning a promise of a Response', () => async () => new Response('tide')],
  ]) {
    test(`may be ${name}`, async () => {
      assert.equal(await pipeline(make(), textOf), 'tide');
    });
  }

  test('may be a Response without a body, which is an empty one', async () => {
    assert.deepEqual(await pipeline(new Response(null), collect), []);
  });

  test('may be an array with a promise that rejects, whose reason it fails with', async () => {
    const failure = new Error('no');
    const rejected = Promise.reject(failure);
    rejected.catch(() => {}); // as the pipeline may give the thread back before it comes to it
    await assert.rejects(pipeline([1, rejected], collect), (error) => error === failure);
  });

  test('is called with a signal when it is a function, aborted when the pipeline fails', async () => {
    const failure = new Error('sink');
    let given;
    const source = ({ signal }) => {
      given = signal;
      return [1];
    };
    await assert.rejects(
      pipeline(source, () => Promise.reject(failure)),
      (error) => error === failure,
    );
    assert.equal(given.reason, failure);
  });

  test('is cancelled when it comes after the pipeline was aborted', async () => {
    const controller = new AbortController();
    let deliver;
    const promised = new Promise((resolve) => void (deliver = resolve));
    const running = pipeline(() => promised, collect, { signal: controller.signal });
    const reason = new Error('stop');
    controller.abort(reason);
    await assert.rejects(running, (error) => error === reason);
    let cancelled;
    deliver(new ReadableStream({ cancel: (given) => void (cancelled = given) }));
    await turn();
    assert.equal(cancelled, reason);
  });
});

describe('a function stage', () => {
  test('may return any source', async () => {
    const numbers = await pipeline(
      [1, 2, 3],
      stage(
        (chunks) =>
          new ReadableStream({
            async start(controller) {
              for await (const chunk of chunks) controller.enqueue(chunk * 2);
              controller.close();
            },
          }),
      ),
      collect,
    );
    assert.deepEqual(numbers, [2, 4, 6]);
  });

  test('that ends early has the source cancelled and the rest completed', async () => {
    let cancelled = false;
    let n = 0;
    const source = new ReadableStream({ pull: (c) => c.enqueue((n += 1)), cancel: () => void (cancelled = true) });
    async function* take(chunks) {
      for await (const chunk of chunks) {
        yield chunk;
        if (chunk === 3) return;
      }
    }
    assert.deepEqual(await pipeline(source, new TransformStream(), take, new TransformStream(), collect), [1, 2, 3]);
    assert.equal(cancelled, true);
    assert.equal(source.locked, false);
  });

  test('that swallows the error of its source does not hide it', async () => {
    const failure = new Error('source');
    const source = new ReadableStream({ pull: () => Promise.reject(failure) });
    async function* swallow(chunks) {
      try {
        yield* chunks;
      } catch {
        yield 'all is well';
      }
    }
    await assert.rejects(pipeline(source, swallow, collect), (error) => error === failure);
  });

  test('waiting for a chunk that never comes is woken with the error of the pipeline', async () => {
    const failure = new Error('stop');
    const controller = new AbortController();
    let seen;
    let isWaiting = false;
    async function* wait(chunks) {
      isWaiting = true;
      try {
        for await (const chunk of chunks) yield chunk;
        seen = 'the end';
      } catch (error) {
        seen = error;
      }
    }
    const running = pipeline(new ReadableStream(), wait, collect, { signal: controller.signal });
    while (!isWaiting) await turn(); // the first read may have to wait for its turn
    controller.abort(failure);
    await assert.rejects(running, (error) => error === failure);
    assert.equal(seen, failure);
  });

  test('that returns a promise is told to be an async generator', async () => {
    await assert.rejects(
      pipeline(
        [1],
        stage(async (chunks) => chunks),
        collect,
      ),
      {
        name: 'TypeError',
        message: /^pipeline\(\): stage 1 returned a promise; .* async generator: async function\*/,
      },
    );
  });

  test('that returns no source is refused by what it returned', async () => {
    await assert.rejects(
      pipeline(
        [1],
        new TransformStream(),
        stage(() => 5),
        collect,
      ),
      {
        name: 'TypeError',
        message: /^pipeline\(\): what stage 2 returned is not a readable stream, .* got number$/,
      },
    );
  });

  test('has its signal aborted when no more is wanted of it', async () => {
    let given;
    async function* keep(chunks, { signal }) {
      given = signal;
      yield* chunks;
    }
    await pipeline([1, 2, 3], keep, async (chunks) => {
      for await (const _ of chunks) return;
    });
    assert.equal(given.aborted, true);
    assert.equal(given.reason.name, 'AbortError');
  });

  test('that was heard out has its signal left alone', async () => {
    let given;
    async function* keep(chunks, { signal }) {
      given = signal;
      yield* chunks;
    }
    await pipeline([1], keep, collect);
    assert.equal(given.aborted, false);
  });
});

describe('the consumer function of a pipeline', () => {
  test('gives the value that the pipeline resolves with', async () => {
    assert.equal(
      await pipeline([1, 2, 3], async (chunks) => {
        let sum = 0;
        for await (const chunk of chunks) sum += chunk;
        return sum;
      }),
      6,
    );
  });

  test('may return at once, which cancels the source', async () => {
    let cancelled = false;
    const source = new ReadableStream({ cancel: () => void (cancelled = true) });
    assert.equal(await pipeline(source, () => 'not needed'), 'not needed');
    assert.equal(cancelled, true);
  });

  test('is the one whose failure counts when it throws at once', async () => {
    const failure = new Error('at once');
    let cancelled;
    const source = new ReadableStream({ cancel: (reason) => void (cancelled = reason) });
    await assert.rejects(
      pipeline(source, () => {
        throw failure;
      }),
      (error) => error === failure,
    );
    assert.equal(cancelled, failure);
  });

  test('reads nothing more once it has returned', async () => {
    let kept;
    await pipeline([1, 2, 3], (chunks) => void (kept = chunks));
    assert.deepEqual(await kept.next(), { value: undefined, done: true });
  });

  for (const [how, consume] of [
    ['returns', () => 'enough'],
    [
      'leaves its loop',
      async (chunks) => {
        for await (const chunk of chunks) if (chunk) return 'enough';
      },
    ],
  ]) {
    test(`ends the pipeline within a second when it ${how}, though the source never says it was cancelled`, async () => {
      const source = new ReadableStream({ pull: (c) => c.enqueue(1), cancel: () => new Promise(() => {}) });
      assert.equal(await within(1000, pipeline(source, new TransformStream(), consume)), 'enough');
    });
  }

  test('has a source that cannot be cancelled fail the pipeline', async () => {
    const failure = new Error('cannot cancel');
    const source = new ReadableStream({ pull: (c) => c.enqueue(1), cancel: () => Promise.reject(failure) });
    await assert.rejects(
      pipeline(source, new TransformStream(), () => 'enough'),
      (error) => error === failure,
    );
  });
});

describe('what a source is told', () => {
  const endless = () => {
    const told = {};
    const source = new ReadableStream(
      { pull: (c) => c.enqueue(1), cancel: (reason) => void (told.reason = reason) },
      { highWaterMark: 0 },
    );
    return { told, source };
  };
  const failure = new Error('broken');
  async function fails(chunks) {
    for await (const chunk of chunks) if (chunk === 1) throw failure;
  }
  async function* failsLater(chunks) {
    for await (const chunk of chunks) if (chunk === 1) throw failure;
    yield undefined;
  }
  for (const [what, parts] of [
    ['a consumer', [fails]],
    ['a stage', [failsLater, new WritableStream()]],
    [
      'a stage before stages',
      [
        failsLater,
        async function* (c) {
          yield* c;
        },
        new TransformStream(),
        collect,
      ],
    ],
  ]) {
    test(`is the error of ${what} that fails within its loop, not that it has had enough`, async () => {
      const { told, source } = endless();
      await assert.rejects(pipeline(source, ...parts), (error) => error === failure);
      assert.equal(told.reason, failure);
    });
  }

  test('is nothing when a consumer has left its loop and goes on by itself, and it is told then', async () => {
    const { told, source } = endless();
    await pipeline(source, async (chunks) => {
      for await (const chunk of chunks) if (chunk === 1) break;
      for (let n = 0; n < 5; n += 1) await turn();
      assert.deepEqual(told, { reason: undefined });
    });
  });
});

describe('a stage of codecs', () => {
  /** A codec that only counts: which stages it was fused with, and whether its own streams were asked for. */
  function codec(name, log) {
    const touched = () => {
      log.push(`${name}'s own stream was made`);
      return undefined;
    };
    return {
      name,
      get readable() {
        return touched();
      },
      get writable() {
        return touched();
      },
      [kFuse](followers) {
        log.push([name, ...followers.map((follower) => follower.name)].join('+'));
        return new TransformStream();
      },
    };
  }

  test('runs neighbours as one chain, and each run of them by itself', async () => {
    const log = [];
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => codec(name, log));
    assert.deepEqual(await pipeline([1, 2], a, b, c, new TransformStream(), d, collect), [1, 2]);
    assert.deepEqual(log, ['a+b+c', 'd']);
  });
});

describe('the arguments of a pipeline', () => {
  const locked = (stream) => {
    if (stream instanceof ReadableStream) stream.getReader();
    else stream.getWriter();
    return stream;
  };
  const used = new Response('x');
  const lockedPair = new TransformStream();
  lockedPair.writable.getWriter();
  const sink = () => {};

  for (const [args, message] of [
    [() => [], /^pipeline\(\): expected a source and a sink, .*; got nothing$/],
    [() => [[1]], /expected a source and a sink, .*; got only one of them$/],
    [() => [[1], {}], /expected a source and a sink, .*; got only one of them$/],
    [() => [5, sink], /the source is not a readable stream, .*; got number$/],
    [() => [undefined, sink], /the source is not a readable stream, .*; got undefined$/],
    [() => ['text', sink], /the source is a string; put it in an array, \[chunk\]/],
    [() => [new Uint8Array(3), sink], /the source is a Uint8Array; put it in an array/],
    [() => [locked(new ReadableStream()), sink], /the source is a locked stream; .*release/],
    [() => [used, sink], /the source is a Response whose body was already read/],
    [() => [[1], 5, sink], /stage 1 is neither a stream pair, a codec nor a function; got number$/],
    [() => [[1], sink, null, sink], /stage 2 is neither a stream pair, a codec nor a function; got null$/],
    [() => [[1], new WritableStream(), sink], /stage 1 is neither a stream pair, .*; got a WritableStream$/],
    [() => [[1], lockedPair, sink], /stage 1 is a pair whose writable is locked; .*make a new one$/],
    [
      () => [[1], new ReadableStream()],
      /the sink is neither a writable stream nor a function; got a ReadableStream; a readable stream can only be the source$/,
    ],
    [() => [[1], new TransformStream()], /the sink is a pair of streams whose readable side nothing would read/],
    [() => [[1], locked(new WritableStream())], /the sink is a locked stream/],
    [
      () => [[1], sink, { Signal: 1 }],
      /the sink is neither a writable stream nor a function; got an object with the keys Signal$/,
    ],
    [() => [[1], sink, { signal: 5 }], /options\.signal must be an AbortSignal; got number$/],
    [
      () => {
        const pair = new TransformStream();
        return [[1], pair, pair, sink];
      },
      /a TransformStream was passed twice/,
    ],
  ]) {
    test(`are refused when ${String(message).replace(/^\/\^?|\$?\/$/g, '')}`, async () => {
      await used.text().catch(() => {});
      await assert.rejects(pipeline(...args()), { name: 'TypeError', message });
    });
  }

  test('are left untouched when one of them is refused', async () => {
    const source = new ReadableStream();
    const pair = new TransformStream();
    let called = false;
    await assert.rejects(pipeline(source, pair, () => void (called = true), 5));
    assert.deepEqual([source.locked, pair.readable.locked, pair.writable.locked, called], [false, false, false, false]);
  });

  test('may end with options that name no signal', async () => {
    assert.deepEqual(await pipeline([1], collect, {}), [1]);
    assert.deepEqual(await pipeline([1], collect, { signal: undefined }), [1]);
  });
});
