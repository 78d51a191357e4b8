/** `tar()`: writes a tar archive, in ustar, with pax headers for what that cannot say. */
import { requireOneOf, shown } from '../../values/require.js';
import { joined, utf8 } from '../../runtime/text.js';
import { failsOf, type Fail } from '../error.js';
import { quoted } from '../../entries/quoted.js';
import {
  writer,
  type ArchiveEntries,
  type ArchiveEntryInput,
  type CheckedEntry,
  type Format,
  type WriteOptions,
  type Writing,
} from '../writer.js';
import { BLOCK, formatHeader, MOST_ID, MOST_SIZE, type HeaderFields } from './header.js';
import { paddingOf } from './headers.js';
import { formatPax } from './pax.js';
import { PathGuard } from '../paths.js';
import type { Bytes } from '../../runtime/buffers.js';
import type { Operator } from '../../streams/any.js';
import type { ReadableStream } from '../../streams/readable-stream.js';

/** An entry that `tar()` writes. The size of a stream must be given, since it is written before the content. */
export interface TarEntryInput extends ArchiveEntryInput {
  /** Default: `directory` if the name ends with a slash, else `file`. */
  readonly type?: 'file' | 'directory' | 'symlink' | 'link' | undefined;
  /** What a link leads to: of a symbolic one relative to its folder, of a hard one the name of an entry before it. */
  readonly linkName?: string | undefined;
  /** The number of the owner. Default: 0. */
  readonly uid?: number | undefined;
  /** The number of the group. Default: 0. */
  readonly gid?: number | undefined;
  /** The name of the owner. Default: none. */
  readonly userName?: string | undefined;
  /** The name of the group. Default: none. */
  readonly groupName?: string | undefined;
}

/** The options of `tar()`. */
export type TarOptions = WriteOptions;

/**
 * Writes entries as a tar archive.
 *
 * @throws {TypeError | RangeError} if an argument or an entry is invalid; a stream whose size is not given is
 *
 * @example
 * await pipeline(tar([{ name: 'notes.txt', content: 'high water at 7' }]), gzip(), toDownload('notes.tar.gz'));
 */
export function tar(entries: ArchiveEntries<TarEntryInput>, options?: TarOptions): ReadableStream<Bytes>;
/** The same as a stage: entries in, bytes out. */
export function tar(options?: TarOptions): Operator<TarEntryInput, Bytes>;
export function tar(first?: unknown, second?: unknown): unknown {
  const fail = failsOf('tar');
  return writer<TarEntryInput, TarOptions>('tar', first, second, [], fail, (options) => new TarFormat(options, fail));
}

const TYPES = { file: '0', link: '1', symlink: '2', directory: '5' } as const;
const NOTHING = new Uint8Array(0);
const END = new Uint8Array(2 * BLOCK);

class TarFormat implements Format<TarEntryInput> {
  known = ['type', 'linkName', 'uid', 'gid', 'userName', 'groupName'];
  #fail: Fail;
  #guard: PathGuard | undefined;

  constructor(options: TarOptions, fail: Fail) {
    this.#fail = fail;
    this.#guard = options.allowUnsafePaths === true ? undefined : new PathGuard(fail);
  }

  async *write(entry: TarEntryInput, checked: CheckedEntry, writing: Writing): AsyncGenerator<void> {
    const { name, isDirectory, bytes } = checked;
    const place = `tar(): ${quoted(name)}`;
    const { type = isDirectory ? 'directory' : 'file', linkName = '' } = entry;
    requireOneOf(type, Object.keys(TYPES), `${place}: type`);
    const isLink = type === 'symlink' || type === 'link';
    if (isLink !== (linkName !== '')) throw new TypeError(`${place}: a link, and nothing else, has a linkName`);
    if (isLink) this.#guard?.checkLink(name, linkName, type === 'link', undefined);
    if (type !== 'file' && bytes?.length !== 0) throw new TypeError(`${place}: only a file has content`);
    const content = bytes === undefined ? await writing.open(entry.content) : undefined;
    const size = checked.size ?? content?.size;
    if (size === undefined)
      throw new TypeError(`${place}: the size of its content must be given, since it is written before the content`);
    if (bytes !== undefined && bytes.length !== size) throw this.#mismatch(name, size, bytes.length);
    const full = type === 'directory' && !isDirectory ? `${name}/` : name;
    writing.pieces.add(headersOf(place, full, entry, type, size, checked), false);
    if (bytes !== undefined) {
      for (let at = 0; at < bytes.length; at += 2 ** 16) {
        writing.pieces.add(bytes.subarray(at, at + 2 ** 16));
        yield;
      }
    } else {
      let length = 0;
      for (let chunk; (chunk = await content!.read()) !== undefined;) {
        length += chunk.length;
        if (length > size) throw this.#mismatch(name, size, length);
        writing.pieces.add(chunk, true);
        yield;
      }
      if (length < size) throw this.#mismatch(name, size, length);
    }
    writing.pieces.add(END.subarray(0, paddingOf(size)));
    yield;
  }

