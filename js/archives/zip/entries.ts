/** `zipEntries()`: the entries of a zip archive, read forward. */
import { requireCount } from '../../values/require.js';
import { Body, type Content } from '../../entries/body.js';
import { failsOf, type Fail } from '../error.js';
import { quoted } from '../../entries/quoted.js';
import { openBody, type Found } from '../../entries/forward.js';
import { forwardStage, type ArchiveInput, type ForwardOptions, type Limits } from '../forward.js';
import { PathGuard } from '../paths.js';
import { Directory } from './directory.js';
import { ENCRYPTED, HAS_DESCRIPTOR, uint64, viewOf } from './fields.js';
import {
  CENTRAL,
  DESCRIPTOR,
  DEFLATED,
  END,
  END_SIZE,
  END64,
  LOCAL,
  LOCAL_SIZE,
  localLength,
  parseLocal,
  signatureOf,
  STORED,
  type Header,
} from './records.js';
import { checkContent, isSupported, Unpacker, type UnpackLimits } from './unpack.js';
import type { Bytes } from '../../runtime/buffers.js';
import type { Operator } from '../../streams/any.js';
import type { ReadableStream } from '../../streams/readable-stream.js';
import type { Input } from '../../entries/input.js';

/** An entry of a zip archive that is read forward. What stands behind the content is not known before it. */
export interface ZipStreamEntry {
  /** With slashes, as the archive has it. */
  readonly name: string;
  /** Whether the name ends with a slash. */
  readonly isDirectory: boolean;
  /** The bytes of the content; undefined if the archive has them behind it. */
  readonly size: number | undefined;
  /** The bytes of its data in the archive, likewise. */
  readonly compressedSize: number | undefined;
  /** The CRC-32 of the content, likewise. */
  readonly crc32: number | undefined;
  /** How it is compressed: 0 stored, 8 deflate; others cannot be read. */
  readonly method: number;
  /** When the file was changed; undefined if the archive does not say it. */
  readonly modified: Date | undefined;
  /** Whether the content is encrypted, which cannot be read. */
  readonly encrypted: boolean;
  /**
   * The content, to be called once, before the next entry is asked for. The next entry comes when the stream has been read
   * to its end or was cancelled; without a call, the content is skipped. At its end, the size and the CRC are checked.
   *
   * @throws {ArchiveError} `entry-passed` when the content has been skipped; `encrypted`; `unsupported`; `entry-too-large`
   */
  stream(): ReadableStream<Bytes>;
}

/** What the readers of zip have besides. */
export interface ZipLimits {
  /**
   * The most bytes of a content for each byte of its data, and 65,536 in addition; a whole number. More fails with
   * `ratio-too-high`. Deflate reaches 1,032, text is seldom beyond 20. Default: no bound.
   */
  maxRatio?: number | undefined;
}

/** The options of `zipEntries()`. */
export interface ZipEntriesOptions extends ForwardOptions<ZipStreamEntry>, ZipLimits {}

/**
 * A stage that reads a zip archive forward: bytes in, entries out. The directory at the end is read as well; an archive that
 * ends early, or after which something follows, is an error. A stored entry whose size stands behind it has no end that can be
 * found: that is an error, `ambiguous-entry`, and `openZip()` reads it.
 *
 * @example
 * await pipeline(() => fetch('files.zip'), zipEntries(), async (entries) => {
 *   for await (const entry of entries) if (entry.name.endsWith('.csv')) await pipeline(entry.stream(), csv(), save);
 * });
 */
export function zipEntries(options: ZipEntriesOptions = {}): Operator<ArchiveInput, ZipStreamEntry> {
  const fail = failsOf('zipEntries');
  const { maxRatio = Infinity } = options;
  requireCount(maxRatio, 'zipEntries(): maxRatio', 1, true);
  return forwardStage('zipEntries', options, ['maxRatio'], fail, (input, limits) => {
    const reader = new Reader(input, { ...limits, maxRatio }, fail, limits);
    return () => reader.next();
  });
}

class Reader {
  #input: Input;
  #limits: UnpackLimits;
  #fail: Fail;
  #guard: PathGuard | undefined;
  #entries = 0;
  #ignoresTrailing: boolean;

  constructor(input: Input, limits: UnpackLimits, fail: Fail, { allowUnsafePaths, ignoresTrailing }: Limits) {
    this.#input = input;
    this.#limits = limits;
    this.#fail = fail;
    this.#guard = allowUnsafePaths ? undefined : new PathGuard(fail);
    this.#ignoresTrailing = ignoresTrailing;
  }

