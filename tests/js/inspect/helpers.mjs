/** What the tests of `tidegate/inspect` share. */
import assert from 'node:assert/strict';

export const sleep = (milliseconds) => new Promise((resolve) => void setTimeout(resolve, milliseconds));

export const never = () => new Promise(() => {});

/** Waits until `condition()` holds, 10 seconds at most; `now()` says what there is in its place. */
export async function until(condition, now = () => 'it does not hold') {
  const end = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > end) assert.fail(now());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The values of a generator's first `count` steps. */
export function* counted(count, make = (n) => n) {
  for (let n = 0; n < count; n++) yield make(n);
}
