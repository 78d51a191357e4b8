/** What `diagnose()` says of work that nobody waits for, and of what `write()` of a channel returns; and of the correct twins. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { diagnose } from 'tidegate/inspect';
import {
  channel,
  forEach,
  fromEvents,
  fromWebSocket,
  map,
  pipeline,
  ReadableStream,
  TransformStream,
  WritableStream,
} from 'tidegate';
import { counted, sleep, until } from './helpers.mjs';

const found = [];
let stop;
before(() => {
  stop = diagnose({ onMistake: (mistake) => found.push(mistake), warn: false });
});
after(() => stop());

const by = (name) => found.filter(({ stack }) => stack.includes(name));

async function mistakeOf(name) {
  await until(
    () => by(name).length > 0,
    () => `nothing by ${name}; ${JSON.stringify(found.map(({ kind, place }) => [kind, place]))}`,
  );
  const [mistake, ...others] = by(name);
  assert.deepEqual(others, []);
  assert.match(mistake.place, /diagnose-work\.test\.mjs:\d+:\d+/);
  assert.match(mistake.message, /^[A-Z].*\.$/);
  assert.match(mistake.fix, /^[A-Z].*\.$/);
  return mistake;
}

async function nothingBy(...names) {
  await sleep(100);
  for (const name of names) assert.deepEqual(by(name), []);
}

const COUNT = 300;

/** Work that a stage begins, `begin`, in each of the ways in which a stage can be written. */
const STAGES = {
  'a function': (begin) => (n) => void begin(n),
  'an async function': (begin) => async (n) => {
    begin(n);
    await null;
  },
  'a TransformStream': (begin) => new TransformStream({ transform: (n) => void begin(n) }),
};

for (const [what, stageOf] of Object.entries(STAGES))
  test(`pipelines that ${what} begins and does not wait for are told, with the line of the pipeline`, async () => {
    const jobs = [];
    let open;
    const gate = new Promise((resolve) => void (open = resolve));
    const slow = () => new WritableStream({ write: () => gate });
    const name = `dropsIn${what.replaceAll(/\W/g, '')}`;
    const { [name]: begin } = {
      [name]: (n) => void jobs.push(pipeline([new Uint8Array(1000), new Uint8Array(1000), n], slow())),
    };
    await pipeline(counted(COUNT), stageOf(begin), new WritableStream());
    const { kind, message, bytes } = await mistakeOf(name);
    assert.equal(kind, 'work not awaited');
    assert.match(
      message,
      /^Stage 1.* has begun 256 pipelines that still run, and waits for none of them(: .* wait in their queues)?\.$/,
    );
    assert.ok(bytes >= 0);
    open();
    await Promise.all(jobs);
  });

test('pipes that a sink begins and does not wait for are told', async () => {
  const stopped = new AbortController();
  await pipeline(
    counted(COUNT),
    forEach(function pipesAndForgets() {
      new ReadableStream().pipeTo(new WritableStream(), { signal: stopped.signal }).catch(() => {});
    }),
  );
  assert.equal((await mistakeOf('pipesAndForgets')).kind, 'work not awaited');
  stopped.abort();
});

test('work that is returned or awaited, a few calls at once, and many that are meant to be are no mistakes', async () => {
  const sink = () => new WritableStream({ write: () => sleep(0) });
  const returns = (n) => pipeline([n], sink());
  const awaits = async (n) => {
    await pipeline([n], sink());
    return n;
  };
  const several = (n) => pipeline([n], sink());
  const few = new Set();
  const keepsFew = async (n) => {
    const job = pipeline([n], sink());
    few.add(job);
    job.then(() => few.delete(job));
    if (few.size >= 20) await Promise.race(few);
  };
  await pipeline(counted(COUNT), returns, new WritableStream());
  await pipeline(counted(COUNT), awaits, map(several, { concurrency: 300 }), new WritableStream());
  await pipeline(counted(600), forEach(several, { concurrency: 400 }));
  await pipeline(counted(COUNT), forEach(keepsFew));
  await Promise.all(few);
  await nothingBy('returns', 'awaits', 'several', 'keepsFew');
});

