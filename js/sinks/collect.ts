/** Functions that read a whole source into memory, up to a limit. */
import { refuseDetached } from '../runtime/buffers.js';
import { TextPieces, utf8 } from '../runtime/text.js';
import { unshared } from '../runtime/buffers.js';
import { conduct } from '../pipeline/pipeline.js';
import { describe } from '../values/describe.js';
import { shown } from '../values/require.js';
import { isBytes } from '../bridge/kinds.js';
import type { ChunkOf, PipelineSource } from '../pipeline/accepted.js';
import type { Bytes } from '../runtime/buffers.js';

const MOST_BYTES = 64 * 1024 * 1024;
const MOST_CHUNKS = 1_000_000;

/** The options of `toArray()`, `toBytes()`, `toText()`, `toJSON()` and `toBlob()`. */
export interface CollectOptions {
  /**
   * The most to keep. More is a `RangeError`, and the source is cancelled. Default: 64 MiB (the length of strings, the
   * bytes of buffers and views), or 1,000,000 chunks for `toArray()`.
   */
  limit?: number | undefined;
  /** When aborted, cancels the source and rejects with its reason. */
  signal?: AbortSignal | undefined;
  /** As of `pipeline()`: milliseconds of work after which it yields to other tasks. Default: 12. */
  yieldAfter?: number | undefined;
}

/**
 * Reads `source` to its end. `name` is the function that errors name, `most` the default limit, in `unit`s.
 * `add(chunk)` keeps a chunk and returns its size in that unit.
 */
async function collect(
  name: string,
  source: unknown,
  options: CollectOptions | undefined,
  most: number,
  unit: string,
  add: (chunk: unknown) => number,
): Promise<void> {
  const { limit = most, signal, yieldAfter } = options ?? {};
  if (!(limit >= 0)) throw new RangeError(`${name}(): limit must be a number of at least 0; got ${shown(limit)}`);
  let size = 0;
  await conduct(name, [
    source,
    async (chunks: AsyncIterable<unknown>) => {
      for await (const chunk of chunks) {
        size += add(chunk);
        if (size > limit) {
          throw new RangeError(
            `${name}(): received more than the limit of ${limit} ${unit}; raise limit if there is memory for them, or use pipeline(), which holds only a few chunks`,
          );
        }
      }
    },
    { signal, yieldAfter },
  ]);
}

/**
 * Reads every chunk of `source`, which is anything that a pipeline may start with, into an array.
 *
 * @throws {RangeError} if there are more chunks than `limit`, or `limit` is not a number of at least 0
 */
export async function toArray<S>(source: S & PipelineSource, options?: CollectOptions): Promise<ChunkOf<S>[]> {
  const chunks: ChunkOf<S>[] = [];
  await collect('toArray', source, options, MOST_CHUNKS, 'chunks', (chunk) => {
    chunks.push(chunk as ChunkOf<S>);
    return 1;
  });
  return chunks;
}

type Part = string | ArrayBuffer | ArrayBufferView;

/**
 * The chunks of `source`, which must be bytes or strings. No part is empty, and none ends between the halves of a
 * surrogate pair.
 */
async function parts(name: string, source: unknown, options: CollectOptions | undefined): Promise<Part[]> {
  const kept: Part[] = [];
  const text = new TextPieces();
  const keep = (part: Part) => void (part !== '' && kept.push(part));
  await collect(name, source, options, MOST_BYTES, 'bytes', (chunk) => {
    if (typeof chunk !== 'string' && !isBytes(chunk))
      throw new TypeError(
        `${name}(): chunks must be bytes or strings; got ${describe(chunk)}. Add a stage to the source that converts them`,
      );
    if (typeof chunk === 'string') {
      keep(text.take(chunk));
      return chunk.length;
    }
    refuseDetached(chunk, `${name}(): the chunk`);
    if (chunk.byteLength > 0) {
      keep(text.rest());
      keep(unshared(chunk, 1 / 2) as ArrayBufferView); // a small view would keep its whole buffer in memory, uncounted
    }
    return chunk.byteLength;
  });
  keep(text.rest());
  return kept;
}

const viewOf = (part: ArrayBuffer | ArrayBufferView) =>
  part instanceof ArrayBuffer ? new Uint8Array(part) : new Uint8Array(part.buffer, part.byteOffset, part.byteLength);

/**
 * Reads the bytes of `source`, whose chunks are bytes or strings. Strings become UTF-8.
 *
 * @throws {TypeError} if a chunk is neither bytes nor a string
 * @throws {RangeError} if there are more bytes than `limit`, or `limit` is not a number of at least 0
 */
export async function toBytes(source: PipelineSource, options?: CollectOptions): Promise<Bytes> {
  const views = (await parts('toBytes', source, options)).map((part) =>
    typeof part === 'string' ? utf8(part) : viewOf(part),
  );
  const whole = new Uint8Array(views.reduce((size, view) => size + view.length, 0));
  let at = 0;
  for (const view of views) {
    whole.set(view, at);
    at += view.length;
  }
  return whole;
}

async function text(
  name: string,
  source: unknown,
  options: (CollectOptions & { fatal?: boolean }) | undefined,
): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: options?.fatal === true });
  let whole = '';
  for (const part of await parts(name, source, options)) {
    if (typeof part === 'string') whole += decoder.decode() + part;
    else whole += decoder.decode(viewOf(part), { stream: true });
  }
  return whole + decoder.decode();
}

/**
 * Reads the text of `source`, whose chunks are strings, or bytes of UTF-8 that may be split anywhere. Invalid UTF-8
 * becomes U+FFFD; with `fatal: true` it is a `TypeError`.
 *
 * @throws {TypeError} if a chunk is neither bytes nor a string
 * @throws {RangeError} if there is more than `limit`, or `limit` is not a number of at least 0
 * @see https://encoding.spec.whatwg.org/#utf-8-decoder
 */
export const toText = (source: PipelineSource, options?: CollectOptions & { fatal?: boolean }): Promise<string> =>
  text('toText', source, options);

/**
 * Parses the text of `source`, read as `toText()` reads it, as JSON.
 *
 * @throws {SyntaxError} if the text is not JSON; also what `toText()` throws
 */
export const toJSON = async <T = any>(
  source: PipelineSource,
  options?: CollectOptions & { fatal?: boolean },
): Promise<T> => JSON.parse(await text('toJSON', source, options));

/**
 * Reads the bytes and strings of `source` into a Blob. `type` is its media type; default: none.
 *
 * @throws {TypeError} if a chunk is neither bytes nor a string
 * @throws {RangeError} if there are more bytes than `limit`, or `limit` is not a number of at least 0
 */
export const toBlob = async (source: PipelineSource, options?: CollectOptions & { type?: string }): Promise<Blob> =>
  new Blob((await parts('toBlob', source, options)) as BlobPart[], { type: options?.type ?? '' });
