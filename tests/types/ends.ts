/** Sources and sinks: what they give and take. */
import {
  acknowledged,
  batch,
  fromEventSource,
  fromFile,
  fromIndexedDB,
  fromQueue,
  serveDownloads,
  toDownload,
  toIndexedDB,
  WritableStream,
  fromWebSocket,
  toWebSocket,
  fromMessagePort,
  pipeline,
  ReadableStream,
  toFetch,
  toFile,
  toMessagePort,
  toResponse,
} from 'tidegate';
import type { Bytes, IndexedKey, QueueMessage } from 'tidegate';
import type { Equal, Expect } from './expect.js';

export async function files(file: File, handle: FileSystemFileHandle): Promise<void> {
  const bytes = fromFile(file, { start: 1, end: 2, chunkSize: 1024, signal: new AbortController().signal });
  type Results = Expect<Equal<typeof bytes, ReadableStream<Bytes>>>;
  await pipeline(fromFile(handle), toFile(handle, { at: 'end', size: 5, gather: 0, access: 'stream' }));
  await pipeline(['text', new Uint8Array(1)], toFile(handle));
  void (0 as unknown as Results);
  // @ts-expect-error objects are not written to files
  await pipeline([{ a: 1 }], toFile(handle));
  // @ts-expect-error a path is no file
  fromFile('data.csv');
}

export async function uploads(file: File): Promise<Response> {
  const sink = toFetch('/upload', {
    method: 'PUT',
    partSize: 1 << 20,
    part: ({ index, last }) => ({ url: `/upload/${index}${last ? '/last' : ''}` }),
  });
  await pipeline(file, sink);
  toFetch('/upload', { as: 'collect', cap: 1 << 20, stallTimeout: 30_000 });
  // @ts-expect-error there is no such way
  toFetch('/upload', { as: 'whole' });
  const answer: Response = await sink.response;
  const response = toResponse({ status: answer.status });
  void pipeline(['a'], response);
  return response.response;
}

export function ports({ port1, port2 }: MessageChannel): ReadableStream<Date> {
  void pipeline([new Date()], toMessagePort<Date>(port1, { transfer: () => [] }));
  return fromMessagePort<Date>(port2, { highWaterMark: 5 });
}

export async function sockets(socket: WebSocket): Promise<void> {
  const messages = fromWebSocket(socket, { capacity: 1000, overflow: 'drop-oldest' });
  const dropped: number = messages.counts.droppedOldest;
  await pipeline(
    messages,
    (message: string | Uint8Array) => message.length,
    (length: number) => `${length + dropped}`,
    toWebSocket('/echo', { highWaterMark: 5 }),
  );
  const events = fromEventSource('/events', { events: ['add'], headers: { a: 'b' } });
  for await (const { type, data, lastEventId } of events) [type, data, lastEventId].join();
  const counted: number = fromEventSource(new EventSource('/events'), { capacity: 50 }).counts.written;
  void counted;
}

export async function queues(broker: {
  on(listener: (job: { id: string }) => void): () => void;
  done(id: string): Promise<void>;
}): Promise<void> {
  const jobs = fromQueue<{ id: string }>(
    {
      subscribe: (deliver, { signal, end, fail }) => {
        signal.addEventListener('abort', end);
        if (signal.aborted) fail(signal.reason);
        return broker.on(deliver);
      },
      ack: ({ id }) => broker.done(id),
      nack: ({ id }, reason) => void [id, reason],
      pause() {},
    },
    { highWaterMark: 5 },
  );
  await pipeline(
    jobs,
    (message: QueueMessage<{ id: string }>) => message.with(message.value.id),
    batch<QueueMessage<string>>(5),
    acknowledged(new WritableStream<string[]>()),
  );
  const count = await pipeline(
    jobs,
    acknowledged(async (values: AsyncIterable<{ id: string }>) => {
      let n = 0;
      for await (const { id } of values) n += id.length;
      return n;
    }),
  );
  type Count = Expect<Equal<typeof count, number>>;
  void (0 as unknown as Count);
  // @ts-expect-error a queue acknowledges
  fromQueue({ subscribe() {} });
}

export async function stores(database: IDBDatabase): Promise<string> {
  const values = fromIndexedDB<{ id: number }>(database, 'tides', {
    index: 'height',
    range: IDBKeyRange.only(5),
    direction: 'prev',
  });
  const entries = fromIndexedDB<{ id: number }>(database, 'tides', { entries: true });
  type Results = [
    Expect<Equal<typeof values, ReadableStream<{ id: number }>>>,
    Expect<Equal<typeof entries, ReadableStream<{ key: IndexedKey; value: { id: number } }>>>,
  ];
  await pipeline(
    values,
    toIndexedDB<{ id: number }>(database, 'others', {
      batch: 5,
      mode: 'add',
      key: ({ id }) => id,
      durability: 'relaxed',
    }),
  );
  const sink = toDownload('a.csv', { type: 'text/csv', size: 5, ways: ['opfs', 'blob'], cap: 100 });
  await pipeline(['a,b\n'], sink);
  serveDownloads();
  void (0 as unknown as Results);
  // @ts-expect-error there is no such way
  toDownload('a.csv', { ways: ['mail'] });
  return sink.via;
}
