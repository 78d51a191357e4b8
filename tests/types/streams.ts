/** The standard's classes: what compiles must, and each `@ts-expect-error` must not. */
import {
  ByteLengthQueuingStrategy,
  CountQueuingStrategy,
  ReadableStream,
  ReadableStreamBYOBReader,
  ReadableStreamDefaultReader,
  TransformStream,
  WritableStream,
} from 'tidegate';
import type { Bytes } from 'tidegate';
import type { Equal, Expect } from './expect.js';

export async function readable(): Promise<void> {
  const numbers = new ReadableStream<number>({
    start: (c) => c.enqueue(1),
    pull: (c) => c.close(),
    cancel: (reason) => void reason,
  });
  const reader = numbers.getReader();
  const result = await reader.read();
  if (result.done) {
    const value: undefined = result.value;
    void value;
  } else {
    const value: number = result.value;
    void value;
  }
  for await (const chunk of new ReadableStream<string>()) chunk.toUpperCase();
  for await (const chunk of new ReadableStream<string>().values({ preventCancel: true })) chunk.toUpperCase();
  const [left] = new ReadableStream<Date>().tee();
  type Left = Expect<Equal<typeof left, ReadableStream<Date>>>;
  const generic: ReadableStreamDefaultReader<number> = new ReadableStreamDefaultReader(numbers);
  generic.releaseLock();
  // @ts-expect-error a number is not what this stream holds
  new ReadableStream<string>({ start: (c) => c.enqueue(1) });
  // @ts-expect-error there is no such option
  numbers.getReader({ mode: 'bytes' });
  void (0 as unknown as Left);
}

export async function from(): Promise<void> {
  const fromArray = ReadableStream.from([1, Promise.resolve(2)]);
  const fromGenerator = ReadableStream.from(
    (async function* () {
      yield 'a';
    })(),
  );
  type Results = [
    Expect<Equal<typeof fromArray, ReadableStream<number>>>,
    Expect<Equal<typeof fromGenerator, ReadableStream<string>>>,
  ];
  // @ts-expect-error a number cannot be iterated
  ReadableStream.from(5);
  void (0 as unknown as Results);
}

export async function bytes(): Promise<void> {
  const stream = new ReadableStream({
    type: 'bytes',
    autoAllocateChunkSize: 1024,
    pull(controller) {
      const view = controller.byobRequest?.view;
      type View = Expect<Equal<typeof view, Uint8Array | null | undefined>>;
      void (0 as unknown as View);
      controller.byobRequest?.respond(1);
      controller.enqueue(new Uint8Array(1));
    },
  });
  const reader: ReadableStreamBYOBReader = stream.getReader({ mode: 'byob' });
  const { value } = await reader.read(new Uint16Array(4), { min: 2 });
  type Value = Expect<Equal<typeof value, ReturnType<(typeof Uint16Array)['of']> | undefined>>;
  // @ts-expect-error a byte stream takes no size
  new ReadableStream({ type: 'bytes' }, new ByteLengthQueuingStrategy({ highWaterMark: 1 }).size);
  void (0 as unknown as Value);
}

export async function writable(): Promise<void> {
  const stream = new WritableStream<string>(
    {
      write: async (chunk, { signal }) => void (chunk.length && signal.aborted),
      close() {},
      abort: (reason) => void reason,
    },
    new CountQueuingStrategy({ highWaterMark: 4 }),
  );
  const writer = stream.getWriter();
  await writer.ready;
  await writer.write('a');
  const size: number | null = writer.desiredSize;
  // @ts-expect-error a number is not what this stream takes
  await writer.write(size);
}

export async function transform(): Promise<void> {
  const lengths = new TransformStream<string, number>({
    transform: (chunk, controller) => controller.enqueue(chunk.length),
    flush: (controller) => controller.terminate(),
    cancel: async (reason) => void reason,
  });
  const piped = new ReadableStream<string>().pipeThrough(lengths);
  const native = new ReadableStream<Bytes>().pipeThrough(new TextDecoderStream());
  type Results = [
    Expect<Equal<typeof piped, ReadableStream<number>>>,
    Expect<Equal<typeof native, ReadableStream<string>>>,
  ];
  await piped.pipeTo(new WritableStream<number>(), { preventClose: true, signal: AbortSignal.timeout(1) });
  await native.pipeTo(new globalThis.WritableStream<string>());
  // @ts-expect-error strings do not go into a stream of numbers
  new ReadableStream<string>().pipeTo(new WritableStream<number>());
  void (0 as unknown as Results);
}

new ReadableStream<VideoFrame>({ onDiscard: (frame) => frame.close() });
new WritableStream<VideoFrame>({ onDiscard: (frame) => frame.close() });
new TransformStream({ onDiscard: 'dispose' });
// @ts-expect-error: no other word
new ReadableStream({ onDiscard: 'close' });
// @ts-expect-error: bytes need no closing
new ReadableStream({ type: 'bytes', onDiscard: () => {} });
