/** Types are followed through twelve stages; with more they have to be said. */
import { batch, compose, filter, map, pipeline, take, tap, ReadableStream, WritableStream } from 'tidegate';
import { csv, digest, gunzip, lines } from 'tidegate/codecs';
import type { Bytes } from 'tidegate';
import { is } from '../expect.js';

export async function seven(source: ReadableStream<Bytes>): Promise<void> {
  const longest = await pipeline(
    source,
    gunzip(),
    digest('sha-256'),
    csv({ header: true }),
    filter((row) => row['city']),
    map((row) => is<Record<string, string>>()(row)['city'] ?? ''),
    (city) => is<string>()(city).length,
    (length) => `${is<number>()(length)}`,
    async (texts) => {
      let longest = '';
      for await (const text of texts) if (is<string>()(text) > longest) longest = text;
      return longest;
    },
    { signal: AbortSignal.timeout(5) },
  );
  is<string>()(longest);
}

export async function twelve(source: ReadableStream<Bytes>): Promise<void> {
  const all = await pipeline(
    source,
    gunzip(),
    lines(),
    take(1),
    take(2),
    take(3),
    take(4),
    take(5),
    take(6),
    take(7),
    take(8),
    filter((line) => is<string>()(line).trim()),
    batch(12),
    async (batches) => {
      for await (const lines of batches) is<string[]>()(lines);
      return 12;
    },
    { yieldAfter: 5 },
  );
  is<number>()(all);
}

export async function thirteen(source: ReadableStream<Bytes>): Promise<void> {
  const result = await pipeline(
    source,
    gunzip(),
    lines(),
    ...([take(1), take(2), take(3)] as const),
    take(4),
    take(5),
    take(6),
    take(7),
    take(8),
    take(9),
    (line: string) => line.length,
    tap((length: number) => length),
    async (lengths: AsyncIterable<number>) => {
      for await (const length of lengths) return is<number>()(length);
      return 0;
    },
  );
  is<number>()(result);
  const nothing = await pipeline(
    source,
    gunzip(),
    lines(),
    take(1),
    take(2),
    take(3),
    take(4),
    take(5),
    take(6),
    take(7),
    take(8),
    take(9),
    take(10),
    take(11),
    new WritableStream<string>(),
    { memoryLimit: 5 },
  );
  is<undefined>()(nothing);
  // Composed stages count as one.

  await pipeline(
    source,
    compose(gunzip(), lines(), take(1), take(2), take(3), take(4)),
    compose(take(5), take(6), take(7)),
    (line) => is<string>()(line).trim(),
    new WritableStream<string>(),
  );
}
