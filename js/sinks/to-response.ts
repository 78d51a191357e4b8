/**
 * `toResponse()`: a sink whose chunks become the body of a `Response`, for a service worker or a server that accepts
 * one.
 */
import { toNative } from '../native/convert.js';
import { ReadableStream } from '../streams/readable-stream.js';
import { WritableStream } from '../streams/writable-stream.js';
import { Encoder } from './bytes.js';
import type { ReadableControllerLike, WritableControllerLike } from '../bridge/shapes.js';
import type { BytesOrText } from './bytes.js';

/** A body, and the sink that writes it. */
export interface BodyPair {
  readonly body: ReadableStream<Uint8Array>;
  readonly sink: WritableStream<BytesOrText>;
  /** Errors the sink with `reason`, for a body whose reader has ended without a cancel. */
  lose(reason: unknown): void;
  /**
   * Resolves once the body's reader has taken every chunk and asks for another. The empty chunks that show this send
   * nothing.
   */
  taken(): Promise<void>;
}

/**
 * Connects a stream of bytes to a sink, without a queue: a write settles when the reader pulls again. `caller` is the
 * function that errors name.
 */
export function bodyPair(caller: string): BodyPair {
  let reading: ReadableControllerLike; // of the body
  let wanted: (() => void) | undefined; // resolves the pending pull
  let room = deferred(); // resolves when the reader pulls
  let writing: WritableControllerLike; // of the sink
  let ended = false;
  const text = new Encoder(caller);
  const settlePull = () => {
    wanted?.();
    wanted = undefined;
  };
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller: ReadableControllerLike) => void (reading = controller),
      pull() {
        room.resolve();
        return new Promise<void>((resolve) => void (wanted = resolve));
      },
      cancel(reason: unknown) {
        ended = true;
        writing.error(
          reason ?? new DOMException(`${caller}(): the consumer cancelled the body without a reason`, 'AbortError'),
        );
        room.resolve();
      },
    },
    { highWaterMark: 0 },
  );
  const sink = new WritableStream<BytesOrText>({
    start: (controller: WritableControllerLike) => {
      writing = controller;
      controller.signal.addEventListener('abort', () => fail(controller.signal.reason), { once: true });
    },
    async write(chunk: unknown) {
      let bytes: Uint8Array;
      try {
        bytes = text.encode(chunk);
      } catch (error) {
        fail(error);
        throw error;
      }
      await send(bytes);
    },
    async close() {
      await send(text.rest());
      if (ended) return;
      ended = true;
      reading.close();
      settlePull();
    },
  });
  const send = async (bytes: Uint8Array) => (bytes.length === 0 ? undefined : put(bytes));
  async function put(bytes: Uint8Array): Promise<void> {
    await room.promise;
    if (ended) return;
    room = deferred();
    reading.enqueue(bytes);
    settlePull();
    await room.promise;
  }
  function fail(reason: unknown): void {
    if (ended) return;
    ended = true;
    reading.error(reason);
    settlePull();
    room.resolve();
  }
  function lose(reason: unknown): void {
    if (ended) return;
    ended = true;
    writing.error(reason);
    room.resolve();
  }
  const taken = async () => {
    for (let n = 0; n < 2; n += 1) await put(new Uint8Array(0)); // Node's fetch may hold one, as it tees a body
  };
  return { body, sink, lose, taken };
}

interface Deferred {
  promise: Promise<void>;
  resolve: () => void;
}

function deferred(): Deferred {
  const result = {} as Deferred;
  result.promise = new Promise((resolve) => void (result.resolve = resolve));
  return result;
}

/**
 * A sink whose `response` exists at once: its body is the chunks of the sink. The sink accepts a chunk when the body's
 * reader wants one; strings become UTF-8. If the body is cancelled, the sink fails with the reason. If the sink is
 * aborted, the body fails with the reason.
 *
 * @param init as of `Response`
 * @throws {TypeError | RangeError} what `Response` throws
 * @see https://fetch.spec.whatwg.org/#response-class
 */
export function toResponse(init?: ResponseInit): WritableStream<BytesOrText> & { readonly response: Response } {
  const { body, sink } = bodyPair('toResponse');
  const response = new Response(toNative(body) as BodyInit, init);
  return Object.defineProperty(sink, 'response', { value: response, enumerable: true }) as typeof sink & {
    readonly response: Response;
  };
}
