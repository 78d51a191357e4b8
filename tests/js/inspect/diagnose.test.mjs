/** Each mistake that `diagnose()` knows, made on purpose; and the correct twin, of which it says nothing. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { diagnose, inspect } from 'tidegate/inspect';
import { channel, forEach, pipeline, ReadableStream, tee, TransformStream, WritableStream } from 'tidegate';
import { never, sleep, until } from './helpers.mjs';

const found = [];
let stop;
before(() => {
  stop = diagnose({
    onMistake: (mistake) => found.push(mistake),
    warn: false,
    lookEvery: 20,
    unreadFor: 150,
    holdFor: 60,
  });
});
after(() => stop());

/** The mistakes that are made in this file by the function `name`. */
const by = (name) => found.filter(({ place }) => place.includes(name));

/** Waits for the one mistake of the function `name`. */
async function mistakeOf(name) {
  await until(
    () => by(name).length > 0,
    () => `nothing by ${name}; ${JSON.stringify(found.map(({ kind, place }) => [kind, place]))}`,
  );
  const [mistake, ...others] = by(name);
  assert.deepEqual(others, []);
  assert.match(mistake.place, /diagnose\.test\.mjs:\d+:\d+/);
  assert.match(mistake.message, /^[A-Z].*\.$/);
  assert.match(mistake.fix, /^[A-Z].*\.$/);
  return mistake;
}

/** A correct twin: nothing is said of the function `name` for a while. */
async function nothingBy(name) {
  await sleep(400);
  assert.deepEqual(by(name), []);
}

const slowSink = () => new WritableStream({ write: () => sleep(1) });

test('writes that ignore ready are told, with their line and what waits', async () => {
  const writer = slowSink().getWriter();
  (function writesOn() {
    for (let n = 0; n < 100; n++) writer.write(new Uint8Array(1000)).catch(() => {});
  })();
  const { kind, message, bytes } = await mistakeOf('writesOn');
  assert.equal(kind, 'write ignores ready');
  assert.match(
    message,
    /^Of the calls of write\(\), 64 came while there was no room: 6\d chunks \(6\d KB\) in the queue\.$/,
  );
  assert.ok(bytes >= 60_000 && bytes < 70_000, `${bytes}`);
  await writer.abort();
});

test('writes that await ready, or each other, are no mistake; nor is writeMany()', async () => {
  const writer = slowSink().getWriter();
  await (async function writesWhenReady() {
    for (let n = 0; n < 100; n++) {
      await writer.ready;
      writer.write(new Uint8Array(1000));
    }
  })();
  await (async function writesAndAwaits() {
    for (let n = 0; n < 100; n++) await writer.write(new Uint8Array(1000));
  })();
  await (async function writesMany() {
    await writer.writeMany(Array(200).fill('x'));
  })();
  await nothingBy('writes(WhenReady|AndAwaits|Many)');
  assert.deepEqual([...by('writesWhenReady'), ...by('writesAndAwaits'), ...by('writesMany')], []);
  await writer.close();
});

test('a source that enqueues although nothing is asked of it is told', async () => {
  const stream = new ReadableStream({
    async start(controller) {
      for (let n = 0; n < 100; n++) {
        await null;
        (function enqueuesOn() {
          controller.enqueue('abc');
        })();
      }
    },
  });
  const { kind, message } = await mistakeOf('enqueuesOn');
  assert.equal(kind, 'enqueue past the mark');
  assert.match(
    message,
    /^The source has enqueued 64 chunks past the high-water mark, of which it was not asked for any/,
  );
  await stream.cancel();
});

test('a pull that goes through its whole input at once is told', async () => {
  const stream = new ReadableStream({
    async pull(controller) {
      for (let n = 0; n < 5000; n++) {
        await null;
        (function pullsAll() {
          controller.enqueue(n);
        })();
      }
    },
  });
  const { kind, message } = await mistakeOf('pullsAll');
  assert.equal(kind, 'enqueue past the mark');
  assert.match(message, /within one pull\(\)/);
  await stream.cancel();
});

