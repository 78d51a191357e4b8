import {
  batch,
  chunk,
  compose,
  failureOf,
  filter,
  finished,
  flatten,
  map,
  pipeline,
  rateLimit,
  ReadableStream,
  skip,
  take,
  tap,
  tee,
  toArray,
  WritableStream,
} from '/dist/index.js';
import { equal, ok, pause, rejection, Skip, standing, turn, within } from '/support.js';

const broken = new Error('broken');
const numbers = (n) => Array.from({ length: n }, (_, i) => i);
const through = (source, ...stages) =>
  toArray(stages.reduce((stream, stage) => stream.pipeThrough(stage), ReadableStream.from(source)));

export default {
  async 'each operator gives what it should'() {
    const seen = [];
    equal(
      await through(
        numbers(20),
        filter((n) => n % 2),
        tap((n) => void seen.push(n)),
        skip(1),
        take(4),
        batch(3),
      ),
      [[3, 5, 7], [9]],
    );
    equal(seen.slice(0, 5), [1, 3, 5, 7, 9]);
    equal(await through([[1, 2], new Set([3])], flatten()), [1, 2, 3]);
    equal(
      (await through([new Uint8Array(5), new Uint8Array(6)], chunk(4))).map(({ length }) => length),
      [4, 4, 3],
    );
  },

  async 'map runs as many at once as it may, in order or as they come, and stops at the first failure'() {
    let running = 0;
    let most = 0;
    const work = async (n) => {
      most = Math.max(most, (running += 1));
      await pause(n % 3);
      running -= 1;
      return n;
    };
    equal(await through(numbers(50), map(work, { concurrency: 5 })), numbers(50));
    equal(most, 5);
    equal(
      (await through(numbers(50), map(work, { concurrency: 5, ordered: false }))).sort((a, b) => a - b),
      numbers(50),
    );
    let calls = 0;
    const failing = map(
      async (n) => {
        calls += 1;
        await turn();
        if (n === 3) throw broken;
        return n;
      },
      { concurrency: 3 },
    );
    ok(
      (await rejection(within(1000, pipeline(numbers(100), failing, new WritableStream())))) === broken,
      'another error',
    );
    const then = calls;
    for (let n = 0; n < 5; n += 1) await turn();
    ok(calls === then && calls <= 8, `${calls} calls`);
  },

  async 'tee holds its branches together, and the source back'() {
    let made = 0;
    const source = new ReadableStream({ pull: (controller) => controller.enqueue(made++) }, { highWaterMark: 0 });
    const [fast, slow] = tee(source, { limit: 3 });
    const reader = fast.getReader();
    for (let n = 0; n < 3; n += 1) await reader.read();
    const stood = await standing(() => made, 50);
    ok(stood <= 4, `${stood} chunks were made for a branch that is not read`);
    await reader.cancel();
    await slow.cancel();
  },

  async 'rateLimit lets through what it may'() {
    const began = performance.now();
    await through(
      Array.from({ length: 10 }, () => new Uint8Array(1000)),
      rateLimit({ bytesPerSecond: 50_000, burst: 1000 }),
    );
    const took = performance.now() - began;
    ok(took > 100, `10,000 bytes at 50,000 a second took ${took} ms`);
  },

  async 'a pipeline tells its progress, keeps to its memory, and leaves ends open that it should'() {
    const file = new File([new Uint8Array(1 << 20)], 'x');
    const reports = [];
    const sink = new WritableStream({ write: turn });
    await pipeline(file, (bytes) => bytes.length, sink, {
      onProgress: (report) => reports.push(report),
      preventClose: true,
      memoryLimit: 4 << 20,
    });
    const last = reports.at(-1);
    equal([last.done, last.fraction, last.bytes, last.total], [true, 1, 1 << 20, 1 << 20]);
    equal(sink.locked, false);
    await sink.close();
    await finished(sink);
  },

  async 'await using takes down a pipeline, a reader and a writer, where the engine has it'() {
    const AsyncFunction = (async () => {}).constructor;
    let use;
    try {
      use = new AsyncFunction('thing', 'await using it = thing;');
    } catch {
      throw new Skip('this engine has no await using');
    }
    let cancelled = 0;
    const source = () =>
      new ReadableStream({ pull: (controller) => controller.enqueue(1), cancel: () => void (cancelled += 1) });
    let aborted = 0;
    const sink = () => new WritableStream({ write: turn, abort: () => void (aborted += 1) });
    await use(pipeline(source(), sink()));
    equal([cancelled, aborted], [1, 1]);
    const [read, written] = [source(), sink()];
    await use(read.getReader());
    await use(written.getWriter());
    equal([cancelled, aborted, read.locked, written.locked], [2, 2, false, false]);
  },

  async 'compose and failureOf say where'() {
    const error = await rejection(
      pipeline(
        [1],
        compose(
          (n) => n,
          () => {
            throw broken;
          },
        ),
        new WritableStream(),
      ),
    );
    ok(error === broken, 'another error');
    equal(failureOf(error).index, 1);
  },
};
