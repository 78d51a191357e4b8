/** The random programs: one for each kind of stream. */
import { Program } from './program.mjs';

export class ReadableProgram extends Program {
  begin() {
    const startsLater = this.chance(0.3);
    this.call('new', () => {
      this.stream = new this.streams.ReadableStream(
        {
          start: (controller) => {
            this.controller = controller;
            return startsLater ? this.later() : undefined;
          },
          pull: () => {
            this.note('pull');
            this.act();
            return this.answer();
          },
          cancel: (reason) => {
            this.note(`cancel ${this.label(reason)}`);
            return this.answer();
          },
        },
        this.strategy(),
      );
      return 'a stream';
    });
  }

  enqueue() {
    this.call('enqueue', () => this.controller.enqueue(this.number()));
  }

  act() {
    switch (this.pick('enqueue', 'enqueue', 'enqueue', 'two', 'nothing', 'nothing', 'close', 'error')) {
      case 'enqueue':
        return this.enqueue();
      case 'two':
        this.enqueue();
        return this.enqueue();
      case 'close':
        return this.chance(0.2) && this.call('close', () => this.controller.close());
      case 'error':
        return this.chance(0.1) && this.call('error', () => this.controller.error(this.error()));
      default:
        return undefined;
    }
  }

  step() {
    if (this.controller === undefined || this.stream === undefined) return;
    switch (
      this.pick(
        'act',
        'read',
        'read',
        'read',
        'read',
        'size',
        'cancel',
        'reader',
        'reader',
        'release',
        'settle',
        'settle',
        'closed',
      )
    ) {
      case 'act':
        this.act();
        break;
      case 'read':
        if (this.reader) this.call('read', () => this.reader.read());
        break;
      case 'size':
        this.call('desiredSize', () => this.controller.desiredSize);
        break;
      case 'cancel':
        if (this.chance(0.2))
          this.call('cancel()', () => this.pick(this.reader, this.stream, this.stream)?.cancel(this.number()));
        break;
      case 'reader':
        this.lock();
        break;
      case 'release':
        this.release();
        break;
      case 'settle':
        this.settleOne();
        break;
      case 'closed':
        if (this.reader && this.chance(0.4)) this.call('closed', () => this.reader.closed);
        break;
    }
  }

  lock() {
    if (this.reader) return;
    this.call('getReader', () => {
      this.reader = this.stream.getReader();
      return 'a reader';
    });
  }

  /** The released reader is used on, now and then. */
  release() {
    if (!this.reader || !this.chance(0.3)) return;
    this.call('releaseLock', () => this.reader.releaseLock());
    if (this.chance(0.8)) this.reader = undefined;
  }
}

export class WritableProgram extends Program {
  begin() {
    const startsLater = this.chance(0.3);
    const callback = (name) => (value) => {
      this.note(`${name} ${this.label(value)}`);
      this.reenter();
      return this.answer();
    };
    const close = callback('close');
    this.call('new', () => {
      this.stream = new this.streams.WritableStream(
        {
          start: (controller) => {
            this.controller = controller;
            return startsLater ? this.later() : undefined;
          },
          write: callback('write'),
          close: () => close(),
          abort: callback('abort'),
        },
        this.strategy(),
      );
      return 'a stream';
    });
  }

  step() {
    if (this.controller === undefined || this.stream === undefined) return;
    const { writer } = this;
    switch (
      this.pick(
        'write',
        'write',
        'write',
        'write',
        'writer',
        'writer',
        'size',
        'close',
        'abort',
        'release',
        'settle',
        'settle',
        'settle',
        'ready',
        'closed',
        'error',
      )
    ) {
      case 'write':
        if (writer) this.call('write()', () => writer.write(this.number()));
        break;
      case 'writer':
        this.lock();
        break;
      case 'size':
        if (writer) this.call('desiredSize', () => writer.desiredSize);
        break;
      case 'close':
        if (this.chance(0.2))
          this.call('close()', () => (this.pick(writer, writer, this.stream) ?? this.stream).close());
        break;
      case 'abort':
        if (this.chance(0.2))
          this.call('abort()', () => (this.pick(writer, writer, this.stream) ?? this.stream).abort(this.number()));
        break;
      case 'release':
        this.release();
        break;
      case 'settle':
        this.settleOne();
        break;
      case 'ready':
        if (writer) this.call('ready', () => writer.ready);
        break;
      case 'closed':
        if (writer && this.chance(0.4)) this.call('closed', () => writer.closed);
        break;
      case 'error':
        if (this.chance(0.1)) this.call('error', () => this.controller.error(this.error()));
        break;
    }
  }

  lock() {
    if (this.writer) return;
    this.call('getWriter', () => {
      this.writer = this.stream.getWriter();
      return 'a writer';
    });
  }

