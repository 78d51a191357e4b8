/** What entries that are written have for a content, read chunk by chunk. */
import { isBlob, isBytes } from '../bridge/kinds.js';
import { openSource, refusalOfSource } from '../pipeline/sources.js';
import { refuseDetached } from '../runtime/buffers.js';
import { utf8 } from '../runtime/text.js';
import { Encoder } from '../sinks/bytes.js';
import type { ReadableStreamDefaultReader } from '../streams/readable-stream-default-reader.js';

/** The most bytes that are copied at a time. */
const PIECE = 2 ** 16;

/** A content that is read once. */
export interface OpenContent {
  /** Its size in bytes, where it is known. */
  readonly size: number | undefined;
  /** The next chunk, which may be empty, of any size; undefined at the end. It is not the caller's, unless a source of the caller gave it. */
  read(): Promise<Uint8Array | undefined>;
  /** Releases the source; a read under way settles. */
  cancel(reason: unknown): void;
}

/** All of a content that is in memory; undefined for one that has to be read. */
export function inMemory(content: unknown, what: string): Uint8Array | undefined {
  if (content === undefined) return new Uint8Array(0);
  if (typeof content === 'string') return utf8(content);
  if (!isBytes(content)) return undefined;
  refuseDetached(content, what);
  return ArrayBuffer.isView(content)
    ? new Uint8Array(content.buffer, content.byteOffset, content.byteLength)
    : new Uint8Array(content);
}

/**
 * Opens a content that is not in memory.
 *
 * @param signal that the function is given
 * @throws {TypeError} if it is none
 */
export async function openContent(content: unknown, what: string, signal: AbortSignal): Promise<OpenContent> {
  const value: unknown =
    typeof content === 'function' ? await (content as (options: object) => unknown)({ signal }) : await content;
  const bytes = inMemory(value, what);
  if (bytes !== undefined && value !== undefined) return new Whole(bytes, what);
  const refusal = refusalOfSource(value);
  if (refusal !== undefined) throw new TypeError(`${what} ${refusal}`);
  const stream = openSource(value, { onError: () => {} });
  return new Streamed(
    stream.getReader() as ReadableStreamDefaultReader<unknown>,
    isBlob(value) ? value.size : undefined,
    what,
  );
}

/** Bytes of the caller's, which are copied. */
class Whole implements OpenContent {
  declare readonly size: number;
  #bytes: Uint8Array;
  #what: string;
  #at = 0;

  constructor(bytes: Uint8Array, what: string) {
    this.size = bytes.length;
    this.#bytes = bytes;
    this.#what = what;
  }

  async read(): Promise<Uint8Array | undefined> {
    if (this.#at >= this.size) return undefined;
    refuseDetached(this.#bytes, this.#what);
    const piece = this.#bytes.slice(this.#at, this.#at + PIECE);
    this.#at += PIECE;
    return piece;
  }

  cancel(): void {
    this.#at = this.size;
  }
}

class Streamed implements OpenContent {
  declare readonly size: number | undefined;
  #reader: ReadableStreamDefaultReader<unknown>;
  #encoder: Encoder;
  #ended = false;
  #stopped: { readonly reason: unknown } | undefined;

  constructor(reader: ReadableStreamDefaultReader<unknown>, size: number | undefined, what: string) {
    this.size = size;
    this.#reader = reader;
    this.#encoder = new Encoder(what);
  }

  async read(): Promise<Uint8Array | undefined> {
    if (this.#ended) return undefined;
    const { value, done } = await this.#reader.read();
    if (this.#stopped !== undefined) throw this.#stopped.reason;
    if (!done) return this.#encoder.encode(value);
    this.#ended = true;
    const rest = this.#encoder.rest();
    return rest.length > 0 ? rest : undefined;
  }

  cancel(reason: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stopped = { reason };
    this.#reader.cancel(reason).catch(() => {});
  }
}

/** When a content was changed, if it says so itself: a `File` does. */
export function lastModifiedOf(content: unknown): number | undefined {
  const { lastModified } = (content ?? {}) as { lastModified?: unknown };
  return isBlob(content) && typeof lastModified === 'number' ? lastModified : undefined;
}
