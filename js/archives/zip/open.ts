/**
 * `openZip()`: the directory of a zip archive, and any of its entries.
 *
 * 1. Nothing is read but the end, the directory, and the entries that are asked for.
 * 2. The data of two entries never overlaps, and is before the directory. So what all entries unpack to is bounded by what the archive has.
 */
import { onDemand } from '../../sources/on-demand.js';
import { requireCount, requireKnown } from '../../values/require.js';
import { failsOf, TRAILING, type Fail } from '../error.js';
import { quoted } from '../../entries/quoted.js';
import { READ_OPTIONS, readLimits, type Limits, type ReadOptions } from '../forward.js';
import { PathGuard } from '../paths.js';
import { Directory } from './directory.js';
import { requireReadable, type ZipLimits } from './entries.js';
import { ENCRYPTED, uint64, viewOf } from './fields.js';
import {
  END,
  END64,
  END64_SIZE,
  END_SIZE,
  LOCAL,
  LOCAL_SIZE,
  localLength,
  LOCATOR,
  LOCATOR_SIZE,
  parseEnd,
  parseEnd64,
  signatureOf,
  type CentralHeader,
  type End,
} from './records.js';
import { Source, type RandomAccess, type ZipSource } from './source.js';
import { Unpacker, type UnpackLimits } from './unpack.js';
import type { Bytes } from '../../runtime/buffers.js';
import type { ReadableStream } from '../../streams/readable-stream.js';

export type { RandomAccess, ZipSource };

/** An entry of a zip archive. */
export interface ZipEntry {
  /** With slashes, as the archive has it. */
  readonly name: string;
  /** Whether the name ends with a slash. */
  readonly isDirectory: boolean;
  /** Whether it is a symbolic link, whose content is what it leads to. */
  readonly isSymlink: boolean;
  /** The bytes of the content. */
  readonly size: number;
  /** The bytes of its data in the archive. */
  readonly compressedSize: number;
  /** The CRC-32 of the content. */
  readonly crc32: number;
  /** How it is compressed: 0 stored, 8 deflate; others cannot be read. */
  readonly method: number;
  /** When the file was changed; undefined if the archive does not say it. */
  readonly modified: Date | undefined;
  /** A comment on the entry; '' if there is none. */
  readonly comment: string;
  /** The permissions, as of `chmod`; undefined if the archive is not from Unix. */
  readonly mode: number | undefined;
  /** Whether the content is encrypted, which cannot be read. */
  readonly encrypted: boolean;
  /**
   * The content, as often as it is called, and several at a time. At its end, the size and the CRC are checked. That of a link which
   * leads out of the folder fails with `unsafe-path`.
   *
   * @throws {ArchiveError} `encrypted`; `unsupported`; `entry-too-large`
   */
  stream(options?: { signal?: AbortSignal | undefined }): ReadableStream<Bytes>;
}

/** A zip archive that is open. It holds nothing that has to be closed. */
export interface ZipArchive {
  /** In the order of the directory. */
  readonly entries: readonly ZipEntry[];
  /** The comment on the archive; '' if there is none. */
  readonly comment: string;
  /** The entry of this name; the last one, if there are several. */
  get(name: string): ZipEntry | undefined;
}

/** The options of `openZip()`. */
export interface OpenZipOptions extends ReadOptions, ZipLimits {
  /** When aborted, rejects with its reason, and fails the streams of entries. */
  signal?: AbortSignal | undefined;
}

const MOST_ENTRIES = 1_000_000;
/** A comment of the archive is not longer. */
const LONGEST_COMMENT = 0xffff;

/**
 * Reads the directory of a zip archive: the entries can then be read in any order.
 *
 * @throws {ArchiveError} if it is no zip archive, is damaged, or is beyond a limit
 *
 * @example
 * const archive = await openZip(file);
 * const rows = await pipeline(archive.get('rows.csv').stream(), csv(), toArray());
 */
