/** `pipeline({ onDiscard })`: what was made was consumed or discarded, each chunk once, wherever the pipeline was torn down. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  batch,
  channel,
  compose,
  failureOf,
  filter,
  flatten,
  fromCursor,
  fromMessagePort,
  map,
  pipeline,
  rateLimit,
  ReadableStream,
  skip,
  stage,
  take,
  tap,
  tee,
  toMessagePort,
  TransformStream,
  WritableStream,
} from 'tidegate';

const turn = (ms = 0) => new Promise((resolve) => setTimeout(resolve, ms));

/** Numbers from 0 up to 1 that `seed` determines. */
function randomOf(seed) {
  let state = seed * 2654435761 + 1;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}

/** Makes values that each have to be consumed or discarded, and keeps the books. */
class Books {
  tokens = [];
  wrong = [];

  make(from) {
    const token = { number: this.tokens.length, from, end: undefined, length: 1 };
    this.tokens.push(token);
    return token;
  }

  close(token, end) {
    if (token.end !== undefined) this.wrong.push(`${token.number} of ${token.from}: ${token.end}, then ${end}`);
    token.end = end;
  }

  consume = (token) => this.close(token, 'consumed');
  discard = (chunk) => [chunk].flat().forEach((token) => this.close(token, 'discarded'));

  check(what) {
    const open = this.tokens.filter(({ end }) => end === undefined).map(({ number, from }) => `${number} of ${from}`);
    assert.deepEqual({ open, wrong: this.wrong }, { open: [], wrong: [] }, what);
  }
}

const COUNT = 12;

/** What the pipeline starts from; `fail` is the number at which it fails. */
const sources = {
  *array(books) {
    for (let n = 0; n < COUNT; n += 1) yield books.make('array');
  },
  generator: (books, { fail, failure, wait }) =>
    (async function* source() {
      for (let n = 0; n < COUNT; n += 1) {
        if (n === fail) throw failure;
        await wait();
        yield books.make('generator');
      }
    })(),
  *promises(books, { wait }) {
    for (let n = 0; n < COUNT; n += 1) yield wait().then(() => books.make('promises'));
  },
  stream(books, { fail, failure }, onDiscard = undefined) {
    let n = 0;
    return new ReadableStream(
      {
        pull(controller) {
          if (n === fail) controller.error(failure);
          else if (n === COUNT) controller.close();
          else controller.enqueue(books.make('stream'));
          n += 1;
        },
        onDiscard,
      },
      { highWaterMark: 4 },
    );
  },
  late(books, { wait }) {
    let n = 0;
    return new ReadableStream({
      async pull(controller) {
        await wait();
        if (n++ === COUNT) return controller.close();
        return controller.enqueue(books.make('late'));
      },
    });
  },
  from: (books, options) => ReadableStream.from(sources.generator(books, options)),
  native(books, { wait }) {
    let n = 0;
    return new globalThis.ReadableStream(
      {
        async pull(controller) {
          await wait();
          if (n++ === COUNT) return controller.close();
          const token = books.make('native');
          try {
            return controller.enqueue(token);
          } catch {
            return books.discard(token); // the engine's stream has ended: this chunk never left its source
          }
        },
      },
      { highWaterMark: 0 },
    );
  },
  channel(books, { wait }) {
    const chunks = channel({
      highWaterMark: 2,
      capacity: 3,
      overflow: ['block', 'drop-oldest', 'drop-newest', 'error'][books.pick(4)],
    });
    (async () => {
      for (let n = 0; n < COUNT && !chunks.signal.aborted; n += 1) {
        const written = chunks.write(books.make('channel'));
        if (n % 3 === 0) await written;
        if (n % 2 === 0) await wait();
      }
      chunks.end();
    })();
    return chunks.readable;
  },
  cursor(books, { wait }) {
    let n = 0;
    return fromCursor(
      {
        async read(most) {
          await wait();
          return Array.from({ length: Math.min(most, COUNT - n) }, () => (n++, books.make('cursor')));
        },
        close() {},
      },
      { batch: 5 },
    );
  },
  function: (books, options) => async () => {
    await options.wait();
    return sources.generator(books, options);
  },
  tee(books, options) {
    const [one, other] = tee(sources.stream(books, options, books.discard), { limit: 2 });
    other.cancel();
    return one;
  },
};

