/** What a zip archive can be read from at any place. */
import { bytesOfBlob } from '../../bridge/blobs.js';
import { isBlob, isBytes } from '../../bridge/kinds.js';
import { describe } from '../../values/describe.js';
import { toBytes } from '../../codecs/options.js';
import type { Fail } from '../error.js';
import { quoted } from '../../entries/quoted.js';
import { Input } from '../../entries/input.js';
import type { Bytes } from '../../runtime/buffers.js';

/** A file that can be read at any place, such as one on a disk. */
export interface RandomAccess {
  /** Its bytes. They must not change while it is read. */
  readonly size: number;
  /** Returns the bytes from `start` up to, and without, `end`, which are in the file; not fewer. */
  read(
    start: number,
    end: number,
    options: { readonly signal: AbortSignal | undefined },
  ): ArrayBuffer | ArrayBufferView | PromiseLike<ArrayBuffer | ArrayBufferView>;
  /**
   * The same as a stream, for contents that are read from their start to their end. Default: `read()` is called for 256 KiB at a
   * time.
   */
  stream?(
    start: number,
    end: number,
    options: { readonly signal: AbortSignal | undefined },
  ): AsyncIterable<ArrayBuffer | ArrayBufferView>;
}

/** What `openZip()` reads. */
export type ZipSource = Blob | RandomAccess;

/** Bytes of one read of a content. */
const PIECE = 2 ** 18;

type Access = Omit<RandomAccess, 'size'>;

/** Reads a source, and checks what it gives. */
export class Source {
  declare readonly size: number;
  #access: Access;
  #fail: Fail;
  #signal: AbortSignal | undefined;

  constructor(source: unknown, signal: AbortSignal | undefined, fail: Fail) {
    const { access, size } = isBlob(source) ? { access: accessOf(source), size: source.size } : requireAccess(source);
    this.#access = access;
    this.size = size;
    this.#signal = signal;
    this.#fail = fail;
  }

  async read(start: number, end: number): Promise<Bytes> {
    this.#signal?.throwIfAborted();
    const bytes = toBytes(await this.#access.read(start, end, { signal: this.#signal }), 'openZip');
    if (bytes.length !== end - start)
      throw this.#fail(
        'truncated',
        `read(${start}, ${end}) of the source gave ${bytes.length} bytes, not ${end - start}`,
      );
    return bytes;
  }

  /** The bytes from `start` on, up to `end` at most. `stop()` is to be called when no more are read. */
  open(start: number, end: number): { input: Input; stop: (reason: unknown) => void } {
    const stopped = new AbortController();
    let at = start;
    if (this.#access.stream === undefined) {
      const next = async () => {
        if (at === end) return undefined;
        const bytes = await this.read(at, Math.min(end, at + PIECE));
        at += bytes.length;
        return bytes;
      };
      return { input: new Input(next, start), stop: () => {} };
    }
    let iterator: AsyncIterator<ArrayBuffer | ArrayBufferView> | undefined;
    const next = async (): Promise<Bytes | undefined> => {
      iterator ??= this.#access.stream!(start, end, { signal: stopped.signal })[Symbol.asyncIterator]();
      for (;;) {
        this.#signal?.throwIfAborted();
        const { value, done } = await iterator.next();
        if (done) {
          if (at === end) return undefined;
          throw this.#fail('truncated', `stream(${start}, ${end}) of the source ended at byte ${at}`);
        }
        const bytes = toBytes(value, 'openZip');
        at += bytes.length;
        if (at > end) throw this.#fail('corrupt', `stream(${start}, ${end}) of the source gave more than that`);
        if (bytes.length > 0) return bytes;
      }
    };
    const stop = (reason: unknown) => {
      stopped.abort(reason);
      void Promise.resolve(iterator?.return?.()).catch(() => {});
    };
    return { input: new Input(next, start), stop };
  }
}

const accessOf = (blob: Blob): Access => ({
  read: (start, end) => bytesOfBlob(blob.slice(start, end)),
});

/** A getter of the page may give another size each time, so the size is read once. */
function requireAccess(source: unknown): { access: Access; size: number } {
  const { size, read } = (source ?? {}) as Partial<RandomAccess>;
  if (typeof read === 'function' && Number.isSafeInteger(size) && size! >= 0)
    return { access: source as RandomAccess, size: size! };
  const advice = isBytes(source)
    ? '. Put bytes into a Blob: new Blob([bytes])'
    : typeof source === 'string'
      ? `. For a URL: fromUrl(${quoted(source)})`
      : '';
  throw new TypeError(
    `openZip(): the source must be a Blob, or have a size and read(start, end); got ${describe(source)}${advice}`,
  );
}
