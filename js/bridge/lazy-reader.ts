/**
 * As much of a readable stream as a bridge asks of its far side, which is locked at the first read or cancel and not
 * before.
 */
import type { AnyReader, Lockable, ReadResult } from './shapes.js';

interface ReaderOptions {
  mode?: 'byob';
}

export class LazyStream {
  declare stream: Lockable;

  constructor(stream: Lockable) {
    this.stream = stream;
  }

  getReader(options?: ReaderOptions): LazyReader {
    if (options?.mode === 'byob') this.stream.getReader(options).releaseLock(); // throws where it is no stream of bytes
    return new LazyReader(this.stream, options);
  }
}

export class LazyReader {
  declare stream: Lockable;
  declare options: ReaderOptions | undefined;
  declare reader: AnyReader | undefined;
  declare closed: Promise<unknown>;
  declare settleClosed: (closed: Promise<unknown>) => void;

  constructor(stream: Lockable, options?: ReaderOptions) {
    this.stream = stream;
    this.options = options;
    this.reader = undefined;
    this.closed = new Promise((resolve) => {
      this.settleClosed = resolve;
    });
  }

  open(): AnyReader {
    if (this.reader === undefined) {
      this.reader = this.stream.getReader(this.options);
      this.settleClosed(this.endOf(this.reader));
    }
    return this.reader;
  }

  endOf(reader: AnyReader): Promise<unknown> {
    return reader.closed;
  }

  async read(view?: Uint8Array<ArrayBuffer>): Promise<ReadResult<unknown>> {
    return this.open().read(view);
  }

  async cancel(reason?: unknown): Promise<unknown> {
    return this.open().cancel(reason);
  }

  releaseLock(): void {
    this.reader?.releaseLock();
  }
}
