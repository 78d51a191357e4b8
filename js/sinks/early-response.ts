/**
 * Reads a response that arrived before the body of its request was sent. The caller does not have it yet. Only its end
 * shows that the server has finished: Node's `fetch` then closes the connection, and does not notify the request's
 * body.
 */
import { toNative } from '../native/convert.js';
import { copyOf, FetchError, statusOf } from '../pipeline/fetch-error.js';
import { ReadableStream } from '../streams/readable-stream.js';
import type { ReadableControllerLike } from '../bridge/shapes.js';

/**
 * Bytes of the response that are kept while the body is sent. A larger response is read on, so that its end is seen;
 * reading it later fails.
 */
const KEPT = 1024 * 1024;

export class EarlyResponse {
  /** The response. Its body starts with the bytes that were read ahead. */
  readonly response: Response;
  /** Whether the response's body has ended. */
  isOver = false;
  /** Called when the response's body ends. */
  onOver: (() => void) | undefined = undefined;

  #controller!: ReadableControllerLike<Uint8Array>;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #isSent = false;
  #wanted: (() => void) | undefined = undefined;

  /** @param onError called if the response breaks off */
  constructor(response: Response, onError: (error: unknown) => void) {
    const { body } = response;
    if (body === null) {
      this.response = response;
      this.isOver = true;
      return;
    }
    const reader = (this.#reader = body.getReader());
    const copy = new ReadableStream<Uint8Array>(
      {
        start: (controller: ReadableControllerLike<Uint8Array>) => void (this.#controller = controller),
        pull: () => this.#wanted?.(),
        cancel: (reason: unknown) => reader.cancel(reason),
      },
      { highWaterMark: KEPT, size: (bytes: Uint8Array) => bytes.byteLength },
    );
    this.response = copyOf(response, toNative(copy) as BodyInit);
    this.#read(reader).catch((error: unknown) => {
      this.#controller.error(error);
      onError(error);
    });
  }

  /** The body of the request is sent: from now on, the response is read only as fast as the caller reads it. */
  sent(): void {
    this.#isSent = true;
  }

  /** Closes the connection. */
  drop(reason: unknown): void {
    this.#reader?.cancel(reason).catch(() => {});
  }

  async #read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    let isDropped = false;
    for (let result = await reader.read(); !result.done; result = await reader.read()) {
      if (isDropped) continue;
      this.#controller.enqueue(result.value);
      if (this.#controller.desiredSize! > 0) continue;
      if (this.#isSent) {
        await new Promise<void>((resolve) => void (this.#wanted = resolve));
      } else {
        isDropped = true;
        this.#controller.error(
          new FetchError(
            `toFetch(): ${this.response.url} sent more than ${KEPT} bytes of its response before it read the whole body, and toFetch() keeps no more; use fetch() with duplex: 'half' to read the response meanwhile`,
            this.response,
          ),
        );
      }
    }
    if (!isDropped) this.#controller.close();
    this.isOver = true;
    this.onOver?.();
  }
}

/** The error of a request whose `response` ended before the server read the whole body: it reads no more of it. */
export const unread = (url: string, response: Response, cause: unknown): FetchError =>
  new FetchError(
    `toFetch(): ${url} responded with ${statusOf(response)} before it read the whole body, and reads no more of it, so the upload may be incomplete; make the server read the body to its end before it responds`,
    response,
    { cause },
  );
