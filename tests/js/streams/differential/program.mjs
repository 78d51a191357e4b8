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

/** A call: its name, three small numbers, and whether the next one is made in the same turn of the event loop. */
export const makeCall = (next, name) => [name, next(9), next(5), next(4), next(8) === 0];

/** `count` scripts of calls that `call()` makes. What a callback gives: undefined, a promise, one that a later call settles, a rejection. */
export const makeScripts = (next, call, { throws = 8, promises = true } = {}) =>
  Array.from({ length: 1 + next(6) }, () => ({
    calls: Array.from({ length: next(4) }, call),
    throws: throws !== Infinity && next(throws) === 0,
    gives: promises
      ? pick(next, [undefined, undefined, undefined, 'promise', 'later', 'later', 'rejection'])
      : undefined,
    size: pick(next, [1, 1, 0, 2, 0.1, NaN, -1, Infinity, Number.MAX_VALUE]),
  }));

/**
 * What user code sees of one implementation while a program runs.
 */
class Observer {
  events = [];
  #calls = new Map();
  #promises = new Map();
  #later = new Map();
  #depth = 0;
  #scripts;
  #perform;

  /** `perform(call)` makes one call; `scripts` are `{ calls, throws, gives, size }`. */
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
    promise.then(
      (value) => this.note(`${name}#${nth}: ${show(value)}`),
      (reason) => this.note(`${name}#${nth} rejected: ${show(reason)}`),
    );
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

  /** A callback was called: makes the calls of its script, at most three deep and in its first twelve turns. What they show is part of one event. */
  called(name, argument) {
    const outer = this.events;
    this.events = [];
    try {
      return this.#run(name);
    } finally {
      const inner = this.events.length > 0 ? ` { ${this.events.join('; ')} }` : '';
      this.events = outer;
      this.note(`${name}(${show(argument)})${inner}`);
    }
  }

  #run(name) {
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
    if (name.endsWith('size')) return script.size;
    switch (script.gives) {
      case 'promise':
        return Promise.resolve();
      case 'later':
        return new Promise((resolve) => this.#later.set(name, [...(this.#later.get(name) ?? []), resolve]));
      case 'rejection':
        return Promise.reject(`rejected by ${name}`);
      default:
        return undefined;
    }
  }

  /** Settles the oldest promise that the callback `name` has given for later, or one of those that have, by its number. */
  settle(which) {
    const waiting = [...this.#later.keys()].sort();
    const name = typeof which === 'string' ? which : waiting[which % waiting.length];
    this.#later.get(name)?.shift()?.();
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

/** Runs a program: what was seen in each turn of the event loop; by parts, where the kind says which part an event belongs to. */
export async function run(implementation, program, kind) {
  const turns = await runTurns(implementation, program, kind);
  if (kind.partOf === undefined) return turns;
  return turns.map((events) =>
    Object.entries(groupBy(events, kind.partOf))
      .sort()
      .map(([, seen]) => seen.join(' | ')),
  );
}

function groupBy(events, key) {
  const groups = {};
  for (const event of events) (groups[key(event)] ??= []).push(event);
  return groups;
}

async function runTurns(implementation, program, { create, perform }) {
  const environment = {};
  const observer = new Observer(program.scripts, (call) => perform(environment, observer, call));
  const afterStart = create(implementation, program, environment, observer);
  await turn();
  if (afterStart !== undefined) {
    afterStart();
    await turn();
  }
  const turns = [observer.events];
  observer.events = [];
  for (const call of program.calls) {
    perform(environment, observer, call);
    if (call[4]) continue;
    await turn();
    turns.push(observer.events);
    observer.events = [];
  }
  for (let n = 0; n < 4; n++) await turn();
  turns.push(observer.events);
  return turns;
}
