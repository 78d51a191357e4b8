/**
 * Getters by which Node's own code asks a web stream about its state, under symbols of the global registry. `finished`
 * and `addAbortSignal` of node:stream use them, as does `fetch` to wait for the end of its body, and the npm package
 * readable-stream in a browser. Without them, a fetch whose body is one of our streams never ends, and its errors get
 * lost.
 */
import { Deferred, markHandled } from '../runtime/intrinsics.js';
import { observe } from './observers.js';

const OPEN = 0;
const CLOSED = 1;
const ERRORED = 2;

/** What the getters need to know about a stream. */
interface Watched {
  readonly state: number;
  readonly storedError: unknown;
  readonly disturbed?: boolean;
}

const symbol = (name: string) => Symbol.for(`nodejs.${name}`);

/** `{ promise }`, which settles when the stream has closed or errored. */
function endOf(stream: Watched): { promise: Promise<undefined> } {
  const end = new Deferred<undefined>();
  const settle = () => {
    if (stream.state === CLOSED) end.resolve(undefined);
    else end.reject(stream.storedError);
  };
  if (stream.state === CLOSED || stream.state === ERRORED) settle();
  else observe(stream, settle);
  const { promise } = end;
  markHandled(promise);
  // Node calls its own `then` on this promise, which takes none of a class that a page has put in Promise's place.
  const own = (async () => promise)();
  own.catch(() => {});
  return { promise: own };
}

/**
 * Adds the getters to `prototype`. On an object that is not a stream each returns undefined. `fail` errors the stream,
 * as its controller would.
 */
export function defineNodeHooks<Stream extends Watched>(
  prototype: object,
  {
    implOf,
    kind,
    fail,
  }: {
    implOf: (value: unknown) => Stream | undefined;
    kind: 'readable' | 'writable';
    fail: (stream: Stream, error: unknown) => void;
  },
): void {
  const getters: Record<string, (stream: Stream) => unknown> = {
    'webstream.isClosedPromise': endOf,
    'webstream.controllerErrorFunction': (stream) => (error: unknown) => fail(stream, error),
    [`stream.${kind}`]: ({ state }) => state === OPEN,
    'stream.errored': ({ state }) => state === ERRORED,
  };
  if (kind === 'readable') getters['stream.disturbed'] = ({ disturbed }) => disturbed;
  for (const [name, get] of Object.entries(getters)) {
    Object.defineProperty(prototype, symbol(name), {
      get() {
        const stream = implOf(this);
        return stream && get(stream);
      },
      configurable: true,
    });
  }
}
