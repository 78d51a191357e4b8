/** Random pipelines: any parts, any failures, an abort at any time. Runs in Node and in pages. */
import { pipeline } from 'tidegate';
import { countingSignal, turn, within } from './pipeline-parts.mjs';

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
    if (wrong.length > 0) problems.push(`pipeline ${number} of seed ${seed}, ${plan.names.join(' > ')}: ${wrong.join(', ')}`);
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
  const stages = Array.from({ length: random(4) }, () => pick(kinds.stages, sometimesFails()));
  const sink = pick(kinds.sinks, { ...sometimesFails(), ...(random(3) === 0 ? { enough: random(5) } : {}) });
  return { names, errors, source, stages, sink, signal: countingSignal() };
}

async function runOne(random, { errors, source, stages, sink, signal }, unhandled) {
  const reason = errors[random(2)];
  if (random(3) === 0) ticks(random(80)).then(() => signal.abort(reason));
  else setTimeout(() => signal.abort(reason), random(12));
  const parts = [source, ...stages, sink];
  const running = pipeline(...parts.map((part) => part.value), { signal: signal.signal });
  const outcome = await within(2000, running.then(() => ({}), (error) => ({ error }))).catch(() => ({ late: true }));
  await turn();
  const wrong = [];
  if (outcome.late) wrong.push('it did not settle');
  if ('error' in outcome && !errors.includes(outcome.error)) wrong.push(`it failed with ${outcome.error?.stack ?? outcome.error}`);
  if (parts.some((part) => part.locked())) wrong.push('a part is locked');
  if (signal.listeners() !== 0) wrong.push('a listener is left');
  if (!source.state.released && source.state.made > 0) wrong.push('the source was not let go');
  for (const error of unhandled.splice(0)) wrong.push(`unhandled: ${error?.stack ?? error}`);
  return wrong;
}
