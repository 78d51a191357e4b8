/**
 * `zip()`: writes a zip archive forward, so what is not known before a content is written behind it, in a descriptor.
 *
 * 1. A stored entry has no end that a reader can find by itself. So its size stands before it; a stream without one is written as deflate
 *    that compresses nothing.
 * 2. Of a content whose size is not known, the descriptor has 64 bits only if the content turns out to need them, as other programs do it that
 *    write forward: readers that go by the size find it so.
 */
import { oneOf, integer } from '../../codecs/options.js';
import { DEFAULT_LEVEL } from '../../codecs/flags.js';
import { isBlob } from '../../bridge/kinds.js';
import { shown } from '../../values/require.js';
import { utf8 } from '../../runtime/text.js';
import { failsOf, type Fail } from '../error.js';
import { quoted } from '../../entries/quoted.js';
import { Pieces } from '../../entries/pieces.js';
import {
  writer,
  type ArchiveEntries,
  type ArchiveEntryInput,
  type CheckedEntry,
  type Format,
  type WriteOptions,
  type Writing,
} from '../writer.js';
import { HAS_DESCRIPTOR, UTF8 } from './fields.js';
import { Packer, Sum } from './pack.js';
import {
  DEFLATED,
  formatCentral,
  formatDescriptor,
  formatEnd,
  formatLocal,
  needsZip64,
  STORED,
  type Written,
} from './records.js';
import type { Bytes } from '../../runtime/buffers.js';
import type { Operator } from '../../streams/any.js';
import type { ReadableStream } from '../../streams/readable-stream.js';

/** How `zip()` compresses. */
export interface ZipCompression {
  /**
   * `deflate` compresses; `store` does not, for what is compressed already. A stream that is stored without a `size` is written as
   * deflate of level 0, as its end could not be found. Default: `deflate`.
   */
  readonly method?: 'deflate' | 'store' | undefined;
  /** From 0, which stores, over 1, the fastest, to 9, the smallest. Default: 6. */
  readonly level?: number | undefined;
}

/** An entry that `zip()` writes. */
export interface ZipEntryInput extends ArchiveEntryInput, ZipCompression {
  /** A comment of at most 65,535 bytes. Default: none. */
  readonly comment?: string | undefined;
}

/** The options of `zip()`; `method` and `level` are those of entries that have none. */
export interface ZipOptions extends WriteOptions {
  /** As of an entry. */
  method?: 'deflate' | 'store' | undefined;
  /** As of an entry. */
  level?: number | undefined;
  /** A comment on the archive, of at most 65,535 bytes. Default: none. */
  comment?: string | undefined;
}

/**
 * Writes entries as a zip archive. Archives and entries may have more than 4 GiB. Names are UTF-8.
 *
 * @throws {TypeError | RangeError} if an argument or an entry is invalid
 *
 * @example
 * await pipeline(zip(files.map((file) => ({ name: file.name, content: file }))), toDownload('files.zip'));
 */
export function zip(entries: ArchiveEntries<ZipEntryInput>, options?: ZipOptions): ReadableStream<Bytes>;
/** The same as a stage: entries in, bytes out. */
export function zip(options?: ZipOptions): Operator<ZipEntryInput, Bytes>;
export function zip(first?: unknown, second?: unknown): unknown {
  const fail = failsOf('zip');
  const known = ['method', 'level', 'comment'];
  return writer<ZipEntryInput, ZipOptions>(
    'zip',
    first,
    second,
    known,
    fail,
    (options) => new ZipFormat(options, fail),
  );
}

/** The most bytes of a name or a comment. */
const LONGEST = 0xffff;
/** Deflate makes a little more of what it cannot compress. */
const LARGE = 0xf0000000;
const FILE = 0o100000;
const DIRECTORY = 0o040000;

class ZipFormat implements Format<ZipEntryInput> {
  known = ['method', 'level', 'comment'];
  #fail: Fail;
  #compression: Required<ZipCompression>;
  #comment: Uint8Array;
  /** The headers of the directory so far. */
  #directory = new Pieces();
  #entries = 0;

  constructor(options: ZipOptions, fail: Fail) {
    this.#fail = fail;
    this.#compression = compressionOf('zip', options, { method: 'deflate', level: DEFAULT_LEVEL });
    this.#comment = textOf('zip(): comment', options.comment ?? '');
  }