export async function openZip(
  source: ZipSource | PromiseLike<ZipSource>,
  options: OpenZipOptions = {},
): Promise<ZipArchive> {
  const fail = failsOf('openZip');
  requireKnown(options, 'openZip()', [...READ_OPTIONS, 'maxRatio', 'signal']);
  const limits = readLimits('openZip', options, MOST_ENTRIES);
  const { maxRatio = Infinity, signal } = options;
  requireCount(maxRatio, 'openZip(): maxRatio', 1, true);
  const opened = new Source(await source, signal, fail);
  const end = await findEnd(opened, limits.ignoresTrailing, fail);
  const headers = await readDirectory(opened, end, limits, fail);
  const guard = limits.allowUnsafePaths ? undefined : new PathGuard(fail);
  const isSymlink = ({ unixMode }: CentralHeader) => (unixMode & TYPE) === SYMLINK;
  for (const header of headers) if (isSymlink(header)) guard?.addLink(header.name);
  const bounds = boundsOf(headers, end, fail);
  const entries = headers.map((header, number) => {
    guard?.check(header.name, undefined, isSymlink(header));
    return new Entry(header, bounds[number]!, opened, { ...limits, maxRatio }, limits, fail);
  });
  return new Archive(entries, end.comment);
}

class Archive implements ZipArchive {
  declare readonly entries: readonly ZipEntry[];
  declare readonly comment: string;
  #byName: Map<string, ZipEntry> | undefined;

  constructor(entries: readonly ZipEntry[], comment: string) {
    this.entries = entries;
    this.comment = comment;
  }

  get(name: string): ZipEntry | undefined {
    this.#byName ??= new Map(this.entries.map((entry) => [entry.name, entry]));
    return this.#byName.get(name);
  }
}

/** Where the directory is. Something may stand before the archive: `base` is where that begins to count. */
interface Found {
  readonly base: number;
  readonly start: number;
  readonly end: number;
  readonly entries: number;
  readonly isZip64: boolean;
  readonly comment: string;
}

/**
 * Finds the end: the last one in the file whose comment reaches to the end of that. If something follows the archive, it is the last one whose
 * comment is in the file.
 */
async function findEnd(source: Source, ignoresTrailing: boolean, fail: Fail): Promise<Found> {
  const { size } = source;
  const from = Math.max(0, size - END_SIZE - LONGEST_COMMENT - LOCATOR_SIZE);
  const tail = await source.read(from, size);
  const view = viewOf(tail);
  const endOf = (at: number) => at + END_SIZE + view.getUint16(at + 20, true);
  const last = (isRight: (end: number) => boolean) => {
    let at = tail.length - END_SIZE;
    while (at >= 0 && !(view.getUint32(at, true) === END && isRight(endOf(at)))) at--;
    return at;
  };
  let at = last((end) => end === tail.length);
  if (at < 0) {
    at = last((end) => end < tail.length);
    if (at >= 0 && !ignoresTrailing)
      throw fail('trailing-data', TRAILING, {
        offset: from + endOf(at),
      });
  }
  if (at < 0) {
    const begins = signatureOf(tail) === LOCAL || (from > 0 && signatureOf(await source.read(0, 4)) === LOCAL);
    throw begins
      ? fail('truncated', 'the archive ends without the end of its directory', { offset: size })
      : fail('not-zip', 'this is not a zip archive: it has no directory at its end');
  }
  const fields = parseEnd(tail.subarray(at));
  const comment = new TextDecoder('utf-8', { ignoreBOM: true }).decode(tail.subarray(at + END_SIZE, endOf(at)));
  let position = from + at;
  let end: End = fields;
  const isZip64 = at >= LOCATOR_SIZE && view.getUint32(at - LOCATOR_SIZE, true) === LOCATOR;
  if (isZip64) {
    const locator = position - LOCATOR_SIZE;
    const said = uint64(view, at - LOCATOR_SIZE + 8);
    // Behind something that stands before the archive, it is where it is if it has no fields of its own.
    const places = [said, locator - END64_SIZE].filter((place) => place >= 0 && place + END64_SIZE <= locator);
    let found: Bytes | undefined;
    for (const place of places) {
      if (found !== undefined) break;
      const bytes = await source.read(place, place + END64_SIZE);
      if (signatureOf(bytes) !== END64 || place + 12 + uint64(viewOf(bytes), 4) !== locator) continue;
      found = bytes;
      position = place;
    }
    if (found === undefined)
      throw fail('corrupt', 'the end of zip64 is not where the archive says', { offset: locator });
    end = parseEnd64(found, fields);
  }
  if (end.disk !== 0) throw fail('unsupported', 'the archive is split into several files');
  const base = position - end.size - end.offset;
  if (!(base >= 0)) throw fail('corrupt', 'the directory would begin before the file', { offset: position });
  return { base, start: base + end.offset, end: position, entries: end.entries, isZip64, comment };
}

