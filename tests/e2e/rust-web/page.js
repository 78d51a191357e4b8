/**
 * Runs every test of the Rust module (its exports that begin with `test_`), with the streams of the engine or (`?of=package`)
 * of the package, and posts what failed. `?without` names a test to leave out. With `?megabytes` it runs the module's `volume()` alone.
 */
import { makeHarness } from './harness.js';
import { instantiate } from './instantiate.js';

const TIMEOUT_MS = 20_000;

const query = new URLSearchParams(location.search);
const post = (value) => fetch(query.get('result'), { method: 'POST', body: JSON.stringify(value) });

let panicked = () => {};
const classes = query.get('of') === 'package' ? await import('/dist/index.js') : globalThis;
globalThis.harness = makeHarness(classes, {
  isEngine: classes === globalThis,
  base: location.href,
  onPanic: (message) => panicked(message),
});

/** Ends with the test's failure, or undefined. A panic leaves its promise pending. */
function run(test) {
  return new Promise((resolve) => {
    panicked = resolve;
    const timer = setTimeout(resolve, TIMEOUT_MS, `is not over after ${TIMEOUT_MS} ms`);
    test()
      .then(
        () => resolve(),
        (error) => resolve(String(error?.stack ?? error)),
      )
      .finally(() => clearTimeout(timer));
  });
}

try {
  let module = await instantiate();
  if (query.has('megabytes')) {
    const began = performance.now();
    const pages = await module.volume(Number(query.get('megabytes')));
    await post({ pages, seconds: (performance.now() - began) / 1000 });
  } else {
    const names = Object.keys(module).filter((name) => name.startsWith('test_') && name !== query.get('without'));
    const failures = [];
    for (const name of names) {
      const failure = await run(module[name]);
      if (failure === undefined) continue;
      failures.push(`${name}: ${failure}`);
      module = await instantiate(); // a panic has left the module in the middle of something
    }
    await post({ names, failures });
  }
} catch (error) {
  await post({ error: String(error?.stack ?? error) });
}