  async *write(input: ZipEntryInput, checked: CheckedEntry, writing: Writing): AsyncGenerator<void> {
    const { name, isDirectory, modified } = checked;
    const place = `zip(): ${quoted(name)}`;
    const { method, level } = compressionOf(place, input, this.#compression);
    const comment = textOf(`${place}: comment`, input.comment ?? '');
    const bytes = checked.bytes;
    const blob = isBlob(input.content) ? input.content : undefined;
    const content = bytes === undefined && blob === undefined ? await writing.open(input.content) : undefined;
    const size = checked.size ?? content?.size;
    const isStored = bytes?.length === 0 || (method === 'store' && size !== undefined);
    const entry: Written = {
      name: textOf(place, name),
      flags: UTF8,
      method: isStored ? STORED : DEFLATED,
      modified,
      unixMode: (isDirectory ? DIRECTORY : FILE) | (checked.mode ?? (isDirectory ? 0o755 : 0o644)),
      offset: writing.pieces.length,
      crc32: 0,
      compressedSize: isStored ? size! : 0,
      size: isStored ? size! : 0,
    };
    const isLarge = (size ?? 0) >= LARGE;
    // What can be read twice has its CRC before it, so that every reader finds its end.
    const isSummed = isStored && (bytes !== undefined || blob !== undefined);
    if (isSummed) entry.crc32 = bytes !== undefined ? sumOf(bytes) : await this.#sumOf(input, writing);
    else (entry as { flags: number }).flags |= HAS_DESCRIPTOR;
    for (const part of formatLocal(entry, isLarge)) writing.pieces.add(part);
    yield;
    const packer = new Packer(isStored ? undefined : method === 'store' ? 0 : level);
    try {
      if (bytes !== undefined) yield* packer.write(bytes, writing.pieces, false);
      else {
        const source = content ?? (await writing.open(blob));
        for (let chunk; (chunk = await source.read()) !== undefined;) {
          if (size !== undefined && packer.size + chunk.length > size) throw this.#mismatch(name, size, Infinity);
          yield* packer.write(chunk, writing.pieces, false);
          yield;
        }
      }
      yield* packer.end(writing.pieces);
      if (size !== undefined && packer.size !== size) throw this.#mismatch(name, size, packer.size);
      entry.size = packer.size;
      entry.compressedSize = packer.compressedSize;
      entry.crc32 = packer.crc32;
    } finally {
      packer.free();
    }
    if (entry.flags & HAS_DESCRIPTOR)
      writing.pieces.add(
        formatDescriptor(entry, isLarge || needsZip64(entry.size) || needsZip64(entry.compressedSize)),
      );
    this.#entries += 1;
    for (const part of formatCentral(entry, isDirectory, comment.length)) this.#directory.add(part);
    this.#directory.add(comment);
    yield;
  }

  end({ pieces }: Writing): void {
    const { length: offset } = pieces;
    const { length: size } = this.#directory;
    this.#directory.flush();
    for (let piece; (piece = this.#directory.take()) !== undefined;) pieces.add(piece, true);
    for (const part of formatEnd(this.#entries, size, offset, this.#comment)) pieces.add(part);
  }

  /** The CRC of a blob, which is read once more for it. */
  async #sumOf(input: ZipEntryInput, writing: Writing): Promise<number> {
    const content = await writing.open(input.content);
    const sum = new Sum();
    try {
      for (let chunk; (chunk = await content.read()) !== undefined;) sum.add(chunk);
      return sum.crc32;
    } finally {
      sum.free();
    }
  }

  #mismatch(name: string, size: number, length: number): Error {
    const has = length > size ? 'more' : `${length} bytes, fewer`;
    return this.#fail('size-mismatch', `the content of ${quoted(name)} has ${has} than its size of ${size} bytes`, {
      entry: name,
    });
  }
}

function sumOf(bytes: Uint8Array): number {
  const sum = new Sum();
  try {
    sum.add(bytes);
    return sum.crc32;
  } finally {
    sum.free();
  }
}

function compressionOf(place: string, given: ZipCompression, or: Required<ZipCompression>): Required<ZipCompression> {
  return {
    method: oneOf(place, 'method', given.method ?? or.method, ['deflate', 'store']),
    level: integer(place, 'level', given.level ?? or.level, 0, 9),
  };
}

function textOf(place: string, text: unknown): Uint8Array {
  if (typeof text !== 'string') throw new TypeError(`${place} must be a string; got ${shown(text)}`);
  const bytes = utf8(text);
  if (bytes.length > LONGEST)
    throw new RangeError(`${place} must have at most ${LONGEST} bytes of UTF-8; got ${bytes.length}`);
  return bytes;
}
