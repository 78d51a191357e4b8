/** The engine's interfaces refuse tidegate's streams, as the engine does; all that works is taken. */
import {
  batches,
  filter,
  fromNative,
  pipeline,
  pipeThrough,
  pipeTo,
  tee,
  toNative,
  toText,
  transfer,
  ReadableStream,
  TransformStream,
  WritableStream,
} from 'tidegate';
import type { Bytes } from 'tidegate';
import { gunzip, lines } from 'tidegate/codecs';
import { is } from '../expect.js';

const ours = new ReadableStream<Bytes>();
const oursToo = new WritableStream<Bytes>();
const engines = new globalThis.ReadableStream<Bytes>();
const enginesToo = new globalThis.WritableStream<string>();

// @ts-expect-error its text would be [object ReadableStream]
new Response(ours);
// @ts-expect-error a stream of anything as well
new Response(new ReadableStream());
// @ts-expect-error likewise
new Request('/', { method: 'POST', body: ours });
// @ts-expect-error likewise
void fetch('/', { method: 'POST', body: ours });
// @ts-expect-error the engine's pipeThrough throws
engines.pipeThrough(gunzip());
// @ts-expect-error likewise
engines.pipeThrough(new TransformStream<Bytes, string>());
// @ts-expect-error likewise
engines.pipeThrough(filter((bytes: Bytes) => bytes.length));
// @ts-expect-error likewise
engines.pipeThrough({ readable: new globalThis.ReadableStream<string>(), writable: oursToo });
// @ts-expect-error and its pipeTo
void engines.pipeTo(oursToo);
// @ts-expect-error and its readers
new globalThis.ReadableStreamDefaultReader(ours);
// @ts-expect-error and its writers
new globalThis.WritableStreamDefaultWriter(oursToo);
// @ts-expect-error no such stream
export const readable: globalThis.ReadableStream = ours;
// @ts-expect-error no such stream
export const writable: globalThis.WritableStream = oursToo;
// @ts-expect-error no such pair
export const pair: globalThis.ReadableWritablePair = new TransformStream();
// @ts-expect-error nor is the engine's stream one of tidegate's
export const mine: ReadableStream = engines;

export async function taken(response: Response): Promise<void> {
  new Response(toNative(ours));
  is<globalThis.ReadableStream<Bytes>>()(toNative(ours));
  is<globalThis.WritableStream<Bytes>>()(toNative(oursToo));
  is<ReadableStream<Bytes>>()(fromNative(engines));
  is<WritableStream<string>>()(fromNative(enginesToo));
  engines.pipeThrough(toNative(new TransformStream<Bytes, string>()));
  void engines.pipeTo(toNative(oursToo));

  const text = ours.pipeThrough(new TextDecoderStream());
  is<ReadableStream<string>>()(text);
  is<ReadableStream<string>>()(ours.pipeThrough(gunzip()).pipeThrough(lines()));
  is<ReadableStream<string>>()(pipeThrough(engines, new TransformStream<Bytes, string>()));
  await text.pipeTo(enginesToo);
  await pipeTo(engines, oursToo);
  if (response.body) await fromNative(response.body).pipeThrough(gunzip()).cancel();
  await pipeline(
    response,
    new DecompressionStream('gzip'),
    new TextDecoderStream(),
    (text) => is<string>()(text).trim(),
    enginesToo,
  );
  await pipeline(
    engines,
    new globalThis.TransformStream<Bytes, number>(),
    (n) => `${is<number>()(n)}`,
    async (all) => {
      for await (const text of all) is<string>()(text);
    },
  );
  await pipeline(
    ({ signal }) => fetch('/', { signal }),
    lines(),
    filter((line) => is<string>()(line)),
    enginesToo,
  );
  await toText(engines);
  tee(engines);
  transfer(engines, { transferChunks: (bytes) => [is<Bytes>()(bytes).buffer] });
  for await (const chunks of batches(engines)) is<Bytes[]>()(chunks);
  for await (const bytes of ours) is<Bytes>()(bytes);
  // What takes readers and iterables by their methods takes tidegate's.
  const reader: globalThis.ReadableStreamDefaultReader<Bytes> = ours.getReader();
  await reader.read();
  const iterable: AsyncIterable<Bytes> = ours;
  for await (const bytes of iterable) is<Bytes>()(bytes);
}
