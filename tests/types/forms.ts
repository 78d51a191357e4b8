/** What else a pipeline takes: promises of sources, generator functions as sinks, forEach() and drain(). */
import { drain, forEach, pipeline, toArray, toText } from 'tidegate';

export const text: Promise<string> = toText(fetch('/'));
export const numbers: Promise<number[]> = toArray(Promise.resolve([1, 2]));
export const result: Promise<string> = pipeline([1], async function* (chunks) {
  for await (const chunk of chunks) void chunk;
  return 'done';
});
await pipeline(fetch('/'), drain());
await pipeline(
  [1, 2],
  forEach((n: number, { signal, index }) => void [n, signal.aborted, index], { concurrency: 2 }),
);
// @ts-expect-error concurrency is a number
forEach(() => {}, { concurrency: '2' });
// @ts-expect-error a promise of a number is no source
toArray(Promise.resolve(5));
