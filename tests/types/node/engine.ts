/** What Node's functions take of tidegate's streams, and what they refuse. */
import { spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { createReadStream } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { Duplex, Readable, Transform, Writable } from 'node:stream';
import { pipeline as nodePipeline } from 'node:stream/promises';
import { MessageChannel } from 'node:worker_threads';
import {
  batches,
  finished,
  fromEvents,
  fromMessagePort,
  fromNative,
  pipeline,
  tee,
  toNative,
  ReadableStream,
  TransformStream,
  WritableStream,
} from 'tidegate';
import { gunzip, lines } from 'tidegate/codecs';
import { is } from '../expect.js';

const ours = new ReadableStream<Uint8Array>();

// @ts-expect-error it throws: pass toNative(stream)
Readable.fromWeb(ours);
// @ts-expect-error likewise
Writable.fromWeb(new WritableStream<Uint8Array>());
// @ts-expect-error likewise
Duplex.fromWeb(new TransformStream<Uint8Array, Uint8Array>());
// @ts-expect-error likewise
new globalThis.ReadableStream<Uint8Array>().pipeThrough(gunzip());
// @ts-expect-error likewise
void new globalThis.ReadableStream<Uint8Array>().pipeTo(new WritableStream<Uint8Array>());

export async function taken(file: Readable): Promise<void> {
  Readable.fromWeb(toNative(ours));
  Writable.fromWeb(toNative(new WritableStream<Uint8Array>()));
  Readable.from(ours);
  // Node's Response reads async iterables.
  await new Response(ours).text();
  await nodePipeline(ours, async (chunks) => {
    for await (const chunk of chunks) void chunk;
  });
  is<ReadableStream<string>>()(fromNative(new globalThis.ReadableStream<string>()));
  is<ReadableStream<string>[]>()(tee(new globalThis.ReadableStream<string>()));
  for await (const texts of batches(new globalThis.ReadableStream<string>())) is<string[]>()(texts);
  await pipeline(new globalThis.ReadableStream<string>(), (text) => is<string>()(text), new WritableStream<string>());
  await pipeline(file, gunzip(), lines(), (line) => is<string>()(line).trim(), new Writable());
  await pipeline(file, new Transform(), gunzip(), new Writable());
}

export async function ends(response: ServerResponse): Promise<void> {
  await pipeline(createReadStream('a.csv.gz'), gunzip(), spawn('cat').stdin);
  await pipeline(spawn('cat').stdout, lines(), process.stdout);
  await pipeline(['a'], response);
  await pipeline(
    fromEvents<string>(new EventEmitter(), 'line', { end: 'close' }),
    (line) => is<string>()(line),
    response,
  );
  await finished(response);
  is<ReadableStream<Date>>()(fromMessagePort<Date>(new MessageChannel().port1));
}
