/** The chunks that functions without annotations are given, as the parts before them say. */
import {
  batch,
  chunk,
  compose,
  drain,
  filter,
  flatten,
  forEach,
  map,
  pipeline,
  rateLimit,
  skip,
  stage,
  take,
  tap,
  toArray,
  ReadableStream,
  TransformStream,
  WritableStream,
} from 'tidegate';
import { csv, digest, gunzip, lines } from 'tidegate/codecs';
import type { Bytes } from 'tidegate';
import type { CsvObject } from 'tidegate/codecs';
import { is } from '../expect.js';

export async function operators(source: ReadableStream<Bytes>): Promise<void> {
  await pipeline(
    source,
    csv({ header: true }),
    filter((row) => is<CsvObject>()(row)['city']),
    tap((row, index) => [is<CsvObject>()(row), is<number>()(index)]),
    map((row) => is<CsvObject>()(row)['city'] ?? '', { concurrency: 2 }),
    forEach((city) => is<string>()(city).trim()),
  );
  await pipeline(
    source,
    lines(),
    skip(1),
    take(5),
    batch(10),
    filter((rows) => is<string[]>()(rows).length > 1),
    flatten(),
    map(async (line) => is<string>()(line).length),
    forEach((length, { signal }) => void [is<number>()(length), signal.aborted], { concurrency: 2 }),
    { signal: AbortSignal.timeout(5), onProgress: ({ bytes }) => void is<number>()(bytes) },
  );
  await pipeline(
    source,
    gunzip(),
    chunk(16),
    rateLimit({ bytesPerSecond: 5 }),
    tap((bytes) => is<number>()(bytes.byteLength)),
    drain(),
  );
}

export async function functions(source: ReadableStream<Bytes>): Promise<void> {
  await pipeline(
    source,
    lines(),
    (line) => is<string>()(line).trim(),
    async (line, { signal }) => (signal.aborted ? 0 : is<string>()(line).length),
    (length) => [is<number>()(length)],
    async (rows) => {
      for await (const row of rows) is<number[]>()(row);
    },
  );
  const count = await pipeline(source, lines({ batch: true }), async (batches) => {
    let n = 0;
    for await (const batch of batches) n += is<string[]>()(batch).length;
    return n;
  });
  is<number>()(count);
  const nothing = await pipeline(
    source,
    lines(),
    (line) => line.length,
    (length) => `${is<number>()(length)}`,
    new WritableStream<string>(),
    { total: undefined },
  );
  is<undefined>()(nothing);
  await pipeline(source, gunzip(), (bytes) => is<Bytes>()(bytes), new WritableStream<Uint8Array>());
  const object: { size: number } = await pipeline(source, () => ({ size: 5, more: 6 }));
  is<{ size: number; more: number }>()(await pipeline(source, async () => ({ size: 5, more: 6 })));
  is<string>()(await pipeline(source, async function* () { return 'done'; })); // prettier-ignore
  is<void>()(await pipeline(source, async () => {}));
  // @ts-expect-error a writable stream gives no result
  const size: number = await pipeline(source, new WritableStream<Bytes>());
  void [object, size];
  // A chunk that is a stream, or an array, is one chunk.
  await pipeline(
    ['a'],
    (text) => ReadableStream.from([is<string>()(text)]),
    (stream) => [is<ReadableStream<string>>()(stream)],
    (streams) => is<ReadableStream<string>[]>()(streams),
    () => {},
  );
}

export async function generators(source: ReadableStream<Bytes>): Promise<void> {
  await pipeline(
    source,
    lines(),
    stage(async function* (all, { signal }) {
      for await (const line of all) if (!signal.aborted) yield is<string>()(line).length;
    }),
    (length) => is<number>()(length) * 2,
    drain(),
  );
  await pipeline(
    source,
    lines(),
    async function* (all: AsyncIterable<string>) {
      for await (const line of all) yield line.length;
    },
    (length) => is<number>()(length) * 2,
    drain(),
  );
  await pipeline(
    source,
    lines(),
    stage((all) => ReadableStream.from([is<AsyncIterableIterator<string>>()(all)])),
    async (all) => {
      for await (const texts of all) is<AsyncIterableIterator<string>>()(texts);
    },
  );
  // @ts-expect-error a parameter without a type is a chunk, as TypeScript types it before it sees a generator
  await pipeline(source, lines(), async function* (all) { yield all; }, new WritableStream<string>()); // prettier-ignore
  // @ts-expect-error a plain function is called with each chunk, unless stage() says otherwise
  await pipeline(source, lines(), (all: AsyncIterable<string>) => ReadableStream.from(all), drain());
  // @ts-expect-error numbers are not what it reads
  await pipeline([5], async function* (all: AsyncIterable<string>) { yield* all; }, drain()); // prettier-ignore
  // @ts-expect-error nor what it is called with
  await pipeline([5], (text: string) => text.trim(), drain());
}

export async function streams(source: ReadableStream<Bytes>): Promise<void> {
  await pipeline(
    source,
    lines(),
    new TransformStream({ transform: (line, controller) => controller.enqueue(is<string>()(line)) }),
    new TransformStream<string, number>(),
    new WritableStream({ write: (length) => void is<number>()(length) }),
  );
  const hash = digest('sha-256');
  const piped = source
    .pipeThrough(hash)
    .pipeThrough(csv({ header: ['id', 'city'] }))
    .pipeThrough(filter((row) => is<CsvObject>()(row)['city']))
    .pipeThrough(map((row) => is<CsvObject>()(row)['id'] ?? ''))
    .pipeThrough(batch(10));
  is<ReadableStream<string[]>>()(piped);
  is<Bytes>()(await hash.digest);
  is<string[][]>()(await toArray(piped));
}

export async function composed(source: ReadableStream<Bytes>): Promise<void> {
  const parse = compose(
    gunzip(),
    csv(),
    filter((row) => is<string[]>()(row).length),
    (row) => is<string[]>()(row).length,
  );
  is<ReadableStream<number>>()(source.pipeThrough(parse));
  await pipeline(
    source,
    lines(),
    compose((line) => is<string>()(line).length),
    (length) => is<number>()(length),
    drain(),
  );
  // @ts-expect-error the stages do not fit together
  compose(lines(), (length: number) => length);
}
