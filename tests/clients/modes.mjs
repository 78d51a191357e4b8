/**
 * The streams that a client's job runs on. Every mode makes one object of the same members, so a job is the same in all of them:
 *
 * - `ReadableStream`, `WritableStream`, `TransformStream`: what the job makes its own streams of
 * - `ours(stream)`: a stream that the client made, as the job is to use it
 * - `theirs(stream)`: a stream of the job's for a place that takes the engine's class alone
 */
export const MODES = ['native', 'polyfill', 'forced', 'own'];

const same = (value) => value;

/** `dist` is where the built package is. Call it before the client is imported: many look at the classes then. */
export async function enter(mode, dist) {
  if (mode === 'own') {
    const { ReadableStream, WritableStream, TransformStream, fromNative, toNative } = await import(`${dist}/index.js`);
    return { mode, ReadableStream, WritableStream, TransformStream, ours: fromNative, theirs: toNative };
  }
  if (mode !== 'native') {
    const { install } = await import(`${dist}/polyfill.js`);
    if (mode === 'forced') install({ force: true });
  }
  const { ReadableStream, WritableStream, TransformStream } = globalThis;
  return { mode, ReadableStream, WritableStream, TransformStream, ours: same, theirs: same };
}
