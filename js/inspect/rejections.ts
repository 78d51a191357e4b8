/**
 * Promises of ours that reject and that nobody handles. Only the engine knows which those are, so this asks for its event `unhandledrejection`.
 *
 * Node has no such event: a listener of `process` in its place would keep a process alive that is to end with the error. So there nothing is
 * told; what was not handled ends the process, which nobody overlooks.
 */
import { WriterImpl } from '../machines/writer.js';
import { reasonText } from './bottleneck.js';
import { after } from './clock.js';
import { weigh } from './figures.js';
import { placeLater } from './places.js';
import type { WritableImpl } from '../machines/writable.js';
import type { Found } from './mistakes.js';

/** A promise that the page got. */
interface Given {
  /** The function that gave it. */
  readonly call: string;
  /** The bytes that are lost if it rejects, as far as they are known. */
  readonly bytes: number;
  readonly place: () => string | undefined;
}

const given = new WeakMap<object, Given>();

/** Milliseconds in which a page may still handle a rejection. */
const PATIENCE = 1000;

/** The event of the engine, which TypeScript knows only of a page. */
interface RejectionEvent extends Event {
  readonly promise: object;
  readonly reason: unknown;
}

type Target = Partial<Pick<EventTarget, 'addEventListener' | 'removeEventListener'>>;

/** Whether rejections can be seen here at all. */
export const seesRejections = (): boolean => typeof (globalThis as Target).addEventListener === 'function';

/** The page gets `promise` from `call`. */
export function noteGiven(promise: object, call: string, place: Given['place'], bytes = 0): void {
  given.set(promise, { call, bytes, place });
}

/** Notes the promises of the writes through `writer`. */
export function noteWrites(writer: WriterImpl): void {
  const { write } = WriterImpl.prototype;
  writer.write = function (chunk) {
    const bytes = weigh(chunk); // its buffer may be transferred
    const promise = write.call(this, chunk);
    noteGiven(promise, 'write()', placeLater(), bytes);
    return promise;
  };
}

/** Notes the promise of `close()`. The machine makes it when it stores the request. */
export function noteClose(stream: WritableImpl): void {
  let request: WritableImpl['closeRequest'];
  Object.defineProperty(stream, 'closeRequest', {
    configurable: true,
    enumerable: true,
    get: () => request,
    set(next: typeof request) {
      request = next;
      if (next?.promise !== undefined) noteGiven(next.promise, 'close()', placeLater());
    },
  });
}

const LOSES: Readonly<Record<string, string>> = {
  'write()': 'so the chunk is lost and the writes after it fail as well',
  'close()': 'so what was written may be incomplete',
};

/** Begins to listen; `tell` gets each. Returns what ends it. */
export function watchRejections(tell: (found: Omit<Found, 'stack'>, stack: string | undefined) => void): () => void {
  if (!seesRejections()) return () => {};
  const { addEventListener, removeEventListener } = globalThis as unknown as Required<Target>;
  const handled = new WeakSet<object>();
  const onRejection = (event: Event): void => {
    const { promise, reason } = event as RejectionEvent;
    const one = given.get(promise);
    if (one === undefined) return;
    after(PATIENCE, () => {
      // Who prevents the default handles all rejections of the page.
      if (handled.has(promise) || event.defaultPrevented) return;
      const { call, bytes, place } = one;
      const message = `A ${call} has failed with ${reasonText(reason)}, and nobody handles its promise, ${LOSES[call] ?? 'so nobody knows that not everything has arrived'}.`;
      const fix = `Await the promise of ${call}, or return it to who does; what is not awaited needs a catch().`;
      tell({ kind: 'rejection unhandled', message, fix, bytes }, place());
    });
  };
  const onHandled = (event: Event): void => void handled.add((event as RejectionEvent).promise);
  addEventListener.call(globalThis as unknown as EventTarget, 'unhandledrejection', onRejection);
  addEventListener.call(globalThis as unknown as EventTarget, 'rejectionhandled', onHandled);
  return () => {
    removeEventListener.call(globalThis as unknown as EventTarget, 'unhandledrejection', onRejection);
    removeEventListener.call(globalThis as unknown as EventTarget, 'rejectionhandled', onHandled);
  };
}
