/**
 * The two bridges between one implementation of the Streams Standard and another. They know nothing of which side is
 * tidegate's: `bridgeReadable(source, Target)` gives a `Target` that reads from `source`, `bridgeWritable(sink, Target)`
 * one that writes to `sink`. Both lock the far stream while the near one lives and unlock it when that one is done.
 *
 * Invariants:
 * 1. A bridge for reading queues nothing: its high-water mark is 0 and it reads once for each chunk that was asked of it.
 * 2. A bridge for writing holds at most the one chunk it was given while the far side said "wait".
 * 3. Chunks, reasons and errors cross as they are, never copied and never wrapped.
 * 4. The end of the far side is seen when it happens, not at the next read or write.
 */

/** What the owner of a bridge may do besides using its stream: near stream to `{ far, release(), landed() }`. */
const bridges = new WeakMap();

/** The bridge behind `stream`, or undefined when `stream` is no bridge's near side. */
export const bridgeOf = (stream) => bridges.get(stream);

const ignore = () => {};
const zeroHighWaterMark = { highWaterMark: 0 };
const oneChunk = { highWaterMark: 1 };

/**
 * A `Target` readable stream over `source`. Where `bytes` is true and `source` is a byte stream the result is one as
 * well, and a BYOB read of it is a BYOB read of `source` into the same buffer. `onError(error)` is called when `source`
 * fails, before the near stream does.
 */
export function bridgeReadable(source, Target, { bytes = false, onError = ignore } = {}) {
  const byob = bytes ? byobReaderOf(source) : undefined;
  const bridge = new ReadableBridge(source, byob ?? source.getReader(), byob !== undefined, onError);
  const near = new Target(byob ? byteSource(bridge) : chunkSource(bridge), zeroHighWaterMark);
  bridges.set(near, bridge);
  return near;
}

function byobReaderOf(source) {
  try {
    return source.getReader({ mode: 'byob' });
  } catch {
    return undefined; // not a byte stream, or an engine without them
  }
}

class ReadableBridge {
  constructor(far, reader, isByob, onError) {
    this.far = far;
    this.reader = reader;
    this.isByob = isByob;
    this.ended = false;
    this.reading = false;
    this.controller = undefined;
    this.onRead = (result) => this.deliver(result);
    this.onError = (error) => this.fail(error);
    this.report = onError;
  }

  start(controller) {
    this.controller = controller;
    this.watch();
  }

  /** Watches for an end that no read reports. One that a read reports is that read's, as its chunk goes first. */
  watch() {
    const { reader } = this;
    reader.closed.then(
      () => {
        if (reader === this.reader && !this.reading) this.finish();
      },
      (error) => {
        if (reader === this.reader) this.fail(error);
      },
    );
  }

  /** Takes the kind of reader that suits the next read. Only called while no read is pending. */
  useReader(byob) {
    if (this.isByob === byob) return;
    const old = this.reader;
    this.reader = undefined; // so that the old reader's release is not taken for the stream's end
    old.releaseLock();
    this.reader = byob ? this.far.getReader({ mode: 'byob' }) : this.far.getReader();
    this.isByob = byob;
    this.watch();
  }

  pull() {
    this.reading = true;
    return this.reader.read().then(this.onRead, this.onError);
  }

  deliver({ done, value }) {
    this.reading = false;
    if (this.ended) return;
    if (done) this.finish();
    else this.controller.enqueue(value);
  }

  finish() {
    if (this.ended) return;
    this.ended = true;
    this.controller.close();
    this.unlock();
  }

  fail(error) {
    this.reading = false;
    if (this.ended) return;
    this.ended = true;
    this.report(error);
    this.controller.error(error);
    this.unlock();
  }

  cancel(reason) {
    if (this.ended) return undefined;
    this.ended = true;
    const cancelled = this.reader.cancel(reason);
    this.unlock();
    return cancelled;
  }

  unlock() {
    const { reader } = this;
    this.reader = undefined;
    reader?.releaseLock();
  }

  /** Gives `far` back, unlocked and as it is, and closes the near stream. For a pipe that has left `far` open. */
  release() {
    if (this.ended) return;
    this.ended = true;
    this.unlock();
    this.controller.error(new TypeError('The stream that this one was made from has been given back to its owner'));
  }

  /** Resolves when nothing that was read is still on its way: at once, as nothing is queued here. */
  landed() {
    return undefined;
  }
}

const chunkSource = (bridge) => ({
  start: (controller) => bridge.start(controller),
  pull: () => bridge.pull(),
  cancel: (reason) => bridge.cancel(reason),
});

const byteSource = (bridge) => ({
  ...chunkSource(bridge),
  type: 'bytes',
  pull(controller) {
    const request = controller.byobRequest;
    bridge.useReader(request !== null);
    return request === null ? bridge.pull() : pullInto(bridge, controller, request);
  },
});

/** Reads into the buffer the consumer gave. The read moves that buffer, so the answer is a new view of it. */
function pullInto(bridge, controller, request) {
  const { buffer, byteOffset, byteLength } = request.view;
  bridge.reading = true;
  return bridge.reader.read(new Uint8Array(buffer, byteOffset, byteLength)).then(({ done, value }) => {
    bridge.reading = false;
    if (bridge.ended) return;
    if (done) bridge.finish();
    // A stream that was cancelled gives no view back: then there is no request left to answer either.
    if (value !== undefined) request.respondWithNewView(value);
  }, bridge.onError);
}

/**
 * A `Target` writable stream over `sink`. A write of it settles when `sink` asks for more rather than when the chunk has
 * been written, so that the far queue is used up to its own high-water mark; `close()` settles when all has landed. An
 * abort reaches `sink` at once, even while a write is waiting.
 */
export function bridgeWritable(sink, Target) {
  const bridge = new WritableBridge(sink);
  const near = new Target(
    {
      start: (controller) => bridge.start(controller),
      write: (chunk) => bridge.write(chunk),
      close: () => bridge.close(),
      abort: (reason) => bridge.abort(reason),
    },
    oneChunk,
  );
  bridges.set(near, bridge);
  return near;
}

class WritableBridge {
  constructor(far) {
    this.far = far;
    this.writer = far.getWriter();
    this.ended = false;
    this.aborted = undefined;
    this.lastWrite = undefined;
  }

  start(controller) {
    const { writer } = this;
    writer.closed.then(
      () => this.unlock(),
      (error) => {
        if (this.ended) return;
        controller.error(error);
        this.unlock();
      },
    );
    const { signal } = controller;
    signal?.addEventListener('abort', () => ignoreRejection(this.abort(signal.reason)), { once: true });
  }

  write(chunk) {
    const { writer } = this;
    return writer.desiredSize > 0 ? this.send(chunk) : writer.ready.then(() => this.send(chunk));
  }

  send(chunk) {
    const { writer } = this;
    this.lastWrite = writer.write(chunk);
    this.lastWrite.then(ignore, ignore); // a failure is told by `ready` and `closed`
    return writer.desiredSize > 0 ? undefined : writer.ready;
  }

  close() {
    return this.writer.close();
  }

  abort(reason) {
    this.aborted ??= { promise: this.writer.abort(reason) };
    return this.aborted.promise;
  }

  unlock() {
    this.ended = true;
    this.writer.releaseLock();
  }

  /** Gives `far` back, unlocked and as it is. For a pipe that has left `far` open. */
  release() {
    if (!this.ended) this.unlock();
  }

  /** Resolves when every chunk handed to `far` has been written, and rejects when one could not be. */
  landed() {
    return this.lastWrite;
  }
}

function ignoreRejection(promise) {
  promise.then(ignore, ignore);
}
