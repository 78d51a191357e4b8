/** What is there before it is known what it becomes. */
import type { Codec } from './module.js';

/** A promise with the functions that settle it. Its rejection is handled even if nobody looks at the promise. */
export interface Deferred<T> {
  promise: Promise<T>;
  resolve(value: T): void;
  reject(reason: unknown): void;
}

/** Stands for a codec that a stage's `choose` has not chosen: it is in no chain. */
export const unchosen = (name: string): Codec => ({
  name,
  family: { name: '', module: undefined as never, current: undefined },
  add: () => undefined,
});

export function deferred<T>(): Deferred<T> {
  const made = {} as Deferred<T>;
  made.promise = new Promise<T>((resolve, reject) => {
    made.resolve = resolve;
    made.reject = reject;
  });
  made.promise.catch(() => {});
  return made;
}
