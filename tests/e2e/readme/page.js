/** What README.md promises of every engine, tried in this one. Each check returns what it saw; the test says what that must be. */
import { ReadableStream, pipeline, transfer } from '/dist/index.js';
import { csv, gunzip } from '/dist/codecs.js';
import { totalsByCity } from '/readme.js';

const checks = {
  "README.md's job adds up, and hashes what it unzips": async () => {
    const { totals, sha256 } = await totalsByCity('/data.csv.gz');
    return { totals: Object.fromEntries(totals), sha256 };
  },

  "README.md's job is ended by its signal": async () => {
    const controller = new AbortController();
    const job = totalsByCity('/endless.csv.gz', { signal: controller.signal });
    setTimeout(() => controller.abort(new RangeError('enough')), 100);
    return job.then(() => 'ended by itself', String);
  },

  'gunzip and csv give rows': () =>
    pipeline(
      ({ signal }) => fetch('/data.csv.gz', { signal }),
      gunzip(),
      csv(),
      async (rows) => {
        let count = 0;
        for await (const row of rows) count += row.length === 2 ? 1 : 0;
        return count;
      },
    ),

  'a BYOB reader fills the buffer it is given': async () => {
    let next = 0;
    const stream = new ReadableStream({
      type: 'bytes',
      pull({ byobRequest }) {
        byobRequest.view[0] = next++;
        byobRequest.respond(1);
      },
    });
    const reader = stream.getReader({ mode: 'byob' });
    const { value } = await reader.read(new Uint8Array(new ArrayBuffer(8), 2, 4), { min: 4 });
    await reader.cancel();
    return [[...value], value.byteOffset, value.buffer.byteLength];
  },

  'ReadableStream.from takes an async generator, and for await reads it': async () => {
    const read = [];
    for await (const chunk of ReadableStream.from(
      (async function* () {
        yield* ['ebb', 'flow'];
      })(),
    ))
      read.push(chunk);
    return read;
  },

  'a stream goes to a worker, which adds it up': async () => {
    const worker = new Worker('/worker.js', { type: 'module' });
    try {
      const answer = new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
      });
      const { handle, transfer: list } = transfer(ReadableStream.from([1, 2, 3, 4]));
      worker.postMessage(handle, list);
      return await answer;
    } finally {
      worker.terminate();
    }
  },
};

const unhandled = [];
addEventListener('unhandledrejection', (event) => unhandled.push(String(event.reason)));

const seen = {};
for (const [name, check] of Object.entries(checks)) {
  try {
    seen[name] = await Promise.race([
      check(),
      new Promise((resolve) => setTimeout(resolve, 20_000, 'not settled within 20 s')),
    ]);
  } catch (error) {
    seen[name] = `threw ${error}\n${error?.stack}`;
  }
}
await new Promise((resolve) => setTimeout(resolve, 50));
fetch(new URLSearchParams(location.search).get('result'), {
  method: 'POST',
  body: JSON.stringify({ seen, unhandled }),
});