test('pipelines that begin one after another, but not within a stage, are no mistake', async () => {
  const jobs = [];
  (function beginsMany() {
    for (let n = 0; n < COUNT; n++) jobs.push(pipeline([n], new WritableStream({ write: () => sleep(20) })));
  })();
  await Promise.all(jobs);
  await nothingBy('beginsMany');
});

test('a channel that fails because false was ignored is told, with the line of the write', async () => {
  const readings = channel();
  (function writesOnAndOn() {
    for (let n = 0; n < 2000; n++) {
      try {
        readings.write(new Uint8Array(100));
      } catch {
        return;
      }
    }
  })();
  const { kind, message, bytes } = await mistakeOf('writesOnAndOn');
  assert.equal(kind, 'false ignored');
  assert.match(message, /: 1024 chunks \(102 KB\) in the queue are lost\.$/);
  assert.equal(bytes, 102_400);
});

test('promises of write() that pile up are told', async () => {
  const readings = channel({ overflow: 'block', capacity: 16 });
  (function writesAndForgets() {
    for (let n = 0; n < 2000; n++) readings.write('abc');
  })();
  const { kind, message } = await mistakeOf('writesAndForgets');
  assert.equal(kind, 'false ignored');
  assert.match(message, /1024 writes \(3\.1 KB\) wait beyond the capacity\.$/);
  await readings.readable.cancel();
});

test('a producer that pauses, one that awaits, and a channel that may drop are no mistakes', async () => {
  const pausing = channel();
  const reading = pausing.readable.pipeTo(new WritableStream());
  await (async function pauses() {
    for (let n = 0; n < 3000; n++) if (!pausing.write(n)) await pausing.drained;
  })();
  pausing.end();
  await reading;
  const blocking = channel({ overflow: 'block', capacity: 16 });
  const taking = blocking.readable.pipeTo(new WritableStream());
  await (async function awaitsWrites() {
    for (let n = 0; n < 3000; n++) await blocking.write(n);
  })();
  blocking.end();
  await taking;
  for (const overflow of ['drop-oldest', 'drop-newest']) {
    const dropping = channel({ overflow });
    (function dropsByDesign() {
      for (let n = 0; n < 3000; n++) dropping.write(n);
    })();
    await dropping.readable.cancel();
  }
  const sized = channel({ highWaterMark: 16, capacity: 20, size: (n) => n });
  (function writesTooMuch() {
    for (const n of [15, 10]) sized.write(n);
  })();
  await nothingBy('pauses', 'awaitsWrites', 'dropsByDesign', 'writesTooMuch');
});

test('a socket that cannot be paused is no mistake of the page', async () => {
  const socket = Object.assign(new EventTarget(), { readyState: 1, binaryType: 'arraybuffer', close() {}, send() {} });
  const reader = fromWebSocket(socket).getReader();
  const first = reader.read();
  (function receivesOn() {
    for (let n = 0; n < 20_000; n++)
      socket.dispatchEvent(Object.assign(new Event('message'), { data: 'x'.repeat(1000) }));
  })();
  await first.catch(() => {});
  await assert.rejects(
    (async () => {
      for (;;) if ((await reader.read()).done) return;
    })(),
    /fromWebSocket\(\): the queue exceeded/,
  );
  await nothingBy('receivesOn');
});

test('events that come faster than they are read, without pause, are told where they are dispatched', async () => {
  const target = new EventTarget();
  const stream = fromEvents(target, 'tick');
  const reader = stream.getReader();
  const read = reader.read();
  (function ticksOn() {
    for (let n = 0; n < 2000; n++) target.dispatchEvent(new Event('tick'));
  })();
  await read.catch(() => {});
  const { kind, fix } = await mistakeOf('ticksOn');
  assert.equal(kind, 'false ignored');
  assert.match(fix, /fromEvents\(\): the options pause and resume/);
});
