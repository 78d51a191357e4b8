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

const symbol = (name) => Symbol.for(`nodejs.${name}`);

/** `{ promise }`, which settles when the stream has closed or errored. */
function endOf(stream) {
  const end = new Deferred();
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
 *
 * @param {object} prototype
 * @param {{ implOf: (value: unknown) => any, kind: 'readable' | 'writable', fail: (stream: any, error: unknown) => void }} of `fail` errors
 *   the stream as its controller would
 */
export function defineNodeHooks(prototype, { implOf, kind, fail }) {
  const getters = {
    'webstream.isClosedPromise': endOf,
    'webstream.controllerErrorFunction': (stream) => (error) => fail(stream, error),
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
