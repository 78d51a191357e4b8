/**
 * `fromQueue()` and `acknowledged()`: the items of a message queue, each acknowledged when the sink has accepted it. An
 * item travels as a message, which remembers its item while stages change its value. When the pipeline ends, the items
 * that are not acknowledged are returned to the queue.
 */
import { withinGrace } from '../runtime/grace.js';
import { requireCallback } from '../values/require.js';
import { describe } from '../values/describe.js';
import { isAnyNodeWritable, isWritableStreamLike } from '../bridge/kinds.js';
import { streamOfNodeWritable } from '../pipeline/node-streams.js';
import { whenPipelineEnds } from '../pipeline/hooks.js';
import { WritableStream } from '../streams/writable-stream.js';
import { channelOf, withCounts } from '../channel/channel.js';
import type { WritableControllerLike, WritableStreamLike } from '../bridge/shapes.js';
import type { ChannelCounts, ChannelOptions } from '../channel/channel.js';
import type { NodeWritableLike, PipelineChunks, PipelineFunctionOptions } from '../pipeline/accepted.js';
import type { AnyWritable } from '../streams/any.js';
import type { ReadableStream } from '../streams/readable-stream.js';

/** An item of a message queue in a pipeline. */
export interface QueueMessage<T> {
  /** The item, or what the stages have made of it. */
  readonly value: T;
  /** Returns the same message with another value. */
  with<U>(value: U): QueueMessage<U>;
  /** Acknowledges the item. An item is settled once, by the first `ack()` or `nack()` of any of its messages. */
  ack(): Promise<void>;
  /** Returns the item to the queue, to be delivered again. */
  nack(reason?: unknown): Promise<void>;
}

/** A message queue, described by functions. */
export interface MessageQueue<T> {
  /**
   * Starts delivery. Returns, or resolves with, a function that unsubscribes.
   *
   * @param how call `end()` when the queue has ended and `fail(error)` when it has failed; `signal` is aborted when the
   *   consumer has stopped
   */
  subscribe(
    deliver: (item: T) => void,
    how: { readonly signal: AbortSignal; end(): void; fail(error: unknown): void },
  ): void | (() => unknown) | PromiseLike<void | (() => unknown)>;
  /** Acknowledges the item. */
  ack(item: T): unknown;
  /** Returns the item to the queue, to be delivered again. */
  nack?(item: T, reason: unknown): unknown;
  /** Pauses delivery. */
  pause?(): unknown;
  /** Resumes it. */
  resume?(): unknown;
}

class Message<T> implements QueueMessage<T> {
  declare readonly value: T;
  #delivery: Delivery;

  constructor(value: T, delivery: Delivery) {
    this.value = value;
    this.#delivery = delivery;
  }

  with<U>(value: U): Message<U> {
    return new Message(value, this.#delivery);
  }

  ack(): Promise<void> {
    return this.#delivery.settle('ack');
  }

  nack(reason?: unknown): Promise<void> {
    return this.#delivery.settle('nack', reason);
  }
}

/** One item, shared by all messages that stages make of it. It is acknowledged or returned once. */
class Delivery {
  #item: unknown;
  #queue: MessageQueue<unknown>;
  #onSettled: (delivery: Delivery) => void;
  #settled: Promise<void> | undefined;

  constructor(item: unknown, queue: MessageQueue<unknown>, onSettled: (delivery: Delivery) => void) {
    this.#item = item;
    this.#queue = queue;
    this.#onSettled = onSettled;
  }

  settle(how: 'ack' | 'nack', reason?: unknown): Promise<void> {
    // In a microtask, as the queue may call back at once and must find the item settled.
    return (this.#settled ??= Promise.resolve().then(async () => {
      try {
        await this.#queue[how]?.(this.#item, reason);
      } finally {
        this.#onSettled(this);
      }
    }));
  }
}

function requireFunctions(queue: object): void {
  for (const [name, needed] of Object.entries({
    subscribe: true,
    ack: true,
    nack: false,
    pause: false,
    resume: false,
  })) {
    const value = (queue as Partial<Record<string, unknown>>)?.[name];
    if (typeof value === 'function' || (value === undefined && !needed)) continue;
    throw new TypeError(`fromQueue(): ${name} of the queue must be a function; got ${describe(value)}`);
  }
}