async function readDirectory(source: Source, end: Found, { maxEntries }: Limits, fail: Fail): Promise<CentralHeader[]> {
  const { input, stop } = source.open(end.start, end.end);
  const directory = new Directory(input, fail);
  const headers: CentralHeader[] = [];
  try {
    for (let header; (header = await directory.next()) !== undefined;) {
      if (headers.length === maxEntries)
        throw fail('too-many-entries', `the archive has more than ${maxEntries} entries (maxEntries)`, {
          entry: header.name,
        });
      headers.push(header);
    }
  } finally {
    stop(undefined);
  }
  // Some programs keep the lower half of a number that does not fit.
  const isRight = headers.length === end.entries || (!end.isZip64 && headers.length % 2 ** 16 === end.entries);
  if (input.offset !== end.end || !isRight)
    throw fail('corrupt', `the directory should have ${end.entries} entries, and has ${headers.length}`, {
      offset: input.offset,
    });
  return headers;
}

/** Where the data of an entry may be: from the local header to the next one, or the directory. */
interface Bounds {
  readonly start: number;
  readonly end: number;
}

/** @throws {ArchiveError} `overlapping-entries` */
function boundsOf(headers: readonly CentralHeader[], { base, start: directory }: Found, fail: Fail): Bounds[] {
  const inOrder = headers.map((_, number) => number).sort((a, b) => headers[a]!.offset - headers[b]!.offset);
  const bounds: Bounds[] = new Array<Bounds>(headers.length);
  inOrder.forEach((number, place) => {
    const { name, offset, nameLength, compressedSize } = headers[number]!;
    const next = headers[inOrder[place + 1]!];
    const start = base + offset;
    const end = next === undefined ? directory : base + next.offset;
    // Its local header has more if it has extra fields; that is checked when it is read.
    if (start + LOCAL_SIZE + nameLength + compressedSize > end) throw overlapping(name, next?.name, fail, start);
    bounds[number] = { start, end };
  });
  return bounds;
}

const overlapping = (name: string, next: string | undefined, fail: Fail, offset: number): Error =>
  fail(
    'overlapping-entries',
    `the data of ${quoted(name)} overlaps ${next === undefined ? 'the directory' : quoted(next)}`,
    {
      entry: name,
      offset,
    },
  );

/** The type in the mode of Unix: a symbolic link. */
const SYMLINK = 0o120000;
const TYPE = 0o170000;
/** The longest target of a link that is looked at. */
const LONGEST_LINK = 65_535;

class Entry implements ZipEntry {
  declare readonly name: string;
  declare readonly isDirectory: boolean;
  declare readonly isSymlink: boolean;
  declare readonly size: number;
  declare readonly compressedSize: number;
  declare readonly crc32: number;
  declare readonly method: number;
  declare readonly modified: Date | undefined;
  declare readonly comment: string;
  declare readonly mode: number | undefined;
  declare readonly encrypted: boolean;
  #header: CentralHeader;
  #bounds: Bounds;
  #source: Source;
  #unpackLimits: UnpackLimits;
  #limits: Limits;
  #fail: Fail;

