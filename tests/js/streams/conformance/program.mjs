/**
 * Random programs: calls on one stream, and answers of its underlying callbacks, all drawn from a seed. The log of what
 * came of them, in order, tells two implementations apart.
 */

const turn = () =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** A generator of numbers in [0, 1) (mulberry32). */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Hides that a promise is one: implementations may take a promise as it is, which is a matter of microtasks only. */
const thenable = (promise) => ({ then: (...args) => promise.then(...args) });

/** An error of the program's own, which logs show by its number. */
class ProgramError extends Error {}

/** What logs call a value. */
function label(value) {
  if (value instanceof ProgramError) return value.message;
  if (value instanceof Error) return value.name;
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return `${value.constructor.name} at ${value.byteOffset} of ${value.buffer.byteLength}: [${bytes}]`;
  }
  if (typeof value === 'object' && value !== null && 'done' in value) return `{ ${label(value.value)}, ${value.done} }`;
  return String(value);
}

export class Program {
  /** @param streams the implementation: an object with the standard's constructors */
  constructor(streams, seed) {
    this.streams = streams;
    this.random = generator(seed);
    this.log = [];
    this.unsettled = [];
    this.last = 0;
  }

  chance(probability) {
    return this.random() < probability;
  }

  pick(...choices) {
    return choices[Math.floor(this.random() * choices.length)];
  }

  number() {
    return (this.last += 1);
  }

  error() {
    return new ProgramError(`error ${this.number()}`);
  }

  label(value) {
    return label(value);
  }

  note(text) {
    this.log.push(text);
  }

  /** Notes what a call gives or throws, and how a promise that it gives settles. */
  call(name, body) {
    let result;
    try {
      result = body();
    } catch (error) {
      this.note(`${name} threw ${label(error)}`);
      return;
    }
    if (!(result instanceof Promise)) {
      this.note(`${name} is ${label(result)}`);
      return;
    }
    const id = `${name} #${this.number()}`;
    result.then(
      (value) => this.note(`${id} gave ${label(value)}`),
      (error) => this.note(`${id} failed ${label(error)}`),
    );
  }

  /** A promise that the program settles at a later step. */
  later() {
    return thenable(
      new Promise((resolve, reject) => {
        this.unsettled.push({ resolve, reject });
      }),
    );
  }

  /** What an underlying callback answers: nothing, a promise that settles at once or later, or an error. */
  answer() {
    switch (this.pick('nothing', 'nothing', 'nothing', 'later', 'later', 'done', 'throw', 'reject')) {
      case 'later':
        return this.later();
      case 'done':
        return thenable(Promise.resolve());
      case 'throw':
        if (this.chance(0.3)) throw this.error();
        return undefined;
      case 'reject':
        return this.chance(0.3) ? thenable(Promise.reject(this.error())) : undefined;
      default:
        return undefined;
    }
  }

  settleOne() {
    const one = this.unsettled.shift();
    if (one === undefined) return;
    if (this.chance(0.85)) one.resolve();
    else one.reject(this.error());
  }

  /** A strategy whose size now and then throws, answers nonsense or calls the stream again. */
  strategy() {
    return {
      highWaterMark: this.pick(undefined, 0, 1, 2, 5),
      size: this.pick(
        undefined,
        undefined,
        (chunk) => (chunk % 3) + 0.5,
        () => 0,
        () => {
          if (this.chance(0.1)) throw this.error();
          return this.chance(0.1) ? this.pick(-1, NaN, Infinity) : 1;
        },
        () => {
          this.reenter();
          return 1;
        },
      ),
    };
  }

  /** Takes a step inside a callback, now and then. */
  reenter() {
    if (this.chance(0.2)) this.step();
  }

  async flush() {
    await turn();
    this.note('--');
  }

  /** Runs the program and gives its log. A subclass's `begin()` makes the stream, its `step()` does one thing with it. */
  async run(steps) {
    this.begin();
    if (this.chance(0.5)) await this.flush();
    for (let i = 0; i < steps; i += 1) {
      this.step();
      if (this.chance(0.4)) await this.flush();
    }
    for (let i = 0; i < 10; i += 1) {
      for (const { resolve } of this.unsettled.splice(0)) resolve();
      await this.flush();
    }
    return this.log;
  }
}
