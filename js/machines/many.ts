/** Many chunks for one promise: `readMany()` and `writeMany()`. */
import { broken, repair } from '../runtime/broken.js';
import { core } from '../core/module.js';
import { dropAll } from './discard.js';
import { REFUSED, STALE } from '../core/effects.js';
import { append, Deferred, promiseReject, promiseResolve, resolved } from '../runtime/intrinsics.js';
import { schedule } from '../runtime/jobs.js';
import { applyReadable, CLOSED, FOLLOW_UP, READABLE } from './readable.js';
import {
  applyWritable,
  chunkSize,
  CLOSED as W_CLOSED,
  closeQueuedOrInFlight,
  ERRORED,
  WRITABLE,
  writeChunk,
} from './writable.js';
import type { DefaultReaderImpl } from './reader.js';
import type { WriterImpl } from './writer.js';
import type { ReadablePart, ReadRequest, WritablePart } from './parts.js';

/** The result of a `readMany()`: the chunks, or undefined at the end. */
interface Many {
  value: unknown[] | undefined;
  done: boolean;
}

/**
 * The request of a `readMany()` that found an empty queue: it takes all chunks that have arrived by the microtask after
 * the first one.
 */
class ManyRequest extends Deferred<Many> implements ReadRequest {
  declare reader: DefaultReaderImpl;
  declare values: unknown[] | undefined;

  constructor(reader: DefaultReaderImpl) {
    super();
    this.reader = reader;
    this.values = undefined;
  }

  chunkSteps(chunk: unknown): void {
    this.values = [chunk];
    schedule(finishMany, this);
  }

  closeSteps(): void {
    this.resolve({ value: undefined, done: true });
  }

  errorSteps(error: unknown): void {
    this.reject(error);
  }
}

function finishMany(request: ManyRequest): void {
  const { stream, requests } = request.reader;
  // A read that came after this one has the first claim on what came after its chunk.
  if (stream?.state === READABLE && !requests?.length) takeQueued(request.reader, stream, request.values!);
  request.resolve({ value: request.values, done: false });
}

/** Moves every queued chunk of a readable stream into `values`. */
function takeQueued(reader: DefaultReaderImpl, stream: ReadablePart, values: unknown[]): void {
  try {
    if (stream.isByteStream) {
      const collector = { chunkSteps: (chunk: unknown) => append(values, chunk) } as ReadRequest;
      while (stream.state === READABLE && stream.queue!.length > 0) stream.pullSteps(reader, collector);
      return;
    }
    const { queue } = stream;
    if (queue!.length === 0) return;
    const effects = core.readable_read_many(stream.id);
    while (queue!.length > 0) append(values, queue!.shift());
    if (effects & FOLLOW_UP) applyReadable(stream, effects);
  } catch (error) {
    const { list, length } = broken;
    list[length] = stream;
    list[length + 1] = stream.id;
    list[length + 2] = error;
    list[length + 3] = undefined;
    broken.length = length + 4;
    stream.id = 0;
    resolved.react(repair);
    throw error;
  }
}

/** Resolves with all queued chunks, or with the next chunks to arrive, as `{ value: chunks, done }`. */
export function readMany(reader: DefaultReaderImpl): Promise<Many> {
  const { stream } = reader;
  if (stream === undefined) return promiseReject(new TypeError('readMany(): the reader was released'));
  if (stream.state === CLOSED) return promiseResolve({ value: undefined, done: true });
  if (stream.state !== READABLE) return promiseReject(stream.storedError);
  stream.disturbed = true;
  const value: unknown[] = [];
  takeQueued(reader, stream, value);
  if (value.length > 0) return promiseResolve({ value, done: false });
  const request = new ManyRequest(reader);
  reader.read(request);
  return request.promise;
}

/** Writes all of `chunks`; the promise is that of the last one. */
export function writeMany(writer: WriterImpl, chunks: unknown[]): Promise<undefined> {
  const { stream } = writer as { stream: WritablePart };
  if (chunks.length === 0) return promiseResolve(undefined);
  const last = chunks.length - 1;
  const request = new Deferred<undefined>();
  if (stream.size === undefined && stream.state === WRITABLE && !closeQueuedOrInFlight(stream)) {
    writeCounted(stream, chunks, request);
    return request.promise;
  }
  for (let i = 0; i <= last; i++) {
    const size = stream.size === undefined ? 1 : chunkSize(stream, chunks[i]);
    if (writer.stream !== stream)
      return refuse(stream, chunks, i, new TypeError('writeMany(): the writer was released'));
    if (
      stream.state === WRITABLE &&
      !closeQueuedOrInFlight(stream) &&
      writeChunk(stream, chunks[i], size, i === last ? request : undefined)
    )
      continue;
    if (stream.state === W_CLOSED || (stream.state !== ERRORED && closeQueuedOrInFlight(stream))) {
      return refuse(stream, chunks, i, new TypeError('writeMany(): the WritableStream is closing or closed'));
    }
    return refuse(stream, chunks, i, stream.storedError);
  }
  return request.promise;
}

/** Drops the chunks from index `from` on. */
function refuse(stream: WritablePart, chunks: unknown[], from: number, error: unknown): Promise<never> {
  dropAll(stream, chunks.slice(from));
  return promiseReject(error);
}

/** Chunks that each count 1 need one call of the core. */
function writeCounted(stream: WritablePart, chunks: unknown[], request: Deferred<undefined>): void {
  try {
    const effects = core.writable_write_many(stream.id, chunks.length);
    if (effects & (REFUSED | STALE)) throw new Error('writeMany(): the stream does not take writes');
    const last = chunks.length - 1;
    for (let i = 0; i < last; i++) {
      stream.queue!.push(chunks[i]);
      stream.writeRequests!.push(undefined);
    }
    stream.queue!.push(chunks[last]);
    stream.writeRequests!.push(request);
    applyWritable(stream, effects, undefined);
  } catch (error) {
    const { list, length } = broken;
    list[length] = stream;
    list[length + 1] = stream.id;
    list[length + 2] = error;
    list[length + 3] = request.promise;
    broken.length = length + 4;
    stream.id = 0;
    resolved.react(repair);
    throw error;
  }
}
