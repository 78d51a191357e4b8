/** Helpers of the codecs' tests. */

/** Sends `chunks` into a pair and resolves with all that comes out; rejects with what the readable fails with. */
export async function through(pair, chunks) {
  const writer = pair.writable.getWriter();
  const writing = (async () => {
    for (const chunk of chunks) await writer.write(chunk);
    await writer.close();
  })();
  writing.catch(() => {});
  const all = [];
  for await (const chunk of pair.readable) all.push(chunk);
  await writing;
  return all;
}

/** What `through` rejects with. */
export async function failure(pair, chunks) {
  try {
    await through(pair, chunks);
  } catch (error) {
    return error;
  }
  throw new Error('nothing failed');
}

export const bytes = (text) => new TextEncoder().encode(text);

export function* pieces(buffer, size) {
  for (let from = 0; from < buffer.length; from += size) yield buffer.subarray(from, from + size);
}

/** Resolves after all microtasks, timers due and I/O callbacks have run. */
export const turn = () =>
  new Promise((resolve) => {
    setTimeout(resolve, 1);
  });

/** Whether a promise is pending. */
export async function isPending(promise) {
  const pending = Symbol('pending');
  await turn();
  return (
    (await Promise.race([
      promise.then(
        () => 0,
        () => 0,
      ),
      pending,
    ])) === pending
  );
}