test('a source that is pulled, one that fills its queue at once, a batch in each pull and a channel are no mistakes', async () => {
  const pulled = new ReadableStream({
    pull: function pullsOne(controller) {
      controller.enqueue(1);
    },
  });
  const filled = new ReadableStream({
    start: function fillsAtOnce(controller) {
      for (let n = 0; n < 500; n++) controller.enqueue(n);
      controller.close();
    },
  });
  const batched = new ReadableStream({
    pull: function pullsBatch(controller) {
      for (let n = 0; n < 100; n++) controller.enqueue(n);
    },
  });
  const spread = new TransformStream({
    transform: function spreads(chunk, controller) {
      for (let n = 0; n < 500; n++) controller.enqueue(n);
    },
  });
  const queue = channel({ overflow: 'drop-oldest', capacity: 200 });
  (function writesToChannel() {
    for (let n = 0; n < 1000; n++) queue.write(n);
  })();
  queue.end();
  const writer = spread.writable.getWriter();
  writer.write(1).catch(() => {});
  await pipeline(
    filled,
    forEach(() => {}),
  );
  await sleep(300);
  for (const name of ['pullsOne', 'fillsAtOnce', 'pullsBatch', 'spreads', 'writesToChannel'])
    assert.deepEqual(by(name), []);
  await Promise.all([pulled.cancel(), batched.cancel(), spread.readable.cancel(), queue.readable.cancel()]);
});

test('a byte stream whose source does not wait is told as well', async () => {
  let controller;
  const stream = new ReadableStream({ type: 'bytes', start: (c) => void (controller = c) });
  await null;
  (function enqueuesBytes() {
    for (let n = 0; n < 100; n++) controller.enqueue(new Uint8Array(10));
  })();
  assert.equal((await mistakeOf('enqueuesBytes')).kind, 'enqueue past the mark');
  await stream.cancel();
});

test('a lock that is kept and never read is told, with the line that took it', async () => {
  const stream = new ReadableStream({ start: (controller) => controller.enqueue('abcd') });
  (function keepsLock() {
    return stream.getReader();
  })();
  const { kind, message, bytes } = await mistakeOf('keepsLock');
  assert.equal(kind, 'lock never read');
  assert.match(
    message,
    /^A reader has held the lock of a stream for .* and read nothing of 1 chunk \(4 bytes\) in the queue\.$/,
  );
  assert.equal(bytes, 4);
});

test('a lock whose reader has read, or waits for a chunk, is no mistake', async () => {
  const stream = new ReadableStream({ pull: (controller) => controller.enqueue(1) });
  const reader = (function readsOnce() {
    return stream.getReader();
  })();
  await reader.read();
  const empty = new ReadableStream();
  (function waitsForChunk() {
    empty.getReader().read();
  })();
  await nothingBy('readsOnce');
  assert.deepEqual(by('waitsForChunk'), []);
});

test('a branch of tee() that nobody reads is told, with the line of the tee', async () => {
  const source = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1000)) });
  const [one, other] = (function teesAndForgets() {
    return source.tee();
  })();
  const reader = one.getReader();
  for (let n = 0; n < 400; n++) await reader.read();
  const { kind, message } = await mistakeOf('teesAndForgets');
  assert.equal(kind, 'tee branch left behind');
  assert.match(
    message,
    /^One branch of tee\(\) is read and the other is not, so that one keeps \d+ chunks \(\d+ KB\)\.$/,
  );
  await Promise.all([reader.cancel(), other.cancel()]);
});

test("a tee whose branches are both read is no mistake, nor is tidegate's tee()", async () => {
  const source = () =>
    new ReadableStream({
      n: 0,
      pull(controller) {
        if (++this.n > 600) controller.close();
        else controller.enqueue(new Uint8Array(1000));
      },
    });
  const both = (function teesAndReads() {
    return source().tee();
  })();
  const ours = (function teesOurs() {
    return tee(source());
  })();
  await Promise.all([...both, ...ours].map((branch) => branch.pipeTo(new WritableStream())));
  await nothingBy('teesAndReads');
  assert.deepEqual(by('teesOurs'), []);
});

