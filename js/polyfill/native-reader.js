/** A lock on a stream of the engine's, with the methods that machines/async-iterator.js asks of a reader. */
import { promiseThen } from '../runtime/intrinsics.js';

export class NativeReader {
  constructor(stream) {
    this.reader = stream.getReader();
    /** Undefined once the lock is released. */
    this.stream = stream;
  }

  read(request) {
    promiseThen(
      this.reader.read(),
      ({ done, value }) => (done ? request.closeSteps() : request.chunkSteps(value)),
      (error) => request.errorSteps(error),
    );
  }

  cancel(reason) {
    return this.reader.cancel(reason);
  }

  release() {
    this.stream = undefined;
    this.reader.releaseLock();
  }
}
