/** Spills to the origin private file system, in every exit, and once leaves a page in the middle. */
import { buffer, pipeline } from '/dist/index.js';

const MEMORY = 2 ** 20;
const BYTES = 8 * 2 ** 20;
const { searchParams } = new URL(location.href);

/** The folders that are there. */
async function folders() {
  const names = [];
  try {
    const root = await (await navigator.storage.getDirectory()).getDirectoryHandle('tidegate-buffer');
    for await (const name of root.keys()) names.push(name);
  } catch {
    // There is none yet.
  }
  return names;
}

function* burst() {
  for (let at = 0; at < BYTES; at += 4096) yield new Uint8Array(4096).fill(at / 4096);
}

/** Everything is written before the first chunk is read. */
async function ordered() {
  const stage = buffer({ memory: MEMORY, disk: 'opfs' });
  const writer = stage.writable.getWriter();
  for (const chunk of burst()) await writer.write(chunk);
  const { memoryBytes, diskBytes } = stage.stats();
  const during = (await folders()).length;
  void writer.close();
  let number = 0;
  for await (const chunk of stage.readable) {
    if (chunk.length !== 4096 || chunk.some((byte) => byte !== (number & 255)))
      throw new Error(`chunk ${number} is wrong`);
    number += 1;
  }
  return {
    isBounded: memoryBytes <= MEMORY,
    hasSpilled: diskBytes > BYTES / 2,
    during,
    number,
    after: await folders(),
  };
}

/** What is left after an exit, and the error's message. */
async function exit(run) {
  const message = await run().then(
    () => 'none',
    (error) => error.message,
  );
  return [message, await folders()];
}

const failing = () =>
  pipeline(burst(), buffer({ memory: MEMORY, disk: 'opfs' }), async (chunks) => {
    let count = 0;
    for await (const chunk of chunks) {
      void chunk;
      if (++count % 64 === 0) await new Promise((resolve) => setTimeout(resolve));
      if (count === 900) throw new Error('the consumer');
    }
  });

function aborted() {
  const stop = new AbortController();
  const chunks = (function* () {
    let count = 0;
    for (const chunk of burst()) {
      if (++count === 1700) stop.abort(new Error('the signal'));
      yield chunk;
    }
  })();
  return pipeline(chunks, buffer({ memory: MEMORY, disk: 'opfs' }), () => new Promise(() => {}), {
    signal: stop.signal,
  });
}

/** Fills a buffer and goes away. */
async function leave() {
  const writer = buffer({ memory: MEMORY, disk: 'opfs' }).writable.getWriter();
  for (const chunk of burst()) await writer.write(chunk);
  searchParams.set('left', (await folders()).join());
  location.search = searchParams;
  await new Promise(() => {});
}

async function run() {
  if (typeof navigator.storage?.getDirectory !== 'function') {
    const [message] = await exit(failing);
    return { refusal: message };
  }
  if (!searchParams.has('left')) await leave();
  return {
    left: searchParams.get('left'),
    found: await folders(),
    ordered: await ordered(),
    failed: await exit(failing),
    aborted: await exit(aborted),
  };
}

const seen = await run().catch((error) => ({ error: String(error?.stack ?? error) }));
await fetch(searchParams.get('result'), {
  method: 'POST',
  headers: { 'content-type': 'text/plain' },
  body: JSON.stringify(seen),
});
