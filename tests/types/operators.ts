/** Operators: what goes in and what comes out. */
import {
  batch,
  buffer,
  chunk,
  filter,
  flatten,
  map,
  pipeline,
  rateLimit,
  ReadableStream,
  skip,
  take,
  tap,
  tee,
} from 'tidegate';
import type { Bytes } from 'tidegate';
import type { Equal, Expect } from './expect.js';

export async function results(): Promise<void> {
  const lengths = await pipeline(
    ['a'],
    map((text: string) => text.length, { concurrency: 2, ordered: false }),
    async (chunks) => {
      const seen = [];
      for await (const length of chunks) seen.push(length);
      return seen;
    },
  );
  const batches = ReadableStream.from([1, 2])
    .pipeThrough(filter((n: number) => n > 1))
    .pipeThrough(batch<number>(2, { ms: 5 }));
  const flat = batches.pipeThrough(flatten<number>());
  const branches = tee(flat, { limit: 3, branches: 2 });
  const held = buffer({ memory: '1 MiB', disk: 'opfs', limit: 2 ** 30 });
  const { diskBytes } = held.stats();
  const joined = await pipeline(['a', new Uint8Array(1)], held, async (chunks) => {
    for await (const part of chunks) return part;
    return undefined;
  });
  type Results = [
    Expect<Equal<typeof diskBytes, number>>,
    Expect<Equal<typeof joined, Bytes | string | undefined>>,
    Expect<Equal<typeof lengths, number[]>>,
    Expect<Equal<typeof batches, ReadableStream<number[]>>>,
    Expect<Equal<typeof flat, ReadableStream<number>>>,
    Expect<Equal<typeof branches, ReadableStream<number>[]>>,
  ];
  void (0 as unknown as Results);
}

export const stages = [
  take<string>(1),
  skip<string>(1),
  tap<string>((text) => text.trim()),
  chunk(16),
  rateLimit<Uint8Array>({ bytesPerSecond: 1000 }),
];

// @ts-expect-error the function gets strings
map<string, number>((text: number) => text);
// @ts-expect-error a rate is needed
rateLimit({ burst: 5 });
// @ts-expect-error there is one pace
tee(new ReadableStream(), { pace: 'fastest' });