/** Stages that consume what they get and make something new, and those that hand chunks on. */
const stages = {
  function: (books) => (token) => {
    books.consume(token);
    return books.make('function');
  },
  'slow function': (books, { wait, failure, fail }) => {
    let n = 0;
    return async (token) => {
      books.consume(token);
      await wait();
      if (n++ === fail) throw failure;
      return books.make('slow function');
    };
  },
  generator: (books, { failure, fail }) =>
    async function* each(tokens) {
      let n = 0;
      for await (const token of tokens) {
        books.consume(token);
        if (n++ === fail) throw failure;
        yield books.make('generator stage');
      }
    },
  'leaving generator': (books, { leave }) =>
    async function* some(tokens) {
      let n = 0;
      for await (const token of tokens) {
        books.consume(token);
        yield books.make('leaving generator');
        if (n++ === leave) return;
      }
    },
  'marked function': () => stage((tokens) => tokens),
  transform: (books, { fail, failure }) => {
    let n = 0;
    return new TransformStream(
      {
        transform(token, controller) {
          books.consume(token);
          controller.enqueue(books.make('transform'));
          controller.enqueue(books.make('transform'));
          if (n++ === fail) throw failure;
        },
      },
      { highWaterMark: 3 },
      { highWaterMark: 3 },
    );
  },
  identity: () => new TransformStream(undefined, { highWaterMark: 2 }, { highWaterMark: 2 }),
  'map at once': (books, { wait, fail, failure }) =>
    map(
      async (token, { index }) => {
        books.consume(token);
        await wait();
        if (index === fail) throw failure;
        return books.make('map');
      },
      { concurrency: 3 },
    ),
  'map in any order': (books, { wait }) =>
    map(
      async (token) => {
        books.consume(token);
        await wait();
        return books.make('map');
      },
      { concurrency: 4, ordered: false },
    ),
  batch: () => compose(batch(3), flatten()),
  'batch by time': () => compose(batch(3, { ms: 1 }), flatten()),
  filter: (books, { fail, failure }) =>
    filter((token, index) => {
      if (index === fail) throw failure;
      return index % 3 > 0;
    }),
  'slow filter': (books, { wait }) =>
    filter(async (token, index) => {
      await wait();
      return index % 2 > 0;
    }),
  tap: (books, { wait, fail, failure }) =>
    tap(async (token, index) => {
      await wait();
      if (index === fail) throw failure;
    }),
  skip: () => skip(2),
  take: (books, { leave }) => take(leave),
  rateLimit: () => rateLimit({ bytesPerSecond: 4000, burst: 2 }),
};

const sinks = {
  stream: (books, { wait, fail, failure }) => {
    let n = 0;
    return new WritableStream(
      {
        async write(token) {
          books.consume(token);
          await wait();
          if (n++ === fail) throw failure;
        },
      },
      { highWaterMark: 3 },
    );
  },
  'failing stream': (books, { wait, failure }) => {
    let n = 0;
    return new WritableStream({
      start: (controller) => void setTimeout(() => controller.error(failure), 2),
      async write(token) {
        books.consume(token);
        if (n++ % 2) await wait();
      },
    });
  },
  function:
    (books, { wait, leave, fail, failure }) =>
    async (tokens) => {
      let n = 0;
      for await (const token of tokens) {
        books.consume(token);
        await wait();
        if (n === leave) return;
        if (n++ === fail) throw failure;
      }
    },
};

/** One pipeline of parts that `seed` chooses, torn down where it says. */
async function runOnce(seed) {
  const random = randomOf(seed);
  const pick = (most) => Math.floor(random() * most);
  const choose = (parts) => Object.keys(parts)[pick(Object.keys(parts).length)];
  const books = new Books();
  books.pick = pick;
  const failure = new Error('the failure');
  const wait = async () => {
    const how = pick(4);
    if (how === 0) return;
    if (how === 1) await turn(pick(3));
    else for (let n = pick(9); n >= 0; n -= 1) await undefined;
  };
  const never = { fail: -1, leave: Infinity };
  const settings = () => ({ wait, failure, ...never });
  const names = [choose(sources), ...Array.from({ length: 1 + pick(3) }, () => choose(stages)), choose(sinks)];
  const plans = names.map(settings);
  const plan = plans[pick(plans.length)];
  const how = ['fail', 'leave', 'abort', 'abort', 'nothing'][pick(5)];
  if (how === 'fail') plan.fail = pick(6);
  for (const each of plans) each.leave = how === 'leave' ? pick(5) : names.includes('take') ? 3 : Infinity;
  const parts = names.map((name, n) =>
    (n === 0 ? sources : n === names.length - 1 ? sinks : stages)[name](books, plans[n]),
  );
  const controller = new AbortController();
  const options = {
    signal: controller.signal,
    onDiscard: books.discard,
    ...(pick(3) === 0 && { onProgress() {} }),
    ...(pick(3) === 0 && { memoryLimit: 1e6, size: () => 10 }),
  };
  const running = pipeline(...parts, options).catch(() => {});
  if (how === 'abort') {
    const after = pick(3);
    if (after === 0) for (let n = pick(60); n > 0; n -= 1) await undefined;
    else await turn(pick(10));
    controller.abort(failure);
  }
  await running;
  for (let n = 0; n < 20 && books.tokens.some(({ end }) => end === undefined); n += 1) await turn(2);
  books.check(`seed ${seed}: ${names.join(' → ')}, ${how}`);
}

