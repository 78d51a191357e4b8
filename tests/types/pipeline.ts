/** pipeline() and the bridges: what the types say of the chunks on their way, and of the result. */
import { Readable, Transform, Writable } from 'node:stream';
import {
  FetchError,
  ReadableStream,
  TransformStream,
  WritableStream,
  compose,
  failureOf,
  finished,
  fromCursor,
  fromFetch,
  openUrl,
  fromNative,
  pipeThrough,
  pipeTo,
  pipeline,
  receive,
  stage,
  toArray,
  toBlob,
  toBytes,
  toJSON,
  toNative,
  toText,
  transfer,
} from 'tidegate';
import type { Bytes, PipelineProgress } from 'tidegate';
import type { Equal, Expect } from './expect.js';

export async function results(): Promise<void> {
  const count = await pipeline(new Response('x'), async (chunks) => {
    let bytes = 0;
    for await (const chunk of chunks) bytes += chunk.byteLength;
    return bytes;
  });
  const nothing = await pipeline([1, 2], new WritableStream<number>());
  const sync = await pipeline([1, 2], () => 'done');
  type Results = [
    Expect<Equal<typeof count, number>>,
    Expect<Equal<typeof nothing, undefined>>,
    Expect<Equal<typeof sync, string>>,
  ];
  void (0 as unknown as Results);
}

export async function chunks(): Promise<void> {
  const sum = await pipeline(
    ({ signal }) => fetch('/', { signal }),
    new TransformStream<Uint8Array, string>(),
    async function* (words: AsyncIterable<string>, { signal }) {
      for await (const word of words) if (!signal.aborted) yield word.length;
    },
    async (lengths) => {
      let total = 0;
      for await (const length of lengths) total += length;
      return total;
    },
    { signal: new AbortController().signal },
  );
  type Sum = Expect<Equal<typeof sum, number>>;
  await pipeline(new Set(['a']), async (letters) => {
    for await (const letter of letters) letter.toUpperCase();
  });
  await pipeline(
    new Blob(['a']),
    new DecompressionStream('gzip'),
    new TextDecoderStream(),
    new WritableStream<string>(),
  );
  await pipeline(Readable.from(['a']), new Transform(), new Writable());
  await pipeline(new globalThis.ReadableStream<Date>(), async (dates) => {
    for await (const date of dates) date.getTime();
  });
  // @ts-expect-error a number is no source
  await pipeline(5, () => {});
  // @ts-expect-error a number is no stage
  await pipeline([1], 5, () => {});
  // @ts-expect-error strings do not go into a stream of numbers
  await pipeline(['a'], new WritableStream<number>());
  // @ts-expect-error a readable stream is no sink
  await pipeline(['a'], new ReadableStream<string>());
  void (0 as unknown as Sum);
}

export async function bridges(response: Response): Promise<Response> {
  const ours = fromNative(new globalThis.ReadableStream<number>());
  const writable = fromNative(new globalThis.WritableStream<number>());
  const native = toNative(new ReadableStream<Bytes>());
  const pair = toNative(new TransformStream<string, number>());
  type Results = [
    Expect<Equal<typeof ours, ReadableStream<number>>>,
    Expect<Equal<typeof writable, WritableStream<number>>>,
    Expect<Equal<typeof native, globalThis.ReadableStream<Bytes>>>,
    Expect<Equal<typeof pair.readable, globalThis.ReadableStream<number>>>,
    Expect<Equal<typeof pair.writable, globalThis.WritableStream<string>>>,
  ];
  if (response.body) await pipeTo(response.body, new WritableStream<Uint8Array>(), { preventClose: true });
  const doubled: ReadableStream<number> = pipeThrough(ours, new TransformStream<number, number>());
  await doubled.cancel();
  void (0 as unknown as Results);
  return new Response(native);
}

export function transfers(worker: Worker): ReadableStream<Bytes> {
  const { handle, transfer: ports } = transfer(new ReadableStream<Bytes>(), {
    transferChunks: (chunk) => [chunk.buffer],
  });
  worker.postMessage({ bytes: handle }, ports);
  const back = receive(handle, { highWaterMark: 4 });
  type Results = Expect<Equal<typeof back, ReadableStream<Bytes>>>;
  void (0 as unknown as Results);
  // @ts-expect-error a number is no stream
  transfer(5);
  return back;
}

