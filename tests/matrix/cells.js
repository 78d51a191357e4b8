/**
 * The cells of the matrix: every source with every sink, and all that can happen to them. In each the pipeline's promise settles within a second,
 * with the right reason, and then nothing is left open, locked, listening or unhandled, here and on the other side.
 */
import { map, pipeline, TransformStream } from 'tidegate';
import { Books, countingSignal, ok, turn, until, within } from './support.js';
import { sinks } from './sinks.js';
import { sources } from './sources.js';

const COUNT = 6;
const AT = 2;
const LIMIT = 1000;
/** How many values a cell that counts them has made when it is aborted. */
const MADE = 7;
/**
 * Seconds in which an engine lets go of a connection after its page has. Firefox leaves a socket that was closed while it was
 * connecting open to the other side for up to a second (seen: 1003 ms).
 */
const LETS_GO = 3;
const ENDLESS = 100_000;

/** What each part is told, and what is to come of it. */
const scenarios = {
  'arrives whole': { source: { count: COUNT }, whole: true },
  'fails with the error of the source': { source: { count: AT, fail: true }, failsIn: 'source' },
  'fails with the error of a stage': { stageFails: true, failsIn: 'here' },
  'fails with the error of the sink': { sink: { at: AT, fail: true }, failsIn: 'sink' },
  'fails with the reason of a signal aborted before': { abort: 'before', failsIn: 'here' },
  'fails with the reason of a signal aborted during': { abort: 'during', failsIn: 'here' },
  'is not disturbed by a signal aborted after': { source: { count: COUNT }, abort: 'after', whole: true },
  'ends well when the source ends at once': { source: { count: 0 }, whole: true },
  'ends well when a stage has had enough': { stageLeaves: true, first: AT },
  'ends well when the consumer breaks': { sink: { at: AT, enough: true }, needsLeave: true, first: AT },
  // With values that need closing: as many as were made were consumed or discarded, each once.
  'discards what nobody has consumed when it is aborted': { abort: 'made', failsIn: 'here', counts: true },
  'discards what nobody has consumed when the sink fails': {
    sink: { at: AT, fail: true },
    failsIn: 'sink',
    counts: true,
  },
  'discards what nobody has consumed when a stage has had enough': { stageLeaves: true, first: AT, counts: true },
};

/** Whether `given`, what the engine has, is enough for `part`. */
const runs =
  (given) =>
  ([, part]) =>
    part.needs === undefined || given.includes(part.needs);

/** `{ name, run(env) }` for each; `given` lists what this engine has of what parts need. */
export function cells(given) {
  const all = [];
  for (const [sourceName, source] of Object.entries(sources).filter(runs(given))) {
    for (const [sinkName, sink] of Object.entries(sinks).filter(runs(given))) {
      for (const [what, scenario] of Object.entries(scenarios)) {
        if (scenario.needsLeave && !sink.canLeave) continue;
        all.push({
          name: `from ${sourceName} into ${sinkName} ${what}`,
          run: (env) => runCell(scenario, source, sink, env),
        });
      }
    }
  }
  return all;
}

function stageOf(scenario, failure) {
  return async function* work(numbers) {
    let n = 0;
    for await (const number of numbers) {
      if (scenario.stageFails && n === AT) throw failure;
      yield number;
      n += 1;
      if (scenario.stageLeaves && n === AT) return;
    }
  };
}

/**
 * The stages of a cell that counts: values made by the source or of what it gives, held in queues and by an operator, and consumed by the sink or by what
 * makes its chunks.
 */
function countedStages(books, scenario, { source, sink, decode, failure }) {
  const open = source.carries ? [] : [decode, (n) => books.make(n)];
  const close = sink.carries ? [] : [(value) => sink.encode(books.consume(value))];
  const queues = new TransformStream(undefined, { highWaterMark: 2 }, { highWaterMark: 2 });
  const work = map(
    async (value) => {
      const n = books.consume(value);
      await turn();
      return books.make(n);
    },
    { concurrency: 2 },
  );
  return [...open, queues, work, stageOf(scenario, failure), ...close];
}

async function runCell(
  scenario,
  { make: makeSource, carries: sourceCarries },
  { make: makeSink, carries: sinkCarries },
  env,
) {
  const failure = new Error('the failure');
  const signal = countingSignal();
  const books =
    scenario.counts &&
    new Books(scenario.abort === 'made' ? { at: MADE, call: () => signal.abort(failure) } : undefined);
  const wrap = books && sourceCarries ? (n) => books.make(n) : (n) => n;
  const unwrap = books && sinkCarries ? (value) => books.consume(value) : (n) => n;
  const source = await makeSource({ count: ENDLESS, ...scenario.source, failure, env, wrap });
  const sink = await makeSink({ ...scenario.sink, failure, env, unwrap });
  source.carries = sourceCarries;
  sink.carries = sinkCarries;
  const decode = async function* decode(chunks) {
    for await (const chunk of chunks) yield* source.decode(chunk);
  };
  const encode = (n) => sink.encode(n);

  if (scenario.abort === 'before') signal.abort(failure);
  const stages = books
    ? countedStages(books, scenario, { source, sink, decode, failure })
    : [decode, stageOf(scenario, failure), encode];
  const onDiscard = books && ((value) => books.discard(value));
  const running = pipeline(source.value, ...stages, sink.value, { signal: signal.signal, onDiscard });
  running.catch(() => {});
  let timer;
  if (scenario.abort === 'during') timer = setTimeout(() => signal.abort(failure), 15);
  const began = performance.now();
  const outcome = await within(
    scenario.abort || scenario.failsIn || scenario.first ? LIMIT + 1500 : 10_000,
    running.then(
      () => ({}),
      (error) => ({ error }),
    ),
    'the pipeline',
  );
  clearTimeout(timer);
  const took = performance.now() - began;
  if (scenario.abort === 'after') signal.abort(failure);

  checkOutcome(scenario, outcome, { source, sink, failure });
  if (scenario.abort === 'during' || scenario.abort === 'before')
    ok(took < LIMIT, `it took ${Math.round(took)} ms to settle`);
  ok(signal.listeners() === 0, `${signal.listeners()} listeners are left on the signal`);
  await until(async () => source.open(), 0, 'what is open of the source', LETS_GO);
  await until(async () => sink.open(), 0, 'what is open of the sink', LETS_GO);
  if (books) {
    await until(() => books.left(), '', 'what was neither consumed nor discarded');
    ok(
      books.made > 0 && books.consumed + books.discarded === books.made,
      `of ${books.made} values ${books.consumed} were consumed, ${books.discarded} discarded`,
    );
    ok(books.wrong.length === 0, books.wrong.join());
  }
  ok(!source.locked(), 'the source is still locked');
  ok(!sink.locked(), 'the sink is still locked');
  if (scenario.whole || scenario.first) {
    const expected = Array.from({ length: scenario.first ?? scenario.source.count }, (_, n) => n);
    await until(async () => JSON.stringify(await sink.received()), JSON.stringify(expected), 'what arrived');
  }
}

function checkOutcome(scenario, outcome, { source, sink, failure }) {
  const { failsIn } = scenario;
  if (failsIn === undefined) {
    ok(!('error' in outcome), `it failed with ${outcome.error?.stack ?? outcome.error}`);
    return;
  }
  ok('error' in outcome, 'it went well');
  const { error } = outcome;
  const part = { source, sink }[failsIn];
  const isRight = part?.isFailure ? part.isFailure(error) : error === failure;
  ok(isRight, `it failed with ${error?.stack ?? error}`);
}
