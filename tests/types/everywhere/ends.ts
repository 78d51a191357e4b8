/** Callbacks of sources and sinks without annotations. */
import {
  acknowledged,
  channel,
  forEach,
  fromCursor,
  fromEvents,
  fromQueue,
  pipeline,
  toIndexedDB,
  toMessagePort,
  transfer,
  ReadableStream,
  WritableStream,
} from 'tidegate';
import { lines } from 'tidegate/codecs';
import type { AnyCursor, Bytes, FromCursorOptions, IndexedDatabase, MessagePortLike, QueueMessage } from 'tidegate';
import { is } from '../expect.js';

type Tide = { id: number; height: number };

export async function sinks(
  tides: ReadableStream<Tide>,
  database: IndexedDatabase,
  port: MessagePortLike,
): Promise<void> {
  await pipeline(tides, toIndexedDB(database, 'tides', { key: (tide) => is<Tide>()(tide).id }));
  await pipeline(tides, toIndexedDB(database, 'tides', { key: ({ id }) => is<number>()(id), batch: undefined }), {});
  await pipeline(tides, toMessagePort(port, { transfer: (tide) => [is<Tide>()(tide)] }));
  await pipeline(tides, new WritableStream({ write: async (tide) => void is<Tide>()(tide) }), { size: () => 5 });
  await pipeline(
    tides,
    forEach(async (tide, { index }) => void [is<Tide>()(tide), index]),
    { total: 5 },
  );
}

export async function queues(jobs: ReadableStream<QueueMessage<Tide>>): Promise<void> {
  const count = await pipeline(
    jobs,
    acknowledged(async (tides: AsyncIterable<Tide>) => {
      let n = 0;
      for await (const { id } of tides) n += is<number>()(id);
      return n;
    }),
  );
  is<number>()(count);
  fromQueue({
    subscribe: (deliver: (tide: Tide) => void) => deliver({ id: 1, height: 2 }),
    ack: (tide) => is<Tide>()(tide),
    nack: (tide, reason) => [is<Tide>()(tide), is<unknown>()(reason)],
  });
}

export function sources(cursor: AnyCursor<Tide>, options: FromCursorOptions): void {
  is<ReadableStream<Tide>>()(fromCursor(cursor, { batch: 5 }));
  is<ReadableStream<Tide[]>>()(fromCursor(cursor, { as: 'batches' }));
  // @ts-expect-error rows or batches: nobody knows
  fromCursor(cursor, options);
  const texts = channel<string>({ size: (text) => is<string>()(text).length, onDiscard: (text) => is<string>()(text) });
  texts.write('a');
  // @ts-expect-error it takes texts
  texts.write(5);
  fromEvents(new EventTarget(), 'click', { map: (event: Event) => event.timeStamp });
  const { handle } = transfer(new ReadableStream<Bytes>(), { transferChunks: (bytes) => [is<Bytes>()(bytes).buffer] });
  void handle;
  new ReadableStream<Tide>({ pull: (controller) => controller.enqueue({ id: 1, height: 2 }) }).pipeThrough(
    // @ts-expect-error rows are no bytes
    lines(),
  );
}
