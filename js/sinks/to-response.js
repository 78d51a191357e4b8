/** A `Response` whose body is what is written, for a service worker or a server that takes one. */
import { toNative } from '../native/convert.js';
import { ReadableStream } from '../streams/readable-stream.js';
import { WritableStream } from '../streams/writable-stream.js';
import { Encoder } from './bytes.js';

/** A stream of bytes for who reads it, and the sink that feeds it: a write is done when it has been asked for the next. */
export function bodyPair(caller) {
  let reading; // the reader's controller
  let wanted; // settles the pull that is waiting
  let room = deferred();
  let writing; // the writer's controller
  let ended = false;
  const text = new Encoder(caller);
  const answer = () => {
    wanted?.();
    wanted = undefined;
  };
  const body = new ReadableStream(
    {
      start: (controller) => void (reading = controller),
      pull() {
        room.resolve();
        return new Promise((resolve) => void (wanted = resolve));
      },
      cancel(reason) {
        ended = true;
        writing.error(
          reason ?? new DOMException(`${caller}(): the other side wants no more of the body`, 'AbortError'),
        );
        room.resolve();
      },
    },
    { highWaterMark: 0 },
  );
  const sink = new WritableStream({
    start: (controller) => {
      writing = controller;
      controller.signal.addEventListener('abort', () => fail(controller.signal.reason), { once: true });
    },
    async write(chunk) {
      let bytes;
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
      answer();
    },
  });
  async function send(bytes) {
    if (bytes.length === 0) return;
    await room.promise;
    if (ended) return;
    room = deferred();
    reading.enqueue(bytes);
    answer();
    await room.promise;
  }
  function fail(reason) {
    if (ended) return;
    ended = true;
    reading.error(reason);
    answer();
    room.resolve();
  }
  /** The reader is gone by itself: only the writer is told. */
  function lose(reason) {
    if (ended) return;
    ended = true;
    writing.error(reason);
    room.resolve();
  }
  return { body, sink, lose };
}

function deferred() {
  const result = {};
  result.promise = new Promise((resolve) => void (result.resolve = resolve));
  return result;
}

/**
 * See sinks.d.ts.
 *
 * @param {ResponseInit} [init]
 */
export function toResponse(init) {
  const { body, sink } = bodyPair('toResponse');
  const response = new Response(toNative(body), init);
  return Object.defineProperty(sink, 'response', { value: response, enumerable: true });
}
