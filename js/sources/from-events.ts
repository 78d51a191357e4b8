/** `fromEvents()`: the events of an EventTarget or of Node's EventEmitter as a stream. */
import { describe } from '../values/describe.js';
import { requireCallback, requireNoPromise } from '../values/require.js';
import { channelOf, withCounts } from '../channel/channel.js';
import type { ChannelCounts, ChannelOptions } from '../channel/channel.js';
import type { ReadableStream } from '../streams/readable-stream.js';

/** An EventTarget, or an EventEmitter, recognised by its methods. */
export type AnyEventSource =
  | { addEventListener(type: string, listener: never): void; removeEventListener(type: string, listener: never): void }
  | {
      on(name: string, listener: never): unknown;
      removeListener(name: string, listener: never): unknown;
    };

/** The options of `fromEvents()`, with those of `channel()`. */
export interface FromEventsOptions<E, T> extends ChannelOptions<T> {
  /** Called when the queue has reached its high-water mark: pause the producer. */
  pause?: (() => void) | undefined;
  /** Called when the queue has room again: resume the producer. */
  resume?: (() => void) | undefined;
  /** The event or events that close the stream. Default: none. */
  end?: string | string[] | undefined;
  /**
   * The event that errors the stream, with the event's `error`, else with the event itself. Null for none. Default:
   * `error`.
   */
  error?: string | null | undefined;
  /** Maps an event to its chunk. Default: the event itself. */
  map?: ((event: E) => T) | undefined;
  /** Aborting it errors the stream with the signal's reason. */
  signal?: AbortSignal | undefined;
}

type Listener = (event: unknown) => void;

/** Adds and removes listeners of either kind of target. */
interface Listening {
  on(name: string, listener: Listener): unknown;
  off(name: string, listener: Listener): unknown;
}

interface EventTargetLike {
  addEventListener?(name: string, listener: Listener): unknown;
  removeEventListener?(name: string, listener: Listener): unknown;
  on?(name: string, listener: Listener): unknown;
  removeListener?(name: string, listener: Listener): unknown;
}

function listening(target: EventTargetLike): Listening {
  if (typeof target?.addEventListener === 'function') {
    return {
      on: (name, listener) => target.addEventListener!(name, listener),
      off: (name, listener) => target.removeEventListener!(name, listener),
    };
  }
  if (typeof target?.on === 'function' && typeof target.removeListener === 'function') {
    return {
      on: (name, listener) => target.on!(name, listener),
      off: (name, listener) => target.removeListener!(name, listener),
    };
  }
  throw new TypeError(
    `fromEvents(): the first argument must be an EventTarget or an EventEmitter; got ${describe(target)}`,
  );
}

/**
 * Creates a stream of the events `name` of `target`. Its listeners are removed when the stream closes, fails or is
 * cancelled. Without `pause` there is no backpressure: `capacity` and `overflow` then decide what happens to
 * events that the consumer has not read.
 *
 * @returns a stream whose `counts` say how many events were written and dropped
 * @throws {TypeError | RangeError} when an argument is invalid
 */
export function fromEvents<T = any, E = any>(
  target: AnyEventSource,
  name: string,
  options: FromEventsOptions<E, T> = {},
): ReadableStream<T> & { readonly counts: ChannelCounts } {
  const {
    pause,
    resume,
    end,
    error = 'error',
    map = (event: E) => event as unknown as T,
    signal,
    ...settings
  } = options;
  for (const [option, value] of Object.entries({ pause, resume, map }))
    requireCallback(value, `fromEvents(): ${option}`);
  const { on, off } = listening(target as EventTargetLike);
  const events = channelOf<T>(
    'fromEvents',
    settings,
    'pass pause and resume if the producer can be paused, raise capacity, or choose another overflow',
  );
  let paused = false;
  const listeners: [string, Listener][] = [
    [name, (event) => deliver(event as E)],
    ...[end ?? []].flat().map((ending): [string, Listener] => [ending, () => finish()]),
    ...(error === null
      ? []
      : [[error, (event: { error?: unknown } | undefined) => finish(event?.error ?? event)] as [string, Listener]]),
  ];

  const stop = () => {
    for (const [event, listener] of listeners) off(event, listener);
    signal?.removeEventListener('abort', onAbort);
  };
  const onAbort = () => finish(signal!.reason);

  function finish(...failure: unknown[]): void {
    stop();
    if (failure.length > 0) events.fail(failure[0]);
    else events.end();
  }

  function deliver(event: E): void {
    try {
      if (events.write(requireNoPromise(map(event), 'fromEvents(): map')) === true || events.signal.aborted || paused)
        return;
      paused = true;
    } catch (failure) {
      return finish(failure);
    }
    guard(pause);
  }

  /** The failure of `call`, which may be async, is the stream's. */
  function guard(call: (() => unknown) | undefined): void {
    new Promise((resolve) => resolve(call?.())).catch((failure: unknown) => finish(failure));
  }

  function goOn(): void {
    paused = false;
    guard(resume);
  }

  events.addEventListener('drain', goOn);
  events.signal.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) {
    events.fail(signal.reason);
  } else {
    signal?.addEventListener('abort', onAbort, { once: true });
    for (const [event, listener] of listeners) on(event, listener);
  }
  return withCounts(events.readable, events);
}
