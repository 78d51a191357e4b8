/** What the checks of this folder share. */

/** Thrown by a check that this engine cannot run; says why. */
export class Skip extends Error {}

export const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @throws unless both are the same as JSON */
export function equal(actual, expected, what = '') {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is !== should) throw new Error(`${what} is ${is} and should be ${should}`);
}

export function ok(condition, what) {
  if (!condition) throw new Error(what);
}

/** The error with which `promise` rejects. */
export async function rejection(promise) {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error) => ({ error }),
  );
  if ('error' in outcome) return outcome.error;
  throw new Error(`it resolved, with ${JSON.stringify(outcome.value)}`);
}

/** `promise`, or a failure when it has not settled within `ms` milliseconds. */
export async function within(ms, promise) {
  let timer;
  const late = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not settled within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

export const isWebKit = navigator.userAgent.includes('AppleWebKit') && !navigator.userAgent.includes('Chrome');

/** Waits up to a second, or `ms` milliseconds, for `condition()`, which may be a promise, to be true. */
export async function until(condition, ms = 1000, what = `it did not come to pass within ${ms} ms`) {
  const end = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(what);
    await pause(10);
  }
}

/** What `read()` gives once it has been the same for `ms` milliseconds. */
export async function standing(read, ms = 200) {
  let was = await read();
  for (let n = 0; n < 60; n += 1) {
    await pause(ms);
    const is = await read();
    if (is === was) return is;
    was = is;
  }
  throw new Error(`it did not stand still; last was ${was}`);
}

/** `count` bytes that are different from place to place. */
export const pattern = (count, from = 0) =>
  Uint8Array.from({ length: count }, (_, n) => ((n + from) * 7 + ((n + from) >> 8)) & 255);

export async function sha256(bytes) {
  return [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}
