/** Opens whatever a pipeline may start from, or a function stage may return, as a readable stream of ours. */
import { ReadableStream } from '../streams/readable-stream.js';
import { readableFromNative } from '../native/convert.js';
import { describe } from '../values/describe.js';
import { bridgeOf, registerBridge } from '../bridge/bridges.js';
import { wasCutOff } from './cut-off.js';
import { bytesOfBlob } from '../bridge/blobs.js';
import * as is from '../bridge/kinds.js';
import { FetchError, keepResponse, statusOf } from './fetch-error.js';
import { streamOfIterable } from './iterables.js';
import { streamOfNodeReadable } from './node-streams.js';
import type { ReadableControllerLike, ReaderLike } from '../bridge/shapes.js';
import type { SourceHooks } from './parts.js';

/** The most bytes of a Blob that are read at a time where it has no `stream()`. */
const SLICE = 65_536;

type Hooks = SourceHooks & Required<Pick<SourceHooks, 'onError'>>;

/**
 * Why `value` cannot be opened, as the end of a sentence that begins with what it is; undefined when it can be. Touches
 * nothing, so that a refused pipeline leaves its arguments as they were.
 */
export function refusalOfSource(value: unknown): string | undefined {
  if (is.isReadableStreamLike(value)) return value.locked ? `is a locked stream; ${unlockAdvice}` : undefined;
  if (is.isBody(value)) {
    if (value.bodyUsed) return `is ${describe(value)} whose body was already read; clone() it before you read it`;
    return value.body?.locked ? `is ${describe(value)} whose body is locked; ${unlockAdvice}` : undefined;
  }
  if (is.isBytes(value) || typeof value === 'string') {
    return `is ${typeof value === 'string' ? 'a string' : describe(value)}; put it in an array, [chunk], to send it as one chunk, or in a Blob to send it in slices`;
  }
  if (is.isBlob(value) || is.isAnyNodeReadable(value) || is.isIterable(value) || is.isPromise(value)) return undefined;
  return `is not a readable stream, Response, Request, Blob, iterable or async iterable; got ${describe(value)}`;
}

const unlockAdvice = 'pass it before it has a reader or pipe, or release that first';

/** A readable stream of ours over `value`, of which `refusalOfSource` has found no fault. */
export function openSource(value: unknown, hooks: Hooks): ReadableStream {
  if (is.isReadableStreamLike(value)) return readableFromNative(value, hooks.onError);
  if (is.isBody(value)) return openBody(value, hooks);
  if (is.isBlob(value)) return openBlob(value, hooks);
  if (is.isAnyNodeReadable(value)) return streamOfNodeReadable(value, hooks);
  return streamOfIterable(value as Iterable<unknown>, hooks);
}

function openBody(message: Response | Request, hooks: Hooks): ReadableStream {
  if ((message as Response).ok === false) return refusedBody(message as Response, hooks);
  if (message.body === undefined) return streamOfIterable(chunksOfBlob(message), hooks); // Firefox has no Request.prototype.body
  if (message.body !== null) return wholeBody(message, readableFromNative(message.body, hooks.onError));
  return new ReadableStream({ start: (controller: ReadableControllerLike) => controller.close() });
}

/** `stream`, the body of `message`; one that is compressed and of known length fails where it ends before that. */
function wholeBody({ url, headers }: Response | Request, stream: ReadableStream): ReadableStream {
  if (!url || !headers.has('content-encoding') || !headers.has('content-length')) return stream;
  const reader = stream.getReader() as ReaderLike as ReaderLike<Uint8Array>; // as a body's chunks are
  let size = 0;
  const whole = new ReadableStream(
    {
      async pull(controller: ReadableControllerLike) {
        const { value, done } = await reader.read();
        if (!done) {
          size += value!.byteLength;
          controller.enqueue(value);
        } else if (wasCutOff(url, Number(headers.get('content-length')), size)) {
          throw new TypeError(`The connection ended before the compressed body of ${url} did`);
        } else {
          controller.close();
        }
      },
      cancel: (reason: unknown) => reader.cancel(reason) as Promise<void>,
    },
    { highWaterMark: 0 },
  );
  registerBridge(whole, bridgeOf(stream));
  return whole;
}

/**
 * The host's own stream of a Blob, else its bytes in slices: jsdom's Blob has no `stream()`, and an older one no
 * `arrayBuffer()`.
 */
function openBlob(blob: Blob, hooks: Hooks): ReadableStream {
  if (typeof blob.stream === 'function') return readableFromNative(blob.stream(), hooks.onError);
  return streamOfIterable(slicesOfBlob(blob), hooks);
}

async function* slicesOfBlob(blob: Blob): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  for (let from = 0; from < blob.size; from += SLICE) {
    yield new Uint8Array(await bytesOfBlob(blob.slice(from, from + SLICE)));
  }
}

async function* chunksOfBlob(message: Response | Request): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  yield* slicesOfBlob(await message.blob());
}

/** What a response says that is no success is not the data that was asked for. */
function refusedBody(response: Response, hooks: Hooks): ReadableStream {
  const advice = response.body ? '; read its body from error.response, or pass response.body to accept any status' : '';
  const message = `The response${response.url && ` of ${response.url}`} is ${statusOf(response)}, so it cannot be a source${advice}`;
  return new ReadableStream(
    {
      async start() {
        const error = new FetchError(message, await keepResponse(response));
        hooks.onError(error);
        throw error;
      },
    },
    { highWaterMark: 0 },
  );
}
