/** Random pipelines: any parts, any failures, an abort at any time; each chunk is counted. Runs in Node and in pages. */
import { pipeline, stage } from 'tidegate';
import { countingSignal, never, turn, within, worker } from './pipeline-parts.mjs';

/** Whole numbers from 0 to below `n`, the same ones for the same seed. */
function randomNumbers(seed) {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % n;
  };
}

const ticks = async (count) => {
  for (let n = 0; n < count; n += 1) await undefined;
};

/** What functions answer with: a chunk, or a promise or thenable of it. */
const answers = [
  (chunk) => chunk,
  async (chunk) => chunk,
  (chunk) => ({ then: (resolve) => void resolve(chunk) }),
  (chunk) => ticks(3).then(() => chunk),
];

/** Asks for some chunks at once, without waiting for one. */
async function* ahead(chunks) {
  const asked = [];
  const ask = () => {
    const next = chunks.next();
    next.catch(() => {});
    asked.push(next);
  };
  for (let n = 0; n < 4; n += 1) ask();
  try {
    for (;;) {
      const { value, done } = await asked.shift();
      if (done) return;
      ask();
      yield value;
    }
  } finally {
    await chunks.return();
  }
}

/** Stages that are functions, called for each chunk or once. */
const functions = {
  'a function': (options) => {
    const work = worker(options);
    let n = 0;
    return {
      locked: never,
      value(chunk) {
        work.check();
        return answers[n++ % answers.length](chunk);
      },
    };
  },
  'the chunks themselves': () => ({ locked: never, value: stage((chunks) => chunks) }),
  'a function that asks ahead': () => ({ locked: never, value: stage(ahead) }),
};

/**
 * Runs `count` pipelines one after another.
 *
 * @param options `seed`, `count`, the kinds `sources`, `stages` and `sinks`, and `unhandled`, the array into which the
 *   caller puts rejections that nobody handled
 * @returns what was wrong with each that was not right, in words
 */
export async function runRandom({ seed, count, unhandled, ...kinds }) {
  const random = randomNumbers(seed);
  const problems = [];
  for (let number = 0; number < count; number += 1) {
    const plan = planOne(random, kinds, number);
    const wrong = await runOne(random, plan, unhandled);
    if (wrong.length > 0)
      problems.push(`pipeline ${number} of seed ${seed}, ${plan.names.join(' > ')}: ${wrong.join(', ')}`);
  }
  return problems;
}

function planOne(random, kinds, number) {
  const errors = [new Error(`first of ${number}`), new Error(`second of ${number}`)];
  const sometimesFails = () => (random(4) === 0 ? { at: random(4), error: errors[random(2)] } : {});
  const names = [];
  const pick = (makers, options) => {
    const all = Object.keys(makers);
    const name = all[random(all.length)];
    names.push(name);
    return makers[name](options);
  };
  const ends = random(3) === 0;
  const source = pick(kinds.sources, ends ? { count: random(5), error: errors[random(3)] } : {});
  const stages = Array.from({ length: random(4) }, () => pick({ ...kinds.stages, ...functions }, sometimesFails()));
  const sink = pick(kinds.sinks, { ...sometimesFails(), ...(random(3) === 0 ? { enough: random(5) } : {}) });
  const options = { yieldAfter: [undefined, 0, Infinity][random(3)], memoryLimit: random(4) === 0 ? 1000 : undefined };
  return { names, errors, source, stages, sink, signal: countingSignal(), options };
}

async function runOne(random, { errors, source, stages, sink, signal, options }, unhandled) {
  const reason = errors[random(2)];
  if (random(3) === 0) ticks(random(80)).then(() => signal.abort(reason));
  else setTimeout(() => signal.abort(reason), random(12));
  const parts = [source, ...stages, sink];
  const running = pipeline(...parts.map((part) => part.value), { ...options, signal: signal.signal });
  const outcome = await within(
    2000,
    running.then(
      () => ({}),
      (error) => ({ error }),
    ),
  ).catch(() => ({ late: true }));
  await turn();
  const wrong = [];
  if (outcome.late) wrong.push('it did not settle');
  const { received, ended } = sink.state;
  if (received.some((chunk, n) => chunk !== n % 256)) wrong.push(`it gave ${received}`);
  if (ended && received.length !== source.state.made)
    wrong.push(`it ended with ${received.length} of ${source.state.made} chunks`);
  if ('error' in outcome && !errors.includes(outcome.error))
    wrong.push(`it failed with ${outcome.error?.stack ?? outcome.error}`);
  if (parts.some((part) => part.locked())) wrong.push('a part is locked');
  if (signal.listeners() !== 0) wrong.push('a listener is left');
  if (!source.state.released && source.state.made > 0) wrong.push('the source was not let go');
  for (const error of unhandled.splice(0)) wrong.push(`unhandled: ${error?.stack ?? error}`);
  return wrong;
}
