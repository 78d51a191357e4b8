/**
 * Finds out what an engine's streams lack, by trying. Every trial is synchronous, so that everything is installed when
 * the import returns. For example, a constructor that supports a dictionary member reads that member.
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
function reads(name: string, use: (object: object) => unknown): boolean {
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

/** Members of the standard that the library's types lack. */
type Reading = { read(view: Uint8Array, options: object): Promise<unknown> };
type FromClass = { from(iterable: Iterable<unknown>): unknown };

type Scope = typeof globalThis;

/**
 * The trials by name. One returns true if the engine does what the standard says; if not, it returns false or throws.
 */
const trials: Record<string, (scope: Scope) => boolean> = {
  classes: (scope) => classNames.every((name) => typeof scope[name as keyof Scope] === 'function'),
  'byte streams': ({ ReadableStream }) => {
    const [branch] = new ReadableStream({ type: 'bytes' }).tee();
    branch.getReader({ mode: 'byob' });
    return true;
  },
  'read(view, { min })': ({ ReadableStream }) => {
    const reader = new ReadableStream({ type: 'bytes' }).getReader({ mode: 'byob' }) as Reading;
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
    let controller: WritableStreamDefaultController;
    const reason = {};
    const stream = new WritableStream({
      start(own) {
        controller = own;
      },
    });
    stream.abort(reason).catch(ignore);
    return controller!.signal.reason === reason;
  },
  'transformer.cancel': ({ TransformStream }) => reads('cancel', (transformer) => new TransformStream(transformer)),
  'async iteration': ({ ReadableStream: { prototype } }) =>
    typeof prototype.values === 'function' && prototype[Symbol.asyncIterator] === prototype.values,
  'ReadableStream.from': ({ ReadableStream }: { ReadableStream: unknown }) => {
    (ReadableStream as FromClass).from([]);
    try {
      // A string is iterable, and yet no sequence: https://webidl.spec.whatwg.org/#js-to-async-iterable
      (ReadableStream as FromClass).from('');
      return false;
    } catch {
      return true;
    }
  },
  // What is wrong with one shows only later; https://encoding.spec.whatwg.org/#streams
  TextDecoderStream: ({ TextDecoderStream }) => typeof TextDecoderStream === 'function',
  TextEncoderStream: ({ TextEncoderStream }) => typeof TextEncoderStream === 'function',
  transfer: ({ ReadableStream, structuredClone }) => {
    const stream = new ReadableStream({ start: (controller) => controller.close() });
    structuredClone(stream, { transfer: [stream] })
      .cancel()
      .catch(ignore);
    return true;
  },
};

/** The names of the trials that fail with the classes of `scope`, which is `globalThis`. */
export function findLacks(scope: Scope): string[] {
  return Object.keys(trials).filter((name) => {
    try {
      return !trials[name]!(scope);
    } catch {
      return true;
    }
  });
}
