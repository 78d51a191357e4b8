/** Random programs: calls made one after another, and scripts of calls that callbacks make when they are called. */

/** Whole numbers below `n`, the same for the same seed (mulberry32). */
export function random(seed) {
  let state = seed >>> 0;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % n;
  };
}

/** One of `list`, chosen by `next`. */
export const pick = (next, list) => list[next(list.length)];

/**
 * What user code sees of one implementation while a program runs.
 *
 * Callbacks answer with undefined or throw. A promise that a callback returns is followed one or two microtasks sooner
 * by tidegate than by an implementation that wraps it, so programs have none.
 */
export class Observer {
  events = [];
  #calls = new Map();
  #promises = new Map();
  #depth = 0;
  #scripts;
  #perform;

  /** `perform(call)` makes one call; `scripts` are `{ calls, throws, size }`. */
  constructor(scripts, perform) {
    this.#scripts = scripts;
    this.#perform = perform;
  }

  note(event) {
    this.events.push(event);
  }

  /** Notes how `promise` settles, when it does. */
  watch(name, promise) {
    const nth = (this.#promises.get(name) ?? 0) + 1;
    this.#promises.set(name, nth);
    promise.then((value) => this.note(`${name}#${nth}: ${show(value)}`), (reason) => this.note(`${name}#${nth} rejected: ${show(reason)}`));
  }

  /** Runs `work`, and notes the name of what it threw. */
  attempt(name, work) {
    try {
      return work();
    } catch (error) {
      this.note(`${name} threw ${show(error)}`);
      return undefined;
    }
  }

  /** A callback was called: makes the calls of its script, at most three deep and in its first twelve turns. */
  called(name, argument) {
    this.note(`${name}(${show(argument)})`);
    const nth = (this.#calls.get(name) ?? 0) + 1;
    this.#calls.set(name, nth);
    const script = this.#scripts[(name.length * 7 + nth) % this.#scripts.length];
    if (nth > 12) return undefined;
    if (this.#depth < 3) {
      this.#depth++;
      for (const call of script.calls) this.#perform(call);
      this.#depth--;
    }
    if (script.throws) throw `thrown by ${name}`;
    return name.endsWith('size') ? script.size : undefined;
  }
}

function show(value) {
  if (value instanceof Error) return value.name;
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return `${value.constructor.name} at ${value.byteOffset} of ${value.buffer.byteLength} [${bytes}]`;
  }
  if (typeof value === 'object' && value !== null) return `{ value: ${show(value.value)}, done: ${value.done} }`;
  return String(value);
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Runs a program: what was seen in each turn of the event loop, one for each of its calls. */
export async function run(implementation, program, { create, perform }) {
  const environment = {};
  const observer = new Observer(program.scripts, (call) => perform(environment, observer, call));
  create(implementation, program, environment, observer);
  await turn();
  const turns = [observer.events];
  for (const call of program.calls) {
    observer.events = [];
    perform(environment, observer, call);
    await turn();
    turns.push(observer.events);
  }
  return turns;
}