/**
 * Creates a stream of the items of a message queue, wrapped in messages that `acknowledged()` acknowledges at the end
 * of a pipeline. When the pipeline ends, it returns every item that was not acknowledged to the queue, with `nack()`,
 * and unsubscribes. Without `pause()` the queue has no backpressure: beyond `capacity` the stream fails.
 *
 * @returns a stream whose `counts` say how many items were delivered and dropped
 * @throws {TypeError | RangeError} when an argument is invalid
 */
export function fromQueue<T>(
  queue: MessageQueue<T>,
  options?: ChannelOptions<QueueMessage<T>> & { signal?: AbortSignal | undefined },
): ReadableStream<QueueMessage<T>> & { readonly counts: ChannelCounts } {
  requireFunctions(queue);
  const { signal, ...settings } = options ?? {};
  const messages = channelOf<QueueMessage<T>>(
    'fromQueue',
    settings,
    'implement pause() and resume() of the queue, limit its items that are not acknowledged, or raise capacity',
  );
  const open = new Set<Delivery>(); // neither acknowledged nor returned
  let paused = false;
  let ended = false; // whether the queue has said that no more items will come
  let subscription: Promise<void | (() => unknown)>;
  let left: Promise<void> | undefined; // set when the subscription is being ended

  const deliver = (item: T) => {
    const delivery = new Delivery(item, queue as MessageQueue<unknown>, onSettled);
    const message = new Message(item, delivery);
    open.add(delivery);
    const isLate = ended || messages.signal.aborted;
    try {
      if (isLate)
        messages.fail(
          new TypeError('fromQueue(): the queue delivered an item after end(); call end() after the last item'),
        );
      else if (messages.write(message) !== true) hold();
    } catch (error) {
      messages.fail(error);
    }
    // No consumer will read it, so it is returned. In a task of its own: the queue may deliver it again at once.
    if (isLate) setTimeout(() => delivery.settle('nack', messages.signal.reason).catch(() => {}), 0);
  };
  const onSettled = (delivery: Delivery) => {
    open.delete(delivery);
    if (ended && open.size === 0) leave().catch(() => {});
  };
  const hold = () => {
    if (paused || messages.signal.aborted) return;
    paused = true;
    guard(() => queue.pause?.());
  };
  const goOn = () => {
    if (!paused) return;
    paused = false;
    guard(() => queue.resume?.());
  };
  /** An error of the page's `pause()` or `resume()` fails the stream. */
  const guard = (call: () => unknown) =>
    new Promise<unknown>((resolve) => resolve(call())).catch((error) => messages.fail(error));
  const onAbort = () => messages.fail(signal!.reason);

  /**
   * Returns every open item. A `nack()` that fails changes nothing for the pipeline: the queue delivers an item that is
   * not acknowledged again.
   */
  const returnAll = (reason: unknown) =>
    Promise.allSettled([...open].map((delivery) => delivery.settle('nack', reason)));

  /** Returns every open item, and ends the subscription. */
  const leave = (reason?: unknown) =>
    (left ??= Promise.resolve().then(async () => {
      signal?.removeEventListener('abort', onAbort);
      const returned = returnAll(reason);
      const unsubscribe = await subscription.catch(() => undefined);
      await withinGrace(returned);
      if (typeof unsubscribe === 'function') await unsubscribe();
    }));

  messages.addEventListener('drain', goOn);
  messages.signal.addEventListener('abort', () => void leave(messages.signal.reason).catch(() => {}), { once: true });
  if (signal?.aborted) {
    subscription = Promise.resolve();
    onAbort();
  } else {
    signal?.addEventListener('abort', onAbort, { once: true });
    subscription = new Promise<void | (() => unknown)>((resolve) =>
      resolve(
        queue.subscribe(deliver, {
          signal: messages.signal,
          end() {
            ended = true;
            messages.end();
            if (open.size === 0) leave().catch(() => {});
          },
          fail: (error: unknown) => messages.fail(error),
        }),
      ),
    );
    subscription
      .then((unsubscribe) => requireCallback(unsubscribe ?? undefined, 'fromQueue(): what subscribe returns'))
      .catch((error) => messages.fail(error));
  }
  whenPipelineEnds(messages.readable, (error) => leave(error));
  return withCounts(messages.readable, messages);
}

