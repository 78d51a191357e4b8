/**
 * What Node's own code asks of a web stream, by symbols of the global registry: `finished` and `addAbortSignal` of node:stream, and
 * `fetch`, which waits for its body's end so. The npm package readable-stream asks the same in a browser. Without these a fetch whose
 * body is a stream of ours never ends, and its errors get lost.
 */
import { Deferred, markHandled } from '../runtime/intrinsics.js';
import { observe } from './observers.js';

const OPEN = 0;
const CLOSED = 1;
const ERRORED = 2;

/** What the getters ask of a stream. */
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
  return { promise: markHandled(end.promise) };
}

/**
 * Puts the getters on `prototype`; each is undefined of what is no stream.
 * `fail` errors the stream as its controller would.
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
