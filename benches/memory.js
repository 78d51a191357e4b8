/**
 * Bytes that a live idle stream holds, over 100,000 of a kind: the JavaScript heap and, for ours, the Wasm memory. One
 * kind of one implementation a process or page, so that none is measured with another's garbage.
 */

/** Each makes one live, started, idle stream and whatever is to be kept of it. */
export const kinds = {
  readable: ({ ReadableStream }) => new ReadableStream({ pull() {} }, { highWaterMark: 0 }),
  'readable and its reader': ({ ReadableStream }) =>
    new ReadableStream({ pull() {} }, { highWaterMark: 0 }).getReader(),
  writable: ({ WritableStream }) => new WritableStream({ write() {} }),
  'writable and its writer': ({ WritableStream }) => new WritableStream({ write() {} }).getWriter(),
  transform: ({ TransformStream }) => new TransformStream({ transform() {} }),
  'byte stream': ({ ReadableStream }) => new ReadableStream({ type: 'bytes', pull() {} }, { highWaterMark: 0 }),
};

const settle = () =>
  new Promise((resolve) => {
    setTimeout(resolve, 50);
  });

/**
 * @param {object} implementation
 * @param {{ kind: string, count?: number, heap: () => number, wasm: () => number }} options `heap` and `wasm` answer in bytes, `heap`
 *   after a collection
 * @returns {Promise<{ heap: number, wasm: number } | null>} bytes a stream; null where the implementation lacks the kind
 */
export async function memory(implementation, { kind, count = 100_000, heap, wasm }) {
  const make = kinds[kind];
  const kept = new Array(count);
  try {
    kept[0] = make(implementation);
  } catch {
    return null;
  }
  await settle();
  const before = { heap: heap(), wasm: wasm() };
  for (let i = 0; i < count; i += 1) kept[i] = make(implementation);
  await settle();
  const after = { heap: heap(), wasm: wasm() };
  if (kept.includes(undefined)) throw new Error('a stream was not kept until it had been measured');
  return { heap: (after.heap - before.heap) / count, wasm: (after.wasm - before.wasm) / count };
}
