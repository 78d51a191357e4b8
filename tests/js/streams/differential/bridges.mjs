/**
 * Programs over streams that cross the bridge between two implementations and back: what the two ends see, but for how often and when the source
 * is asked, as a bridge has no queue. `Native` classes are the implementation's own where there is no bridge.
 */
import { fromNative, toNative } from 'tidegate';
import * as tidegate from 'tidegate';
import { makeCall, makeScripts, pick } from './program.mjs';

const CALLS = ['read', 'read', 'read', 'enqueue', 'enqueue', 'enqueue', 'write', 'write', 'settle', 'settle', 'settle'];
const ENDS = ['close', 'error', 'cancel', 'writer.close', 'writer.abort', 'sink.error'];

/** The part that an event belongs to: the order within each is compared. */
export const partOf = (event) => event.match(/^[\w.]+/)[0];

export function makeProgram(next) {
  const call = () => makeCall(next, pick(next, next(7) === 0 ? ENDS : CALLS)).slice(0, 4);
  return {
    scripts: makeScripts(next, call, { throws: Infinity }).map(({ gives }) => ({
      calls: [],
      gives: gives === 'rejection' ? undefined : gives,
    })),
    calls: Array.from({ length: 4 + next(25) }, call),
  };
}

export function create(implementation, program, environment, observer) {
  const isOurs = implementation.ReadableStream === tidegate.ReadableStream;
  // The bridge's own streams are the engine's: there and back is two bridges.
  const bridged = (stream) => (isOurs ? fromNative(toNative(stream)) : stream);
  const { ReadableStream, WritableStream } = implementation;
  environment.reader = bridged(
    new ReadableStream(
      {
        start(controller) {
          environment.source = controller;
        },
        cancel: (reason) => observer.called('cancel', reason),
      },
      { highWaterMark: 0 },
    ),
  ).getReader();
  environment.writer = bridged(
    new WritableStream({
      start(controller) {
        environment.sink = controller;
      },
      write: (chunk) => observer.called('write', chunk),
      close: () => observer.called('close'),
      abort: (reason) => observer.called('abort', reason),
    }),
  ).getWriter();
  observer.watch('reader.closed', environment.reader.closed);
  observer.watch('writer.closed', environment.writer.closed);
}

export function perform(environment, observer, [name, argument]) {
  const { reader, writer, source, sink } = environment;
  const act = {
    settle: () => observer.settle(argument),
    read: () => observer.watch('read', reader.read()),
    enqueue: () => source.enqueue(argument),
    // A bridge hears of the end of a stream when it has read its last chunk, as a reader does.
    close: () => source.close(),
    error: () => source.error(argument),
    cancel: () => observer.watch('cancelled', reader.cancel(argument)),
    write: () => void writer.write(argument).catch(() => {}), // settles when there is room for more: the promise says less here
    'writer.close': () => observer.watch('closing', writer.close()),
    'writer.abort': () => observer.watch('aborted', writer.abort(argument)),
    'sink.error': () => sink.error(argument),
  };
  observer.attempt(name, act[name]);
}
