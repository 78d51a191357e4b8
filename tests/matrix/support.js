/** What the parts and cells of the matrix share, in Node and in pages. */

export const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Milliseconds for which teardown waits for others: js/runtime/grace.js. */
export const GRACE = 500;

export function deferred() {
  const result = {};
  result.promise = new Promise((resolve, reject) => Object.assign(result, { resolve, reject }));
  return result;
}

export function ok(condition, what) {
  if (!condition) throw new Error(what);
}

/** `promise`, or a failure when it has not settled within `ms` milliseconds. */
export async function within(ms, promise, what = 'it') {
  let timer;
  const late = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} has not settled within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits up to `seconds` for `read()` to give `wanted`; throws with what it gave last. */
export async function until(read, wanted, what, seconds = 5) {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const is = await read();
    if (is === wanted) return;
    if (performance.now() > end) throw new Error(`${what} is ${is} after ${seconds} s and should be ${wanted}`);
    await pause(5);
  }
}

/** A signal that counts its listeners. */
export function countingSignal() {
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args) => {
    listeners += 1;
    Reflect.apply(addEventListener, signal, args);
  };
  signal.removeEventListener = (...args) => {
    listeners -= 1;
    Reflect.apply(removeEventListener, signal, args);
  };
  return { abort: (reason) => controller.abort(reason), signal, listeners: () => listeners };
}

/** Values that each have to be consumed or discarded once. Chunks that are none are passed over. */
export class Books {
  made = 0;
  consumed = 0;
  discarded = 0;
  wrong = [];
  #open = new Set();
  #alarm;

  /** @param alarm `{ at, call }`: what to call when so many have been made */
  constructor(alarm) {
    this.#alarm = alarm;
  }

  make(n) {
    const value = { n };
    this.made += 1;
    this.#open.add(value);
    if (this.made === this.#alarm?.at) queueMicrotask(this.#alarm.call); // once it has been handed to whoever wanted it
    return value;
  }

  consume(value) {
    this.consumed += 1;
    this.#close(value, 'consumed');
    return value.n;
  }

  discard(value) {
    if (typeof value?.n !== 'number') return;
    this.discarded += 1;
    this.#close(value, 'discarded');
  }

  #close(value, how) {
    if (!this.#open.delete(value)) this.wrong.push(`${value.n} was ${how} and had been before`);
  }

  left() {
    return [...this.#open].map(({ n }) => n).join();
  }
}

let last = 0;
/** A name that no other part has. */
export const newId = () => `${++last}-${Math.random().toString(36).slice(2)}`;

/** What the server knows of the connections called `id`: `{ open, received, ended }`. */
export const remoteState = async (env, id) => (await fetch(`${env.origin}/matrix/state?id=${id}`)).json();

/** Bytes of a block, whose first one is a number. */
export const BLOCK = 16_384;

export function block(n) {
  const bytes = new Uint8Array(BLOCK);
  bytes[0] = n;
  return bytes;
}
