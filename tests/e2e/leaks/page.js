/** Abandons a million streams, gives the collector its chances, and posts how many slots of the core are live. */
import { abandon } from '/abandon.js';
import * as tidegate from '/streams.js';

const address = new URLSearchParams(location.search).get('result');
const post = (value) => fetch(address, { method: 'POST', body: JSON.stringify(value) });
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Allocates, so that the collector finds it worth while to run, and yields, so that finalization callbacks can. */
async function collect() {
  for (let i = 0; i < 4; i++) {
    globalThis.gc?.();
    globalThis.pressure = new Uint8Array(4_000_000).fill(1);
    await sleep(0);
  }
}

try {
  const before = tidegate.live();
  const { made, peak } = await abandon(tidegate, 1_000_000, { batch: 5_000, collect });
  const deadline = performance.now() + 60_000;
  while (tidegate.live() - before > 10_000 && performance.now() < deadline) await collect();
  await post({ made, peak, left: tidegate.live() - before });
} catch (error) {
  await post({ error: String(error?.stack ?? error) });
}