/** The value of a message, or the values of an array of messages. */
const valueOf = (chunk: unknown, caller: string): unknown => {
  if (chunk instanceof Message) return chunk.value;
  if (Array.isArray(chunk) && chunk.every((one) => one instanceof Message)) return chunk.map(({ value }) => value);
  throw new TypeError(
    `${caller}(): chunks must be messages of fromQueue(), or arrays of them; got ${describe(chunk)}. To change a value in a stage, return message.with(value)`,
  );
};
const ackAll = (chunk: unknown) =>
  Promise.all([chunk as Message<unknown> | Message<unknown>[]].flat().map((message) => message.ack()));

/**
 * The sink of a pipeline from `fromQueue()`. It passes the values of messages, or of arrays of messages, to `end` and
 * acknowledges each message once its value has been written, or once the function asks for the next one or returns. If
 * `end` fails, its last message is not acknowledged.
 *
 * @param end a writable stream, or a function `(values, { signal }) => …` that consumes the values
 * @throws {TypeError} when the argument is neither a writable stream nor a function
 */
export function acknowledged<T, R>(
  end: (values: PipelineChunks<T>, options: PipelineFunctionOptions) => R,
): (
  messages: PipelineChunks<QueueMessage<T> | QueueMessage<unknown>[]>,
  options: PipelineFunctionOptions,
) => Promise<Awaited<R>>;
/** The same around a writable stream. */
export function acknowledged<T>(
  end: AnyWritable<T> | NodeWritableLike,
): WritableStream<QueueMessage<unknown> | QueueMessage<unknown>[]>;
export function acknowledged(end: unknown): unknown {
  if (typeof end === 'function') return consumerOf(end as Consumer);
  const isNode = isAnyNodeWritable(end) && !isWritableStreamLike(end);
  if (!isNode && !isWritableStreamLike(end))
    throw new TypeError(`acknowledged(): the argument must be a writable stream or a function; got ${describe(end)}`);
  // No bridge: its writes settle before the engine's stream has written the chunk.
  const writer = (isNode ? streamOfNodeWritable(end, { untilWritten: true }) : (end as WritableStreamLike)).getWriter();
  return new WritableStream({
    start(controller: WritableControllerLike) {
      writer.closed.catch((error) => controller.error(error));
      controller.signal.addEventListener('abort', () => writer.abort(controller.signal.reason).catch(() => {}), {
        once: true,
      });
    },
    async write(chunk: unknown) {
      try {
        await writer.write(valueOf(chunk, 'acknowledged'));
        await ackAll(chunk);
      } catch (error) {
        await withinGrace(writer.abort(error)).catch(() => {});
        throw error;
      }
    },
    close: () => writer.close() as Promise<void>,
    abort: (reason: unknown) => writer.abort(reason) as Promise<void>,
  });
}

type Consumer = (values: AsyncIterableIterator<unknown>, options: PipelineFunctionOptions) => unknown;

/**
 * A value is processed when the function asks for the next one. The last value is processed when the function returns,
 * but not when it throws. Leaving the loop does not show which of them it is, so `return()` acknowledges nothing.
 */
function consumerOf(end: Consumer): Consumer {
  async function consumer(messages: AsyncIterableIterator<unknown>, options: PipelineFunctionOptions) {
    let last: unknown;
    const ackLast = async () => {
      const message = last;
      last = undefined;
      if (message !== undefined) await ackAll(message);
    };
    const values: AsyncIterableIterator<unknown> = {
      [Symbol.asyncIterator]: () => values,
      async next() {
        await ackLast();
        const { value: message, done } = await messages.next();
        if (done) return { value: undefined, done };
        const value = valueOf(message, 'acknowledged');
        last = message;
        return { value, done };
      },
      return: async (value?: unknown) => ({ value, done: true }),
    };
    const result = await end(values, options);
    await ackLast();
    return result;
  }
  return Object.defineProperty(consumer, 'name', { value: end.name });
}
