/**
 * Finds out what an engine's streams lack, by trying. Every trial is synchronous, so that what is lacking can be there
 * when the import is: a dictionary member that is understood, for one, is read by the constructor that understands it.
 */

/** The names that the standard puts on the global object. https://streams.spec.whatwg.org/#idl-index */
export const classNames = [
  'ReadableStream',
  'ReadableStreamDefaultReader',
  'ReadableStreamBYOBReader',
  'ReadableStreamDefaultController',
  'ReadableByteStreamController',
  'ReadableStreamBYOBRequest',
  'WritableStream',
  'WritableStreamDefaultWriter',
  'WritableStreamDefaultController',
  'TransformStream',
  'TransformStreamDefaultController',
  'ByteLengthQueuingStrategy',
  'CountQueuingStrategy',
];

const ignore = () => {};

/** Whether `use(object)` reads the member `name` of the object. */
function reads(name, use) {
  let read = false;
  use(
    Object.defineProperty({}, name, {
      get() {
        read = true;
        return undefined;
      },
    }),
  );
  return read;
}

/** Name to trial: true where the engine does what the standard says; false or an exception where it does not. */
const trials = {
  classes: (scope) => classNames.every((name) => typeof scope[name] === 'function'),
  'byte streams': ({ ReadableStream }) => {
    const [branch] = new ReadableStream({ type: 'bytes' }).tee();
    branch.getReader({ mode: 'byob' });
    return true;
  },
  'read(view, { min })': ({ ReadableStream }) => {
    const reader = new ReadableStream({ type: 'bytes' }).getReader({ mode: 'byob' });
    return reads('min', (options) => reader.read(new Uint8Array(1), options).catch(ignore));
  },
  'reader.releaseLock() while a read is pending': ({ ReadableStream }) => {
    const reader = new ReadableStream().getReader();
    reader.closed.catch(ignore);
    reader.read().catch(ignore);
    reader.releaseLock();
    return true;
  },
  'pipeTo(destination, { signal })': ({ ReadableStream, WritableStream }) =>
    reads('signal', (options) => new ReadableStream().pipeTo(new WritableStream(), options).catch(ignore)),
  'writable.close()': ({ WritableStream }) => typeof WritableStream.prototype.close === 'function',
  'controller.signal': ({ WritableStream }) => {
    /** @type {any} */
    let controller;
    const reason = {};
    const stream = new WritableStream({
      start(own) {
        controller = own;
      },
    });
    stream.abort(reason).catch(ignore);
    return controller.signal.reason === reason;
  },
  'transformer.cancel': ({ TransformStream }) => reads('cancel', (transformer) => new TransformStream(transformer)),
  'async iteration': ({ ReadableStream: { prototype } }) =>
    typeof prototype.values === 'function' && prototype[Symbol.asyncIterator] === prototype.values,
  'ReadableStream.from': ({ ReadableStream }) => {
    ReadableStream.from([]);
    try {
      // A string is iterable, and yet no sequence: https://webidl.spec.whatwg.org/#js-to-async-iterable
      ReadableStream.from('');
      return false;
    } catch {
      return true;
    }
  },
  transfer: ({ ReadableStream, structuredClone }) => {
    const stream = new ReadableStream({ start: (controller) => controller.close() });
    structuredClone(stream, { transfer: [stream] })
      .cancel()
      .catch(ignore);
    return true;
  },
};

/**
 * @param {object} scope where the classes are: `globalThis`
 * @returns {string[]} the names of the trials that failed
 */
export function findLacks(scope) {
  return Object.keys(trials).filter((name) => {
    try {
      return !trials[name](scope);
    } catch {
      return true;
    }
  });
}