  end({ pieces }: Writing): void {
    pieces.add(END);
  }

  #mismatch(name: string, size: number, length: number): Error {
    return this.#fail(
      'size-mismatch',
      `the content of ${quoted(name)} has ${length > size ? 'more' : `${length} bytes, fewer`} than its size of ${size} bytes`,
      { entry: name },
    );
  }
}

/** The header, with a pax header before it if it needs one. */
function headersOf(
  place: string,
  name: string,
  entry: TarEntryInput,
  type: keyof typeof TYPES,
  size: number,
  { modified = 0, mode }: CheckedEntry,
): Uint8Array {
  const pax: Uint8Array[] = [];
  const record = (key: string, value: string) => void pax.push(formatPax(key, value));
  const number = (key: string, value: number, most: number) => {
    if (!Number.isSafeInteger(value) || (value < 0 && key !== 'mtime'))
      throw new RangeError(`${place}: ${key} must be a whole number of at least 0; got ${shown(value)}`);
    if (value >= 0 && value <= most) return value;
    record(key, `${value}`);
    return 0;
  };
  const text = (key: string, value: string, most: number) => {
    if (typeof value !== 'string' || value.includes('\0'))
      throw new TypeError(`${place}: ${key} must be a string without NUL; got ${shown(value)}`);
    const bytes = utf8(value);
    if (bytes.length <= most && isAscii(bytes)) return bytes;
    record(key, value);
    return bytes.subarray(0, most);
  };
  const split = splitName(utf8(name));
  const fields: HeaderFields = {
    name: split?.name ?? text('path', name, 100),
    prefix: split?.prefix ?? NOTHING,
    mode: mode ?? (type === 'directory' ? 0o755 : type === 'symlink' ? 0o777 : 0o644),
    uid: number('uid', entry.uid ?? 0, MOST_ID),
    gid: number('gid', entry.gid ?? 0, MOST_ID),
    size: number('size', size, MOST_SIZE),
    mtime: number('mtime', Math.floor(modified / 1000), MOST_SIZE),
    type: TYPES[type],
    linkName: text('linkpath', entry.linkName ?? '', 100),
    userName: text('uname', entry.userName ?? '', 31),
    groupName: text('gname', entry.groupName ?? '', 31),
  };
  const header = formatHeader(fields);
  if (pax.length === 0) return header;
  const records = pax.reduce((all, each) => joined(all, each));
  const before = formatHeader({
    ...fields,
    name: utf8('PaxHeader'),
    prefix: NOTHING,
    linkName: NOTHING,
    type: 'x',
    mode: 0o644,
    size: records.length,
  });
  return [records, END.subarray(0, paddingOf(records.length)), header].reduce<Uint8Array>(joined, before);
}

const isAscii = (bytes: Uint8Array) => bytes.every((byte) => byte < 0x80);

/** Splits a name of ASCII for the fields of ustar; undefined if it does not fit. */
function splitName(bytes: Uint8Array): { name: Uint8Array; prefix: Uint8Array } | undefined {
  if (!isAscii(bytes) || bytes.includes(0)) return undefined;
  if (bytes.length <= 100) return { name: bytes, prefix: NOTHING };
  // The last slash that leaves enough for both, and is not the one that ends the name of a folder.
  const at = bytes.lastIndexOf(0x2f, Math.min(155, bytes.length - 2));
  if (at <= 0 || bytes.length - at - 1 > 100) return undefined;
  return { name: bytes.subarray(at + 1), prefix: bytes.subarray(0, at) };
}
