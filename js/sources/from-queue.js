/**
 * Items of a message queue, each acknowledged once it has left the pipeline. An item travels as a message that remembers where it came
 * from, whatever becomes of its value on the way; what is not acknowledged when the pipeline ends goes back to the queue.
 */
import { withinGrace } from '../runtime/grace.js';
import { describe } from '../values/describe.js';
import { isAnyNodeWritable, isWritableStreamLike } from '../bridge/kinds.js';
import { streamOfNodeWritable } from '../pipeline/node-streams.js';
import { whenPipelineEnds } from '../pipeline/hooks.js';
import { WritableStream } from '../streams/writable-stream.js';
import { channelOf, withCounts } from '../channel/channel.js';

/** An item on its way. See channels.d.ts. */
class Message {
  #delivery;

  constructor(value, delivery) {
    this.value = value;
    this.#delivery = delivery;
  }

  with(value) {
    return new Message(value, this.#delivery);
  }

  ack() {
    return this.#delivery.settle('ack');
  }

  nack(reason) {
    return this.#delivery.settle('nack', reason);
  }
}

/** What a message and those made of it share: an item is settled once. */
class Delivery {
  #item;
  #queue;
  #onSettled;
  #settled;

  constructor(item, queue, onSettled) {
    this.#item = item;
    this.#queue = queue;
    this.#onSettled = onSettled;
  }

  settle(how, reason) {
    return (this.#settled ??= (async () => {
      try {
        await this.#queue[how]?.(this.#item, reason);
      } finally {
        this.#onSettled(this);
      }
    })());
  }
}

function requireFunctions(queue) {
  for (const [name, needed] of Object.entries({
    subscribe: true,
    ack: true,
    nack: false,
    pause: false,
    resume: false,
  })) {
    const value = queue?.[name];
    if (typeof value === 'function' || (value === undefined && !needed)) continue;
    throw new TypeError(`fromQueue(): ${name} must be a function; got ${describe(value)}`);
  }
}

/**
 * See channels.d.ts.
 *
 * @param {any} queue
 * @param {any} [options]
 */
export function fromQueue(queue, options) {
  requireFunctions(queue);
  const { signal, ...settings } = options ?? {};
  const messages = channelOf(
    'fromQueue',
    settings,
    'give the queue pause() and resume(), or a limit of items that are not acknowledged, or raise capacity',
  );
  const open = new Set(); // deliveries that are not settled
  let paused = false;
  let ended = false; // the queue has said that no more comes
  let subscription;
  let left; // a promise, once the queue has been left

  const deliver = (item) => {
    const delivery = new Delivery(item, queue, onSettled);
    const message = new Message(item, delivery);
    open.add(delivery);
    try {
      if (messages.write(message) !== true) hold();
    } catch (error) {
      messages.fail(error);
    }
    // Nobody wants it any more, or there was no room: it goes back.
    if (messages.signal.aborted) returnAll(messages.signal.reason);
  };
  const onSettled = (delivery) => {
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
  /** What the queue's own functions throw is a failure of the stream. */
  const guard = (call) => new Promise((resolve) => resolve(call())).catch((error) => messages.fail(error));
  const onAbort = () => messages.fail(signal.reason);

  /** Each fails by itself, and none of that is the pipeline's concern any more: what is not acknowledged is delivered again. */
  const returnAll = (reason) => Promise.allSettled([...open].map((delivery) => delivery.settle('nack', reason)));

  /** Gives back what is not acknowledged, and takes the subscription back. */
  const leave = (reason) =>
    (left ??= (async () => {
      signal?.removeEventListener('abort', onAbort);
      const returned = returnAll(reason);
      const unsubscribe = await subscription.catch(() => undefined);
      await withinGrace(returned);
      await unsubscribe?.();
    })());

  messages.addEventListener('drain', goOn);
  messages.signal.addEventListener('abort', () => void leave(messages.signal.reason).catch(() => {}), { once: true });
  if (signal?.aborted) {
    subscription = Promise.resolve();
    onAbort();
  } else {
    signal?.addEventListener('abort', onAbort, { once: true });
    subscription = new Promise((resolve) =>
      resolve(
        queue.subscribe(deliver, {
          signal: messages.signal,
          end() {
            ended = true;
            messages.end();
            if (open.size === 0) leave().catch(() => {});
          },
          fail: (error) => messages.fail(error),
        }),
      ),
    );
    subscription.catch((error) => messages.fail(error));
  }
  whenPipelineEnds(messages.readable, (error) => leave(error));
  return withCounts(messages.readable, messages);
}

/** The values of a chunk that is a message or an array of them. */
const valueOf = (chunk, caller) => {
  if (chunk instanceof Message) return chunk.value;
  if (Array.isArray(chunk) && chunk.every((one) => one instanceof Message)) return chunk.map(({ value }) => value);
  throw new TypeError(
    `${caller}(): chunks must be messages of fromQueue(), or arrays of them; got ${describe(chunk)}. A stage that makes something else of one gives message.with(value)`,
  );
};
const ackAll = (chunk) => Promise.all([chunk].flat().map((message) => message.ack()));

/**
 * The end of a pipeline from a queue: `end` gets the values, and once it has taken one the message is acknowledged. See channels.d.ts.
 *
 * @param {any} end a writable stream, or a function `(values, { signal }) => …`
 */
export function acknowledged(end) {
  if (typeof end === 'function') return consumerOf(end);
  const isNode = isAnyNodeWritable(end) && !isWritableStreamLike(end);
  if (!isNode && !isWritableStreamLike(end))
    throw new TypeError(`acknowledged(): the argument must be a writable stream or a function; got ${describe(end)}`);
  // Not by a bridge, whose writes settle before the engine's stream has written.
  const writer = (isNode ? streamOfNodeWritable(end, { untilWritten: true }) : end).getWriter();
  return new WritableStream({
    start(controller) {
      writer.closed.catch((error) => controller.error(error));
      controller.signal.addEventListener('abort', () => writer.abort(controller.signal.reason).catch(() => {}), {
        once: true,
      });
    },
    async write(chunk) {
      try {
        await writer.write(valueOf(chunk, 'acknowledged'));
        await ackAll(chunk);
      } catch (error) {
        await withinGrace(writer.abort(error)).catch(() => {});
        throw error;
      }
    },
    close: () => writer.close(),
    abort: (reason) => writer.abort(reason),
  });
}

/**
 * A value is done with when the next one is asked for. The last one is when the function has come to its end, but not where it has
 * failed, which leaving the loop does not tell; so that leaves the messages as they are.
 */
function consumerOf(end) {
  async function consumer(messages, options) {
    let last;
    const ackLast = async () => {
      const message = last;
      last = undefined;
      if (message !== undefined) await ackAll(message);
    };
    const values = {
      [Symbol.asyncIterator]: () => values,
      async next() {
        await ackLast();
        const { value: message, done } = await messages.next();
        if (done) return { value: undefined, done };
        const value = valueOf(message, 'acknowledged');
        last = message;
        return { value, done };
      },
      return: async (value) => ({ value, done: true }),
    };
    const result = await end(values, options);
    await ackLast();
    return result;
  }
  return Object.defineProperty(consumer, 'name', { value: end.name });
}
