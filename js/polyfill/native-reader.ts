/** A lock on a stream of the engine's, with the methods that machines/async-iterator needs of a reader. */
import { promiseThen } from '../runtime/intrinsics.js';
import type { IteratedReader } from '../machines/async-iterator.js';
import type { ReadRequest } from '../machines/parts.js';

export class NativeReader implements IteratedReader {
  declare reader: ReadableStreamDefaultReader<unknown>;
  declare stream: ReadableStream | undefined;

  constructor(stream: ReadableStream) {
    this.reader = stream.getReader();
    /** Undefined once the lock has been released. */
    this.stream = stream;
  }

  read(request: ReadRequest): void {
    promiseThen(
      this.reader.read(),
      ({ done, value }) => (done ? request.closeSteps() : request.chunkSteps(value)),
      (error) => request.errorSteps(error),
    );
  }

  cancel(reason: unknown): Promise<void> {
    return this.reader.cancel(reason);
  }

  release(): void {
    this.stream = undefined;
    this.reader.releaseLock();
  }
}