export async function collected(): Promise<void> {
  const numbers = await toArray([1, 2], { limit: 5 });
  const file = await openUrl('/', { blockSize: 1024, cacheSize: 0, retries: 1 });
  const part = await file.read(0, file.size, { signal: new AbortController().signal });
  type Part = Expect<Equal<typeof part, Bytes>>;
  const text = await toText(
    fromFetch('/', { retries: 2, stallTimeout: Infinity, method: 'GET', window: 2 ** 20, connections: 4 }),
    { fatal: true },
  );
  const bytes = await toBytes(new Blob(['a']));
  const parsed = await toJSON<{ a: number }>(['{}']);
  const blob = await toBlob(['a'], { type: 'text/plain' });
  const { status, url } = new FetchError('x', undefined, { cause: 1, url: '/' });
  type Collected = [
    Expect<Equal<typeof numbers, number[]>>,
    Expect<Equal<typeof text, string>>,
    Expect<Equal<typeof bytes.length, number>>,
    Expect<Equal<typeof parsed, { a: number }>>,
    Expect<Equal<typeof blob, Blob>>,
    Expect<Equal<typeof status, number | undefined>>,
    Expect<Equal<typeof url, string | undefined>>,
  ];
  void (0 as unknown as Collected);
  // @ts-expect-error a limit is a number
  await toText(['a'], { limit: '5' });
}

export async function cursors(): Promise<void> {
  const cursor = { read: async (count: number) => [{ id: count }], close: async () => {} };
  const rows = fromCursor(cursor, { batch: 5 });
  const batches = fromCursor(cursor, { as: 'batches' });
  type Cursors = [
    Expect<Equal<typeof rows, ReadableStream<{ id: number }>>>,
    Expect<Equal<typeof batches, ReadableStream<{ id: number }[]>>>,
  ];
  void (0 as unknown as Cursors);
}

export function failures(error: unknown): void {
  const failure = failureOf(error);
  type Failures = [
    Expect<Equal<NonNullable<typeof failure>['index'], number | undefined>>,
    Expect<Equal<NonNullable<typeof failure>['later'], readonly unknown[]>>,
  ];
  void (0 as unknown as Failures);
}

export async function options(file: File): Promise<void> {
  let last: PipelineProgress | undefined;
  await using job = pipeline(file, new TransformStream<Uint8Array, string>(), new WritableStream<string>(), {
    preventClose: true,
    preventAbort: false,
    preventCancel: true,
    memoryLimit: 1 << 20,
    yieldAfter: Infinity,
    progressInterval: 100,
    total: file.size,
    size: (chunk) => chunk.length,
    onProgress: (progress) => void (last = progress),
  });
  await job;
  const remaining: number | undefined = last?.remaining;
  const names: string[] = last?.parts.map(({ name, bytesOut }) => `${name}: ${bytesOut}`) ?? [];
  void [remaining, names];
  // @ts-expect-error a limit is a number
  await pipeline(file, () => {}, { memoryLimit: '1 MB' });
  // @ts-expect-error nor is the time before the thread is given back
  await pipeline(file, () => {}, { yieldAfter: '12 ms' });
  await toArray([1], { yieldAfter: 4 });
}

export async function maps(): Promise<void> {
  await pipeline(
    ['a'],
    (text: string) => text.length,
    async (length: number, { signal }: { signal: AbortSignal }) => (signal.aborted ? 0 : length),
    new WritableStream<number>(),
  );
  const words = stage((chunks: AsyncIterable<string>) => new ReadableStream<number>());
  const total = await pipeline(['a'], words, async (lengths) => {
    let sum = 0;
    for await (const length of lengths) sum += length;
    return sum;
  });
  type Total = Expect<Equal<typeof total, number>>;
  const doubled = ReadableStream.from(['a']).pipeThrough(
    compose(
      (text: string) => text.length,
      (n: number) => n * 2,
    ),
  );
  type Doubled = Expect<Equal<typeof doubled, ReadableStream<number>>>;
  await finished(doubled, { signal: AbortSignal.timeout(5) });
  void (0 as unknown as [Total, Doubled]);
}

export async function locks(stream: ReadableStream<number>, sink: WritableStream<number>): Promise<void> {
  await using reader = stream.getReader();
  await using writer = sink.getWriter();
  for (let result = await reader.read(); !result.done; result = await reader.read()) await writer.write(result.value);
  await writer.close();
}