test('a queue that grows without end is told, with the line that made it', async () => {
  let controller;
  const stream = (function makesEndless() {
    return new ReadableStream({ start: (c) => void (controller = c) }, { highWaterMark: Infinity });
  })();
  const timer = setInterval(() => {
    for (let n = 0; n < 20; n++) controller.enqueue('x'.repeat(100));
  }, 5);
  try {
    const { kind, message, bytes } = await mistakeOf('makesEndless');
    assert.equal(kind, 'queue grows');
    assert.match(message, /^A queue grows and grows: it has \d+ chunks \(.*\), and its high-water mark is Infinity\.$/);
    assert.ok(bytes > 6000);
  } finally {
    clearInterval(timer);
    await stream.cancel();
  }
});

test('a queue that is large and does not grow is no mistake', async () => {
  let controller;
  const stream = (function makesLarge() {
    return new ReadableStream({ start: (c) => void (controller = c) }, { highWaterMark: Infinity });
  })();
  for (let n = 0; n < 1000; n++) controller.enqueue(n);
  await nothingBy('makesLarge');
  await stream.cancel();
});

function work(milliseconds) {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

test('a stage that keeps the thread for long is told, with the line of the pipeline', async () => {
  async function* numbers() {
    for (let n = 0; n < 40; n++) {
      await sleep(2);
      yield n;
    }
  }
  const blocks = () =>
    pipeline(
      numbers(),
      function busy(n) {
        work(100);
        return n;
      },
      new WritableStream(),
    );
  const job = blocks();
  const told = /^Stage 1 \(function busy\) keeps the thread for long, \d.* in its last call/;
  // On a busy machine another part may have been kept for as long.
  const ofStage = () => by('blocks').filter(({ message }) => told.test(message));
  await until(
    () => ofStage().length > 0,
    () => JSON.stringify([by('blocks'), inspect(job)]),
  );
  assert.deepEqual(
    ofStage().map(({ kind }) => kind),
    ['thread held'],
  );
  await job;
});

test('two stages of one pipeline that keep the thread are each told', async () => {
  async function* numbers() {
    for (let n = 0; n < 40 && by('both').length < 2; n++) {
      await sleep(2);
      yield n;
    }
  }
  const both = () =>
    pipeline(
      numbers(),
      function first(n) {
        work(80);
        return n;
      },
      function second(n) {
        work(80);
        return n;
      },
      new WritableStream(),
    );
  await both();
  const stages = by('both').map(({ message }) => /\(function (\w+)\)/.exec(message)?.[1]);
  for (const stage of ['first', 'second']) assert.ok(stages.includes(stage), JSON.stringify(by('both')));
});

test('a stage that waits for long is no mistake', async () => {
  const waits = () =>
    pipeline(
      [1, 2],
      async (n) => {
        await sleep(150);
        return n;
      },
      new WritableStream(),
    );
  await waits();
  await nothingBy('waits');
});

test('each place is told once, and nothing any more once it has been ended', async () => {
  const writers = [];
  function writesTwice() {
    const writer = new WritableStream({ write: never }).getWriter();
    writers.push(writer);
    for (let n = 0; n < 100; n++) writer.write(n).catch(() => {});
  }
  writesTwice();
  writesTwice();
  await mistakeOf('writesTwice');
  const end = diagnose({ warn: false });
  end();
  (function writesUnwatched() {
    const writer = new WritableStream({ write: never }).getWriter();
    for (let n = 0; n < 100; n++) writer.write(n).catch(() => {});
  })();
  await sleep(50);
  assert.deepEqual(by('writesUnwatched'), []);
});

test('options are checked', () => {
  assert.throws(() => diagnose({ onMistake: 1 }), /diagnose\(\): onMistake must be a function; got number/);
  assert.throws(() => diagnose({ holdFor: 0 }), RangeError);
});

const program = fileURLToPath(new URL('./diagnose-program.mjs', import.meta.url));
const run = (...args) =>
  execFileSync(process.execPath, ['--expose-gc', program, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_ENV: 'development' },
  });

test('in development it is on by itself, and a stream that is dropped unread is told', () => {
  const said = run('dropped');
  assert.match(said, /^event: never consumed makesAndDrops/m);
  assert.match(said, /^warning: tidegate: A stream was made and dropped: .* Read it to its end, or call cancel\(\)/m);
});

test('a body that the runtime makes a stream of, or that only was looked at, is no mistake', () => {
  assert.equal(run('bodies').trim(), 'nothing');
});

test('a stream that is dropped after it was read, cancelled, piped or closed is no mistake', () => {
  assert.equal(run('used').trim(), 'nothing');
});
