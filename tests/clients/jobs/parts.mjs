/** What the jobs share. */
export const sleep = (milliseconds) =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });

/** The name of what `promise` rejects with, or what it has resolved with. */
export const failureOf = (promise) =>
  promise.then(
    (value) => ({ value }),
    (error) => (error instanceof Error ? error.name : String(error)),
  );

/** `promise`; where it is still pending after ten seconds, a word that no other mode gives. */
export const settled = (promise) => Promise.race([promise, sleep(10_000).then(() => 'it hangs')]);

async function sha256(pieces) {
  const digest = await crypto.subtle.digest('SHA-256', await new Blob(pieces).arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What came, `{ length, sha256 }`. */
export async function summary(pieces) {
  const parts = pieces.map((piece) => (typeof piece === 'string' ? new TextEncoder().encode(piece) : piece));
  return { length: parts.reduce((sum, { byteLength }) => sum + byteLength, 0), sha256: await sha256(parts) };
}

/** Chunks of a stream, one read at a time, with `pause` milliseconds after each. */
export async function readAll(stream, pause = 0) {
  const reader = stream.getReader();
  const pieces = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return pieces;
    pieces.push(value);
    if (pause) await sleep(pause);
  }
}

/** A source of `count` chunks of `size` bytes, made when they are pulled. `failAt`: the chunk in whose place it fails. */
export function source({ ReadableStream }, count, { size = 32_768, failAt = Infinity, cancelled = () => {} } = {}) {
  let n = 0;
  return new ReadableStream(
    {
      async pull(controller) {
        if (n >= failAt) throw new RangeError('ran dry');
        if (n === count) return controller.close();
        const chunk = new Uint8Array(size);
        for (let at = 0; at < size; at += 1) chunk[at] = (at * 31 + n * 7) % 253;
        n += 1;
        controller.enqueue(chunk);
        if (n % 8 === 0) await sleep(1);
        return undefined;
      },
      cancel: cancelled,
    },
    { highWaterMark: 0 },
  );
}

/** A sink that keeps what it gets, `{ stream, pieces }`, and takes `pause` milliseconds for each chunk. */
export function sink({ WritableStream }, pause = 0, aborted = () => {}) {
  const pieces = [];
  const stream = new WritableStream({
    async write(chunk) {
      if (pause) await sleep(pause);
      pieces.push(chunk.slice());
    },
    abort: aborted,
  });
  return { stream, pieces };
}

/** Whether the server has seen one more client go than before `leave` was called. */
export async function seenToLeave(url, leave) {
  const count = async () => Number(await (await fetch(`${url}left`)).text());
  const before = await count();
  await leave();
  for (let tries = 0; tries < 200; tries += 1) {
    if ((await count()) > before) return true;
    await sleep(20);
  }
  return false;
}
