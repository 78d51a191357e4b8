/** As much of a readable stream as a bridge asks of its far side, which is locked at the first read or cancel and not before. */

export class LazyStream {
  constructor(stream) {
    this.stream = stream;
  }

  getReader(options) {
    if (options?.mode === 'byob') this.stream.getReader(options).releaseLock(); // throws where it is no stream of bytes
    return new LazyReader(this.stream, options);
  }
}

export class LazyReader {
  constructor(stream, options) {
    this.stream = stream;
    this.options = options;
    this.reader = undefined;
    this.closed = new Promise((resolve) => {
      this.settleClosed = resolve;
    });
  }

  open() {
    if (this.reader === undefined) {
      this.reader = this.stream.getReader(this.options);
      this.settleClosed(this.endOf(this.reader));
    }
    return this.reader;
  }

  endOf(reader) {
    return reader.closed;
  }

  async read(view) {
    return this.open().read(view);
  }

  async cancel(reason) {
    return this.open().cancel(reason);
  }

  releaseLock() {
    this.reader?.releaseLock();
  }
}