  release() {
    if (!this.writer || !this.chance(0.3)) return;
    this.call('releaseLock', () => this.writer.releaseLock());
    if (this.chance(0.8)) this.writer = undefined;
  }
}

export class ByteProgram extends ReadableProgram {
  begin() {
    const startsLater = this.chance(0.2);
    this.call('new', () => {
      this.stream = new this.streams.ReadableStream(
        {
          type: 'bytes',
          autoAllocateChunkSize: this.pick(undefined, undefined, 3, 8),
          start: (controller) => {
            this.controller = controller;
            return startsLater ? this.later() : undefined;
          },
          pull: () => {
            this.note('pull');
            for (let i = this.pick(0, 1, 1, 2); i > 0; i -= 1) this.act();
            return this.answer();
          },
          cancel: (reason) => {
            this.note(`cancel ${this.label(reason)}`);
            if (this.chance(0.3)) this.act();
            return this.answer();
          },
        },
        { highWaterMark: this.pick(undefined, 0, 1, 5, 20) },
      );
      return 'a stream';
    });
  }

  /** Bytes to enqueue, somewhere in a buffer that may be larger. */
  bytes() {
    if (this.chance(0.05)) return new Uint8Array(0);
    if (this.chance(0.1)) return new Uint16Array([1, 2, 3]);
    const [offset, length] = [this.pick(0, 0, 1, 2), this.pick(1, 1, 2, 3, 4, 5, 7)];
    const view = new Uint8Array(new ArrayBuffer(offset + length + this.pick(0, 0, 3)), offset, length);
    return view.map(() => this.number() & 255);
  }

  /** A view to read into. */
  view() {
    const View = this.pick(Uint8Array, Uint8Array, Uint16Array, Uint32Array, DataView, Float64Array);
    const size = View.BYTES_PER_ELEMENT ?? 1;
    const [offset, length] = [this.pick(0, 0, size), this.pick(1, 2, 3, 5)];
    return new View(new ArrayBuffer(offset + length * size + this.pick(0, size)), offset, length);
  }

  act() {
    switch (
      this.pick('enqueue', 'enqueue', 'respond', 'respond', 'respond', 'new view', 'close', 'error', 'size', 'request')
    ) {
      case 'enqueue':
        return this.call('enqueue', () => this.controller.enqueue(this.bytes()));
      case 'respond':
        return this.call('respond', () => this.respond());
      case 'new view':
        return this.call('respondWithNewView', () => this.respondWithNewView());
      case 'close':
        return this.chance(0.15) && this.call('close', () => this.controller.close());
      case 'error':
        return this.chance(0.05) && this.call('error', () => this.controller.error(this.error()));
      case 'size':
        return this.call('desiredSize', () => this.controller.desiredSize);
      default:
        return this.call('byobRequest', () => {
          const request = this.controller.byobRequest;
          return request && `${this.label(request.view)}, the same again: ${request === this.controller.byobRequest}`;
        });
    }
  }

  respond() {
    const request = this.controller.byobRequest;
    if (request === null) return 'no request';
    const { view } = request;
    const count = this.pick(0, 1, 1, 2, view.byteLength, view.byteLength, view.byteLength + 1);
    for (let i = 0; i < Math.min(count, view.byteLength); i += 1) view[i] = this.number() & 255;
    return `${request.respond(count)}, then ${request.view}`;
  }

  respondWithNewView() {
    const request = this.controller.byobRequest;
    if (request === null) return 'no request';
    const { buffer, byteOffset, byteLength } = request.view;
    const view = () => {
      switch (this.pick('same', 'part', 'transferred', 'other', 'before')) {
        case 'same':
          return request.view;
        case 'part':
          return new Uint8Array(buffer, byteOffset, Math.min(this.pick(0, 1, 2), byteLength));
        case 'transferred':
          return new Uint8Array(structuredClone(buffer, { transfer: [buffer] }), byteOffset, 1);
        case 'other':
          return new Uint8Array(this.pick(0, 1, 4));
        default:
          return new Uint8Array(buffer, Math.max(0, byteOffset - 1), 1);
      }
    };
    return request.respondWithNewView(view());
  }

  lock() {
    if (this.reader) return;
    const byob = this.chance(0.6);
    this.call('getReader', () => {
      const reader = this.stream.getReader(byob ? { mode: 'byob' } : undefined);
      this.reader = {
        read: () => (byob ? this.readInto(reader) : reader.read()),
        cancel: (reason) => reader.cancel(reason),
        releaseLock: () => reader.releaseLock(),
        get closed() {
          return reader.closed;
        },
      };
      return byob ? 'a BYOB reader' : 'a reader';
    });
  }

  readInto(reader) {
    const view = this.view();
    const length = view.length ?? view.byteLength;
    return this.chance(0.3)
      ? reader.read(view, { min: this.pick(0, 1, 1, length, Math.max(1, length - 1), length + 1) })
      : reader.read(view);
  }
}
