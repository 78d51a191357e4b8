/** Downloads a file in each way, in turns, counts its bytes, and posts the milliseconds of each. */
import { fromFetch } from '/dist/index.js';

const { searchParams } = new URL(location.href);
const ways = JSON.parse(searchParams.get('ways'));
const turns = Number(searchParams.get('turns'));
const size = Number(searchParams.get('size'));

async function time(url, options) {
  const began = performance.now();
  let bytes = 0;
  let sum = 0;
  for await (const chunk of fromFetch(url, { cache: 'no-store', ...options })) {
    bytes += chunk.length;
    sum = (sum + chunk[0] + chunk[chunk.length - 1]) | 0;
  }
  const took = performance.now() - began;
  if (bytes !== size || sum === 0) throw new Error(`${bytes} bytes came, not ${size}`);
  return took;
}

async function run() {
  const times = {};
  for (let turn = 0; turn < turns; turn++) {
    for (let index = 0; index < ways.length; index++) {
      const { name, url, options } = ways[(index + turn) % ways.length];
      const window = options.window ?? Infinity;
      (times[name] ??= []).push(await time(url, { ...options, window }));
    }
  }
  return { times };
}

const seen = await run().catch((error) => ({ error: String(error?.stack ?? error) }));
await fetch(searchParams.get('result'), {
  method: 'POST',
  headers: { 'content-type': 'text/plain' },
  body: JSON.stringify(seen),
});