  constructor(
    header: CentralHeader,
    bounds: Bounds,
    source: Source,
    unpackLimits: UnpackLimits,
    limits: Limits,
    fail: Fail,
  ) {
    const { unixMode } = header;
    this.name = header.name;
    this.isDirectory = header.name.endsWith('/');
    this.isSymlink = (unixMode & TYPE) === SYMLINK;
    this.size = header.size;
    this.compressedSize = header.compressedSize;
    this.crc32 = header.crc32;
    this.method = header.method;
    this.modified = header.modified;
    this.comment = header.comment;
    this.mode = unixMode === 0 ? undefined : unixMode & 0o7777;
    this.encrypted = (header.flags & ENCRYPTED) !== 0;
    this.#header = header;
    this.#bounds = bounds;
    this.#source = source;
    this.#unpackLimits = unpackLimits;
    this.#limits = limits;
    this.#fail = fail;
  }

  stream({ signal }: { signal?: AbortSignal | undefined } = {}): ReadableStream<Bytes> {
    requireReadable(this, this.#unpackLimits, this.#fail);
    const { start, end } = this.#bounds;
    const { nameLength, compressedSize } = this.#header;
    // A gap behind the data is not read, but for what extra fields may have.
    const most = Math.min(end, start + LOCAL_SIZE + nameLength + LONGEST_COMMENT + compressedSize);
    const { input, stop } = this.#source.open(start, most);
    let unpacker: Unpacker | undefined;
    let isStopped = false;
    const isChecked = this.isSymlink && !this.#limits.allowUnsafePaths;
    return onDemand<Bytes>({
      signal,
      pull: async (controller) => {
        try {
          if (unpacker === undefined) {
            await this.#passHeader(input);
            unpacker = new Unpacker(input, this.#header, this.#unpackLimits, this.#fail);
          }
          const bytes = await (isChecked ? this.#readLink(unpacker) : unpacker.read());
          if (bytes === undefined) {
            stop(undefined);
            return true;
          }
          if (!isStopped) controller.enqueue(bytes);
          return false;
        } catch (error) {
          stop(error);
          throw error;
        } finally {
          if (isStopped) unpacker?.free();
        }
      },
      stop: (reason) => {
        isStopped = true;
        unpacker?.free();
        stop(reason);
      },
    });
  }

  /** The local header, which must be of this entry. */
  async #passHeader(input: {
    offset: number;
    peek(least: number): Promise<Bytes>;
    consume(bytes: number): void;
  }): Promise<void> {
    const { name, nameLength, compressedSize, flags, method } = this.#header;
    const held = await input.peek(LOCAL_SIZE);
    const view = viewOf(held);
    const isRight =
      signatureOf(held) === LOCAL &&
      view.getUint16(26, true) === nameLength &&
      view.getUint16(8, true) === method &&
      ((view.getUint16(6, true) ^ flags) & ENCRYPTED) === 0;
    if (!isRight)
      throw this.#fail('corrupt', `the header of ${quoted(name)} is not that of its entry in the directory`, {
        entry: name,
        offset: this.#bounds.start,
      });
    const length = localLength(held);
    if (this.#bounds.start + length + compressedSize > this.#bounds.end)
      throw overlapping(name, 'what follows it', this.#fail, this.#bounds.start);
    await input.peek(length);
    input.consume(length);
  }

  /** The whole of a link, which is checked before anybody has it. */
  async #readLink(unpacker: Unpacker): Promise<Bytes | undefined> {
    const { name, size } = this.#header;
    if (size > LONGEST_LINK)
      throw this.#fail('unsafe-path', `the link ${quoted(name)} has ${size} bytes`, { entry: name });
    const parts: Bytes[] = [];
    for (let part; (part = await unpacker.read()) !== undefined;) parts.push(part);
    if (parts.length === 0) return undefined;
    const whole = new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
    new PathGuard(this.#fail).checkLink(name, new TextDecoder().decode(whole), false, undefined);
    return whole;
  }
}