  async next(): Promise<Found<ZipStreamEntry> | undefined> {
    const input = this.#input;
    let signature = signatureOf(await input.peek(4));
    // The mark of an archive that was to be split, and was not.
    if (input.offset === 0 && (signature === DESCRIPTOR || signature === NOT_SPLIT)) {
      input.consume(4);
      signature = signatureOf(await input.peek(4));
    }
    const { offset } = input;
    if (signature === CENTRAL || signature === END || signature === END64) {
      await new Directory(input, this.#fail).readForward(this.#entries, this.#ignoresTrailing);
      return undefined;
    }
    if (signature !== LOCAL) throw await this.#noHeader(offset);
    this.#entries += 1;
    const header = await this.#header(offset);
    this.#guard?.check(header.name, offset);
    const { name, flags, method } = header;
    const isEmptyFolder = method === STORED && header.compressedSize === 0 && name.endsWith('/');
    const isSizeBehind = (flags & HAS_DESCRIPTOR) !== 0 && header.compressedSize === 0 && !isEmptyFolder;
    if (isSizeBehind && method !== DEFLATED) throw this.#ambiguous(header, offset);
    if (isSizeBehind && flags & ENCRYPTED) throw this.#ambiguous(header, offset);
    const content = new ZipContent(input, header, isSizeBehind, this.#limits, this.#fail);
    const body = new Body(content);
    return { entry: new Entry(header, isSizeBehind, body, this.#limits, this.#fail), body };
  }

  async #header(offset: number): Promise<Header> {
    const input = this.#input;
    let held = await input.peek(LOCAL_SIZE);
    if (held.length >= LOCAL_SIZE) {
      const length = localLength(held);
      held = await input.peek(length);
      if (held.length >= length) {
        const header = parseLocal(held.subarray(0, length));
        if (header === undefined) throw this.#fail('corrupt', 'a header lacks the sizes of zip64', { offset });
        if (header.name === '') throw this.#fail('corrupt', 'an entry has no name', { offset });
        input.consume(length);
        return header;
      }
    }
    throw this.#fail('truncated', 'the archive ends within a header', { offset });
  }

  async #noHeader(offset: number): Promise<Error> {
    // No archive ends with less.
    const held = await this.#input.peek(END_SIZE);
    if (held.length < END_SIZE && (this.#entries > 0 || held.length < 4))
      return this.#fail('truncated', 'the archive ends without its directory', { offset });
    if (this.#entries === 0)
      return this.#fail(
        'not-zip',
        'this is not a zip archive, or something stands before it; openZip() reads such a one',
        {
          offset,
        },
      );
    return this.#fail(
      'corrupt',
      'there is no header where one should be; openZip() reads what stands between entries',
      {
        offset,
      },
    );
  }

  #ambiguous({ name, method, flags }: Header, offset: number): Error {
    const what = flags & ENCRYPTED ? 'encrypted' : method === STORED ? 'stored' : `compressed by the method ${method}`;
    return this.#fail(
      'ambiguous-entry',
      `the entry ${quoted(name)} is ${what} and its size stands behind it, so its end cannot be found; use openZip()`,
      { entry: name, offset },
    );
  }
}

/** Stands before an archive that was to be split, and was not. */
const NOT_SPLIT = 0x30304b50;

class Entry implements ZipStreamEntry {
  declare readonly name: string;
  declare readonly isDirectory: boolean;
  declare readonly size: number | undefined;
  declare readonly compressedSize: number | undefined;
  declare readonly crc32: number | undefined;
  declare readonly method: number;
  declare readonly modified: Date | undefined;
  declare readonly encrypted: boolean;
  #body: Body;
  #limits: UnpackLimits;
  #fail: Fail;

  constructor(header: Header, isSizeBehind: boolean, body: Body, limits: UnpackLimits, fail: Fail) {
    this.name = header.name;
    this.isDirectory = header.name.endsWith('/');
    this.size = isSizeBehind ? undefined : header.size;
    this.compressedSize = isSizeBehind ? undefined : header.compressedSize;
    this.crc32 = header.flags & HAS_DESCRIPTOR ? undefined : header.crc32;
    this.method = header.method;
    this.modified = header.modified;
    this.encrypted = (header.flags & ENCRYPTED) !== 0;
    this.#body = body;
    this.#limits = limits;
    this.#fail = fail;
  }