describe('whatever a pipeline is made of and wherever it is torn down, what was made was consumed or discarded', () => {
  const RUNS = Number(process.env.DISCARD_RUNS ?? 1500);
  const AT_ONCE = 16;
  test(`in ${RUNS} pipelines`, async () => {
    let seed = Number(process.env.DISCARD_SEED ?? 1);
    const last = seed + RUNS;
    const failures = [];
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        while (seed < last) await runOnce(seed++).catch((error) => failures.push(error));
      }),
    );
    assert.equal(failures.length, 0, failures.map(({ message }) => message).join('\n'));
  });
});

describe('pipeline({ onDiscard })', () => {
  const stuck = () => new WritableStream({ write: () => new Promise(() => {}) }, { highWaterMark: 3 });
  const failure = new Error('the failure');

  /** Aborts `pipeline(...parts, options)` once all stands still; what was discarded by then and after. */
  async function torn(parts, options = {}) {
    const discarded = [];
    const controller = new AbortController();
    const running = pipeline(...parts, {
      signal: controller.signal,
      onDiscard: (chunk) => void discarded.push(chunk),
      ...options,
    });
    running.catch(() => {});
    await turn(5);
    controller.abort(failure);
    await assert.rejects(running, (error) => error === failure);
    const before = [...discarded];
    await turn(5);
    return { before, discarded };
  }

  test('has discarded what the queues held by the time it settles', async () => {
    const { before, discarded } = await torn([
      [1, 2, 3, 4, 5, 6, 7, 8],
      new TransformStream(undefined, { highWaterMark: 2 }, { highWaterMark: 2 }),
      stuck(),
    ]);
    assert.deepEqual(before, discarded);
    assert.ok(discarded.length >= 4 && !discarded.includes(1), `discarded ${discarded}, and the sink has 1`);
    assert.deepEqual(
      [...discarded].sort(),
      Array.from(discarded, (_, n) => n + 2),
    );
  });

  test('discards the result of a stage that comes when it has settled', async () => {
    let give;
    const { before, discarded } = await torn([
      ['a'],
      (chunk) => new Promise((resolve) => void (give = () => resolve(`late ${chunk}`))),
      stuck(),
    ]);
    assert.deepEqual(before, []);
    give();
    await turn();
    assert.deepEqual(discarded, ['late a']);
  });

  test('discards what an iterator gives after the cancel, to a stream and to a function', async () => {
    for (const sink of [stuck(), async (chunks) => void (await chunks.next())]) {
      let give;
      const source = {
        [Symbol.asyncIterator]: () => source,
        next: () => new Promise((resolve) => void (give = () => resolve({ value: 'late', done: false }))),
      };
      const { discarded } = await torn([source, sink]);
      give();
      await turn();
      assert.deepEqual(discarded, ['late']);
    }
  });

  test("discards the chunk that waits for an engine's stream or a port to have room", async () => {
    const native = new globalThis.WritableStream({}, { highWaterMark: 0 });
    assert.deepEqual((await torn([['waits'], native])).discarded, ['waits']);
    const { port1, port2 } = new MessageChannel();
    assert.deepEqual((await torn([['waits'], toMessagePort(port1)])).discarded, ['waits']);
    port2.close();
  });

  test('discards a chunk that cannot be sent, and those that came to a port and were not read', async () => {
    const discarded = [];
    const [one, other] = [new MessageChannel(), new MessageChannel()];
    const cannot = () => {};
    const onDiscard = (chunk) => void discarded.push(chunk);
    await Promise.all([
      assert.rejects(pipeline([cannot], toMessagePort(one.port1), { onDiscard }), { name: 'DataCloneError' }),
      assert.rejects(
        pipeline(fromMessagePort(one.port2), async (chunks) => {
          for await (const chunk of chunks) onDiscard(chunk);
        }),
      ),
    ]);
    assert.deepEqual(discarded, [cannot]);
    const incoming = pipeline([1, 2, 3], toMessagePort(other.port1));
    incoming.catch(() => {});
    const source = fromMessagePort(other.port2, { highWaterMark: 3 });
    await turn(10);
    await pipeline(
      source,
      async (chunks) => {
        await chunks.next();
        await turn(5);
      },
      { onDiscard },
    );
    assert.deepEqual(discarded, [cannot, 2, 3]);
  });

  test('discards what every branch of the tee() before it has dropped, by the onDiscard of that', async () => {
    const discarded = [];
    let n = 0;
    const source = new ReadableStream({ pull: (controller) => controller.enqueue({ n: n++ }) }, { highWaterMark: 0 });
    const [first, second] = tee(source, { limit: 3, onDiscard: (chunk) => void discarded.push(chunk.n) });
    const running = pipeline(
      first,
      async (chunks) => {
        await chunks.next();
        await chunks.next();
        await turn(5);
      },
      { onDiscard: () => assert.fail('the branch has an onDiscard of its own') },
    );
    await turn(2);
    const reader = second.getReader();
    await reader.read();
    await running;
    assert.deepEqual(discarded, []);
    await reader.cancel();
    await turn();
    assert.deepEqual(
      discarded.sort(),
      Array.from({ length: n - 2 }, (_, at) => at + 2),
    );
  });

  test('leaves to a stream what has an onDiscard of its own', async () => {
    const own = [];
    const source = new ReadableStream({
      start: (controller) => ['a', 'b'].forEach((chunk) => controller.enqueue(chunk)),
      onDiscard: (chunk) => void own.push(chunk),
    });
    const { discarded } = await torn([
      source,
      async (chunks) => {
        await chunks.next();
        await new Promise(() => {});
      },
    ]);
    assert.deepEqual({ own, discarded }, { own: ['b'], discarded: [] });
  });

  test('has nothing to do with a stream that was left as it is once it has settled', async () => {
    const discarded = [];
    const source = new ReadableStream({
      start: (controller) => ['a', 'b', 'c'].forEach((chunk) => controller.enqueue(chunk)),
    });
    await pipeline(source, async (chunks) => void (await chunks.next()), {
      preventCancel: true,
      onDiscard: (chunk) => void discarded.push(chunk),
    });
    assert.equal((await source.getReader().read()).value, 'b');
    await turn();
    assert.deepEqual(discarded, []);
  });

  test('discards what was on its way when the source is left as it is', async () => {
    const written = [];
    let controller;
    const source = new ReadableStream({ start: (given) => void (controller = given) }, { highWaterMark: 0 });
    const sink = new WritableStream({ write: (chunk) => turn(20).then(() => void written.push(chunk)) });
    const running = torn([source, sink], { preventCancel: true });
    for (const chunk of [1, 2, 3]) controller.enqueue(chunk);
    const { discarded } = await running;
    const left = [];
    const reader = source.getReader();
    controller.close();
    for (let result = await reader.read(); !result.done; result = await reader.read()) left.push(result.value);
    assert.deepEqual([...written, ...discarded, ...left].sort(), [1, 2, 3]);
  });

  test('waits for the promise that it returns, at most as long as for a part', async () => {
    let closed = 0;
    const { before } = await torn([[1, 2, 3], stuck()], { onDiscard: () => turn(20).then(() => void (closed += 1)) });
    assert.deepEqual(before, []);
    assert.equal(closed, 2);
    await torn([[1, 2], stuck()], { onDiscard: () => new Promise(() => {}) });
  });

  test('fails the pipeline with what it throws or rejects with, and tells of what comes later in failureOf(error).later', async () => {
    const thrown = new Error('thrown');
    const onDiscard = () => {
      throw thrown;
    };
    const source = () => new ReadableStream({ start: (controller) => [1, 2, 3].forEach((n) => controller.enqueue(n)) });
    const leave = async (chunks) => void (await chunks.next());
    await assert.rejects(
      pipeline(source(), leave, { onDiscard }),
      (error) => error === thrown && failureOf(error).name === 'onDiscard',
    );
    await assert.rejects(
      pipeline(source(), leave, { onDiscard: () => Promise.reject(thrown) }),
      (error) => error === thrown,
    );
    await torn([[1, 2, 3], stuck()], { onDiscard });
    assert.deepEqual(failureOf(failure).later, [thrown]);
  });

  test('is a function or "dispose", which Symbol.dispose of the chunks answers', async () => {
    await assert.rejects(pipeline([], stuck(), { onDiscard: 'close' }), {
      name: 'TypeError',
      message: /pipeline\(\): options: onDiscard must be a function or 'dispose'/,
    });
    let open = 0;
    const handle = () => {
      open += 1;
      return { [Symbol.dispose]: () => void (open -= 1) };
    };
    await torn([[handle(), handle(), handle()], stuck()], { onDiscard: 'dispose' });
    assert.equal(open, 1, 'the sink has one');
  });
});
