/** `yieldAfter`: what runs beside a pipeline gets its turn. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { Readable, Writable } from 'node:stream';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import {
  ReadableStream,
  TransformStream,
  WritableStream,
  filter,
  flatten,
  pipeline,
  stage,
  toArray,
  toText,
} from 'tidegate';
import { csv, digest, gunzip, lines } from 'tidegate/codecs';

/** How often the event loop has turned since the job began, and how often it is to turn before that ends. */
let turns = 0;
let wanted = 5;

/** Keeps the thread busy until the event loop has turned often enough, or for `ms` milliseconds. */
function* numbers(ms = wanted === 0 ? 60 : 10_000) {
  const end = performance.now() + ms;
  for (let n = 0; performance.now() < end && (wanted === 0 || turns < wanted); n += 1) yield n;
}

/** Keeps it busy for so long. */
function* busy(ms) {
  const end = performance.now() + ms;
  for (let n = 0; performance.now() < end; n += 1) yield n;
}

async function* asyncNumbers() {
  yield* numbers();
}

const sourceOf = (iterator, strategy) =>
  new ReadableStream(
    {
      pull(controller) {
        const { done, value } = iterator.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
    },
    strategy,
  );

const count = async (chunks) => {
  let seen = 0;
  for await (const chunk of chunks) seen += chunk === undefined ? 0 : 1;
  return seen;
};

/** Bytes that gunzip and a digest work on for long enough, in one chunk. */
const large = gzipSync(new Uint8Array(64 << 20), { level: 1 });

/** How often the event loop turned while `work` ran. */
async function turnsDuring(work, until = 5) {
  wanted = until;
  turns = 0;
  let running = true;
  const turn = () => {
    turns += 1;
    if (running) setImmediate(turn);
  };
  await new Promise((resolve) => setImmediate(resolve));
  setImmediate(turn);
  try {
    await work();
    return turns;
  } finally {
    running = false;
  }
}

const jobs = {
  'a generator read by a function': (options) => pipeline(numbers(), count, options),
  'an async generator read by a function': (options) => pipeline(asyncNumbers(), count, options),
  'a generator written to a stream': (options) => pipeline(numbers(), new WritableStream(), options),
  'a stream written to a stream': (options) =>
    pipeline(sourceOf(numbers()), new WritableStream({ write() {} }), options),
  'a stream whose queue is long': (options) => {
    const strategy = { highWaterMark: 1000 };
    return pipeline(sourceOf(numbers(), strategy), new WritableStream({ write() {} }, strategy), options);
  },
  'a filter that drops everything': (options) =>
    pipeline(
      numbers(),
      filter(() => false),
      new WritableStream(),
      options,
    ),
  'transform streams': (options) =>
    pipeline(sourceOf(numbers()), new TransformStream(), new TransformStream(), count, options),
  'a function for each chunk': (options) =>
    pipeline(
      numbers(),
      (n) => n + 1,
      (n) => n * 2,
      count,
      options,
    ),
  'a function for each chunk before a stream': (options) =>
    pipeline(numbers(), (n) => n + 1, new WritableStream(), options),
  'a generator stage that drops everything': (options) =>
    pipeline(
      numbers(),
      async function* (chunks) {
        for await (const chunk of chunks) if (chunk < 0) yield chunk;
      },
      new WritableStream(),
      options,
    ),
  'a generator stage that makes many chunks of one': (options) =>
    pipeline(
      [1],
      () => numbers,
      stage(async function* (chunks) {
        for await (const make of chunks) yield* make();
      }),
      new WritableStream(),
      options,
    ),
  'flatten() of one chunk': (options) =>
    pipeline([0], () => ({ [Symbol.iterator]: numbers }), flatten(), new WritableStream(), options),
  "the engine's streams": (options) =>
    pipeline(
      globalThis.ReadableStream.from(asyncNumbers()),
      new globalThis.TransformStream(),
      new globalThis.WritableStream(),
      options,
    ),
  "Node's streams": (options) =>
    pipeline(Readable.from(numbers()), new Writable({ objectMode: true, write: (chunk, _, done) => done() }), options),
  onProgress: (options) => pipeline(numbers(), new WritableStream(), { onProgress() {}, ...options }),
  memoryLimit: (options) =>
    pipeline(numbers(), new TransformStream(), new WritableStream(), { memoryLimit: 1000, ...options }),
  'toArray()': (options) => toArray(numbers(), { limit: Infinity, ...options }),
  'toText()': (options) =>
    toText(
      {
        *[Symbol.iterator]() {
          for (const n of numbers()) yield `${n}\n`;
        },
      },
      { limit: Infinity, ...options },
    ),
  'one large chunk through codecs': (options) =>
    pipeline([large], gunzip(), digest('sha-256'), new WritableStream(), options),
};

describe('a pipeline gives the thread back', () => {
  for (const [name, run] of Object.entries(jobs)) {
    test(`in the middle of ${name}, and with yieldAfter: Infinity never`, async () => {
      const kept = await turnsDuring(() => run({ yieldAfter: Infinity }), 0);
      const given = await turnsDuring(() => run({}));
      assert.ok(given >= 4, `the event loop turned ${given} times`);
      assert.ok(kept <= given / 2, `it turned ${kept} times without yields, ${given} with them`);
    });
  }

  test("but the standard's own pipeTo() does not", async () => {
    const turned = await turnsDuring(() => sourceOf(busy(60)).pipeTo(new WritableStream()));
    assert.ok(turned <= 1, `${turned} turns`);
  });

  test('as often as yieldAfter says', async () => {
    const seldom = await turnsDuring(() => pipeline(busy(500), count, { yieldAfter: 200 }));
    const often = await turnsDuring(() => pipeline(busy(500), count, { yieldAfter: 2 }));
    assert.ok(often > 3 * seldom, `${often} turns with 2 ms, ${seldom} with 200`);
  });

  test('after every chunk with yieldAfter: 0', async () => {
    const turned = await turnsDuring(() =>
      pipeline(
        Array.from({ length: 50 }, (_, n) => n),
        count,
        { yieldAfter: 0 },
      ),
    );
    assert.ok(turned >= 49, `${turned} turns`);
  });

  test('once for all pipelines that run', async () => {
    const { setImmediate } = globalThis;
    let tasks = 0;
    globalThis.setImmediate = (...args) => {
      tasks += 1;
      return setImmediate(...args);
    };
    try {
      const begun = performance.now();
      await Promise.all(
        Array.from({ length: 20 }, () => pipeline(busy(300), new TransformStream(), new WritableStream())),
      );
      const slices = (performance.now() - begun) / 12;
      assert.ok(tasks >= 2 && tasks <= 2 * slices + 4, `${tasks} tasks in ${slices} slices`);
    } finally {
      globalThis.setImmediate = setImmediate;
    }
  });

  test('where setImmediate and MessageChannel throw, as in the edge runtime of Next', async () => {
    const { setImmediate, MessageChannel } = globalThis;
    globalThis.setImmediate = globalThis.MessageChannel = function refused() {
      throw new Error('A Node.js API is used which is not supported in the Edge Runtime.');
    };
    let made = 0;
    const source = function* () {
      for (const n of busy(100)) {
        made += 1;
        yield n;
      }
    };
    try {
      assert.equal(await pipeline(source(), (value) => value, count), made);
      const boom = new Error('boom');
      const fails = () => Promise.reject(boom);
      await assert.rejects(pipeline([1, 2], fails, count), boom);
    } finally {
      Object.assign(globalThis, { setImmediate, MessageChannel });
    }
  });

  test('in a worker, so that it gets its messages', async () => {
    const worker = new Worker(new URL('./yield-worker.mjs', import.meta.url));
    try {
      const answers = await new Promise((resolve, reject) => {
        worker.on('error', reject);
        let answered = 0;
        worker.on('message', (message) => {
          if (message === 'done') resolve(answered);
          else answered += 1;
          worker.postMessage('ping');
        });
      });
      assert.ok(answers >= 4, `${answers} answers`);
    } finally {
      await worker.terminate();
    }
  });
});

describe('a pipeline that waits for its turn', () => {
  /** Holds the tasks that pipelines ask for back until `release()`. */
  async function holding(use) {
    const { setImmediate } = globalThis;
    const held = [];
    globalThis.setImmediate = (callback) => void held.push(callback);
    const asked = async () => {
      while (held.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    };
    const release = () => {
      globalThis.setImmediate = setImmediate;
      for (const callback of held.splice(0)) setImmediate(callback);
    };
    try {
      await use({ asked, release, held });
    } finally {
      release();
    }
  }

  const waiting = {
    'a function': (options) => pipeline(busy(1e6), count, options),
    'a stream': (options) => pipeline(busy(1e6), new WritableStream(), options),
    'a function for each chunk': (options) => pipeline(busy(1e6), (n) => n, count, options),
    'a generator stage': (options) =>
      pipeline(
        busy(1e6),
        async function* (chunks) {
          for await (const chunk of chunks) yield chunk;
        },
        new WritableStream(),
        options,
      ),
    codecs: (options) => pipeline([large], gunzip(), digest('sha-256'), new WritableStream(), options),
  };
  for (const [name, run] of Object.entries(waiting)) {
    test(`settles at once with the signal's reason when it is aborted: ${name}`, async () => {
      await holding(async ({ asked, held }) => {
        const controller = new AbortController();
        const reason = new Error('enough');
        const running = run({ signal: controller.signal });
        running.catch(() => {});
        await asked();
        controller.abort(reason);
        await assert.rejects(running, (error) => error === reason);
        assert.equal(held.length, 1);
      });
    });
  }

  test('reads in the order of the calls of next()', async () => {
    const read = await pipeline(
      busy(100),
      async (chunks) => {
        const values = [];
        for (;;) {
          const results = await Promise.all([chunks.next(), chunks.next(), chunks.next()]);
          values.push(...results.filter(({ done }) => !done).map(({ value }) => value));
          if (results[2].done) return values;
        }
      },
      { yieldAfter: 1 },
    );
    assert.ok(read.length > 100);
    assert.deepEqual(
      read,
      read.map((_, n) => n),
    );
  });

  test('and for room under its memoryLimit goes on when it has both', async () => {
    const chunks = Array.from({ length: 300 }, (_, n) => n);
    const slow = async (chunk) => {
      if (chunk % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      return chunk;
    };
    for (const yieldAfter of [0, 1]) {
      const seen = [];
      const queue = { highWaterMark: 100 };
      await pipeline(
        new ReadableStream({
          start: (controller) => chunks.forEach((chunk) => controller.enqueue(chunk)) || controller.close(),
        }),
        new TransformStream({}, queue, queue),
        slow,
        new WritableStream({ write: (chunk) => void seen.push(chunk) }),
        { memoryLimit: 3000, yieldAfter },
      );
      assert.deepEqual(seen, chunks);
    }
  });
});

describe('a process', () => {
  const program = (before) => `${before}
    const { pipeline, WritableStream } = await import(${JSON.stringify(import.meta.resolve('tidegate'))});
    function* numbers() { const end = Date.now() + 500; while (Date.now() < end) yield 1; }
    let ticks = 0;
    const timer = setInterval(() => ticks += 1, 1);
    await pipeline(numbers(), (n) => n, new WritableStream());
    clearInterval(timer);
    console.log(ticks > 2);`;

  // Node's ports answer message after message before they let timers run.
  for (const [name, before, expected] of [
    ['with setImmediate', '', ['true']],
    ['with nothing but a MessageChannel', 'delete globalThis.setImmediate;', ['true', 'false']],
    ['with neither', 'delete globalThis.setImmediate; delete globalThis.MessageChannel;', ['true']],
  ]) {
    test(`${name} stays until a pipeline that waits for its turn has ended, and then exits by itself`, () => {
      const { stdout, stderr, status, signal } = spawnSync(
        process.execPath,
        ['--input-type=module', '-e', program(before)],
        { timeout: 30_000, encoding: 'utf8' },
      );
      assert.deepEqual([stderr, status, signal], ['', 0, null]);
      assert.ok(expected.includes(stdout.trim()), `timers ran: ${stdout}`);
    });
  }

  test('does not look for the means of giving the thread back when it imports the package', () => {
    const watch = `for (const name of ['setImmediate', 'scheduler']) {
      const value = globalThis[name];
      Object.defineProperty(globalThis, name, { configurable: true, get() { if (/tidegate|dist/.test(new Error().stack)) console.log(name); return value; } });
    }
    await import(${JSON.stringify(import.meta.resolve('tidegate'))});`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', watch], {
      timeout: 30_000,
      encoding: 'utf8',
    });
    assert.deepEqual([stdout, stderr], ['', '']);
  });
});

describe('yieldAfter', () => {
  for (const value of [-1, NaN, '12', null]) {
    test(`is refused when it is ${JSON.stringify(value)} (${typeof value})`, async () => {
      await assert.rejects(pipeline([1], count, { yieldAfter: value }), (error) => {
        assert.ok(error instanceof RangeError);
        assert.match(error.message, /options\.yieldAfter must be a number of at least 0/);
        return true;
      });
    });
  }

  test('changes neither what arrives nor its order', async () => {
    let state = 7;
    const random = (n) => {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
      return (state >> 8) % n;
    };
    const stages = [
      () => (n) => n * 3,
      () => async (n) => n + 1,
      () => new TransformStream(),
      () => filter((n) => n % 2 === 0),
      () =>
        async function* (chunks) {
          for await (const chunk of chunks) yield* [chunk, -chunk];
        },
      () => (n) => [n, n + 1],
      () => new globalThis.TransformStream(),
    ];
    const sources = [
      () => Array.from({ length: 40 }, (_, n) => n),
      () => sourceOf(Array.from({ length: 40 }, (_, n) => n).values()),
      () => Readable.from(Array.from({ length: 40 }, (_, n) => n + 1)),
      () =>
        (async function* () {
          for (let n = 0; n < 40; n += 1) yield n;
        })(),
    ];
    const run = (source, chosen, toStream, yieldAfter) => {
      const seen = [];
      const parts = chosen.map((make) => make());
      const sink = toStream
        ? new WritableStream({ write: (chunk) => void seen.push(chunk) })
        : async (chunks) => {
            for await (const chunk of chunks) seen.push(chunk);
          };
      return pipeline(source(), ...parts, sink, { yieldAfter }).then(
        () => seen,
        (error) => [String(error), seen],
      );
    };
    for (let turn = 0; turn < 40; turn += 1) {
      const source = sources[random(sources.length)];
      const chosen = Array.from({ length: random(4) }, () => stages[random(stages.length)]);
      const toStream = random(2) === 0;
      const [expected, ...others] = await Promise.all(
        [Infinity, 0, 1, 12].map((yieldAfter) => run(source, chosen, toStream, yieldAfter)),
      );
      for (const other of others) assert.deepEqual(other, expected);
    }
  });

  test('loses no chunk of an async generator before functions', async () => {
    async function* thousand() {
      for (let n = 0; n < 1000; n += 1) yield n;
    }
    for (const yieldAfter of [0, 1, 12, Infinity]) {
      for (const stages of [[(n) => n], [(n) => n, (n) => n], [async (n) => n, (n) => n]]) {
        assert.equal(await pipeline(thousand(), ...stages, count, { yieldAfter }), 1000);
      }
    }
  });

  test('leaves rows of codecs as they are', async () => {
    const file = gzipSync(Array.from({ length: 3000 }, (_, n) => `${n},"a ""${n}""",x`).join('\n'));
    const rows = (yieldAfter) =>
      toArray(sourceOf([file.subarray(0, 2000), file.subarray(2000)].values()), { yieldAfter }).then(async (parts) => {
        const found = [];
        await pipeline(
          parts,
          gunzip(),
          csv(),
          async (chunks) => {
            for await (const row of chunks) found.push(row);
          },
          { yieldAfter },
        );
        return found;
      });
    assert.deepEqual(await rows(0), await rows(Infinity));
    const texts = (yieldAfter) =>
      toArray(
        {
          async *[Symbol.asyncIterator]() {
            yield file;
          },
        },
        { yieldAfter },
      ).then((parts) => {
        const found = [];
        return pipeline(parts, gunzip(), lines(), new WritableStream({ write: (line) => void found.push(line) }), {
          yieldAfter,
        }).then(() => found);
      });
    assert.deepEqual(await texts(0), await texts(Infinity));
  });
});