  stream(): ReadableStream<Bytes> {
    requireReadable(this, this.#limits, this.#fail);
    return openBody(this.#body, this.name, this.#fail);
  }
}

/** @throws {ArchiveError} `encrypted`, `unsupported` or `entry-too-large` */
export function requireReadable(
  { name, encrypted, method, size }: Pick<ZipStreamEntry, 'name' | 'encrypted' | 'method' | 'size'>,
  { maxEntryBytes }: UnpackLimits,
  fail: Fail,
): void {
  if (encrypted) throw fail('encrypted', `the entry ${quoted(name)} is encrypted`, { entry: name });
  if (!isSupported(method))
    throw fail(
      'unsupported',
      `the entry ${quoted(name)} is compressed by the method ${method}; 0 (stored) and 8 (deflate) can be read`,
      {
        entry: name,
      },
    );
  if (size !== undefined && size > maxEntryBytes)
    throw fail(
      'entry-too-large',
      `the entry ${quoted(name)} has ${size} bytes, more than ${maxEntryBytes} (maxEntryBytes)`,
      {
        entry: name,
      },
    );
}

/** The data of an entry, and the descriptor behind it if it has one. */
class ZipContent implements Content {
  #input: Input;
  #header: Header;
  #isSizeBehind: boolean;
  #unpacker: Unpacker;
  #fail: Fail;

  constructor(input: Input, header: Header, isSizeBehind: boolean, limits: UnpackLimits, fail: Fail) {
    const { name, method, flags, crc32, compressedSize, size } = header;
    const packed = {
      name,
      method,
      crc32: flags & HAS_DESCRIPTOR ? undefined : crc32,
      compressedSize: isSizeBehind ? undefined : compressedSize,
      size: isSizeBehind ? undefined : size,
    };
    this.#input = input;
    this.#header = header;
    this.#isSizeBehind = isSizeBehind;
    this.#unpacker = new Unpacker(input, packed, limits, fail);
    this.#fail = fail;
  }

  async read(): Promise<Bytes | undefined> {
    const bytes = await this.#unpacker.read();
    if (bytes === undefined) await this.#descriptor();
    return bytes;
  }

  async skip(): Promise<void> {
    await this.#unpacker.skip();
    await this.#descriptor();
  }

  free(): void {
    this.#unpacker.free();
  }

  /**
   * Its layout is not said: with a signature or without, with sizes of 64 bits or of 32, in which some programs keep the lower half. That
   * which has the values of the content is it.
   */
  async #descriptor(): Promise<void> {
    const { flags, name } = this.#header;
    if (!(flags & HAS_DESCRIPTOR)) return;
    const input = this.#input;
    const { offset } = input;
    const bytes = await input.peek(LONGEST_DESCRIPTOR);
    const { crc32, compressedSize } = this.#unpacker;
    const size = this.#isSizeBehind || crc32 !== undefined ? this.#unpacker.size : this.#header.size;
    const view = viewOf(bytes);
    const layouts = LAYOUTS.filter(([at, width]) => at + 4 + 2 * width <= bytes.length);
    const isRight = ([at, width]: Layout, withCrc = true) => {
      if (at > 0 && view.getUint32(0, true) !== DESCRIPTOR) return false;
      if (withCrc && crc32 !== undefined && view.getUint32(at, true) !== crc32) return false;
      if (width === 8) return uint64(view, at + 4) === compressedSize && uint64(view, at + 12) === size;
      return (
        view.getUint32(at + 4, true) === compressedSize % 2 ** 32 && view.getUint32(at + 8, true) === size % 2 ** 32
      );
    };
    const found = layouts.find((layout) => isRight(layout));
    if (found !== undefined) return input.consume(found[0] + 4 + 2 * found[1]);
    // A folder whose content is nothing may have none.
    if (compressedSize === 0 && [LOCAL, CENTRAL].includes(signatureOf(bytes))) return;
    if (bytes.length < LONGEST_DESCRIPTOR)
      throw this.#fail('truncated', `the archive ends behind the content of ${quoted(name)}`, { entry: name, offset });
    const other = layouts.find((layout) => isRight(layout, false));
    if (other !== undefined)
      checkContent({ name, size, crc32: view.getUint32(other[0], true) }, size, crc32!, this.#fail);
    throw this.#fail('size-mismatch', `the size behind the content of ${quoted(name)} is not that of its data`, {
      entry: name,
      offset,
    });
  }
}

type Layout = readonly [at: number, width: number];

/** Where the CRC is, and the bytes of a size. Those of 64 bits come first: of 32, they could be an empty content's. */
const LAYOUTS: readonly Layout[] = [
  [4, 8],
  [4, 4],
  [0, 8],
  [0, 4],
];
const LONGEST_DESCRIPTOR = 24;
