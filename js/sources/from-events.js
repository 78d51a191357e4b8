/** Events of an EventTarget or of Node's EventEmitter as a stream. */
import { describe } from '../values/describe.js';
import { channelOf, withCounts } from '../channel/channel.js';

/** `{ on(name, listener), off(name, listener) }` over either kind of target. */
function listening(target) {
  if (typeof target?.addEventListener === 'function') {
    return {
      on: (name, listener) => target.addEventListener(name, listener),
      off: (name, listener) => target.removeEventListener(name, listener),
    };
  }
  if (typeof target?.on === 'function' && typeof target.removeListener === 'function') {
    return {
      on: (name, listener) => target.on(name, listener),
      off: (name, listener) => target.removeListener(name, listener),
    };
  }
  throw new TypeError(
    `fromEvents(): the first argument must be an EventTarget or an EventEmitter; got ${describe(target)}`,
  );
}

/**
 * See channels.d.ts.
 *
 * @param {any} options
 */
export function fromEvents(target, name, options = {}) {
  const { pause, resume, end, error = 'error', map = (event) => event, signal, ...settings } = options;
  const { on, off } = listening(target);
  const events = channelOf(
    'fromEvents',
    settings,
    'pass pause and resume where the producer can wait, raise capacity, or choose another overflow',
  );
  let paused = false;
  const listeners = [
    [name, (event) => deliver(event)],
    ...[end ?? []].flat().map((ending) => [ending, () => finish()]),
    ...(error === null ? [] : [[error, (event) => finish(event?.error ?? event)]]),
  ];

  const stop = () => {
    for (const [event, listener] of listeners) off(event, listener);
    signal?.removeEventListener('abort', onAbort);
  };
  const onAbort = () => finish(signal.reason);

  function finish(...failure) {
    stop();
    if (failure.length > 0) events.fail(failure[0]);
    else events.end();
  }

  function deliver(event) {
    try {
      if (events.write(map(event)) === true || events.signal.aborted || paused) return;
      paused = true;
      pause?.();
    } catch (failure) {
      finish(failure);
    }
  }

  function goOn() {
    paused = false;
    try {
      resume?.();
    } catch (failure) {
      finish(failure);
    }
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
