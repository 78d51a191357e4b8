/** `tarEntries()`: the entries of a tar archive, read forward. */
import { Body, type Content } from '../../entries/body.js';
import { failsOf, type Fail } from '../error.js';
import { quoted } from '../../entries/quoted.js';
import { openBody } from '../../entries/forward.js';
import { forwardStage, type ArchiveInput, type ForwardOptions, type Limits } from '../forward.js';
import { PathGuard } from '../paths.js';
import { Headers, paddingOf, type Header } from './headers.js';
import type { Bytes } from '../../runtime/buffers.js';
import type { Operator } from '../../streams/any.js';
import type { ReadableStream } from '../../streams/readable-stream.js';
import type { Input } from '../../entries/input.js';

/** What an entry of a tar archive is. `link` is a hard link; `sparse` a file with holes, whose content cannot be read. */
export type TarEntryType =
  'file' | 'directory' | 'symlink' | 'link' | 'sparse' | 'character-device' | 'block-device' | 'fifo' | 'other';

/** An entry of a tar archive. */
export interface TarEntry {
  /** With slashes, as the archive has it. */
  readonly name: string;
  readonly type: TarEntryType;
  readonly isDirectory: boolean;
  /** The bytes of the content. */
  readonly size: number;
  /** What a link leads to. */
  readonly linkName: string | undefined;
  /** When the file was changed; undefined if the archive does not say it. */
  readonly modified: Date | undefined;
  /** The permissions, as of `chmod`. */
  readonly mode: number;
  /** The number of the owner. */
  readonly uid: number;
  /** The number of the group. */
  readonly gid: number;
  /** The name of the owner; '' if the archive has none. */
  readonly userName: string;
  /** The name of the group; '' if the archive has none. */
  readonly groupName: string;
  /**
   * The content, to be called once, before the next entry is asked for. The next entry comes when the stream has been read
   * to its end or was cancelled; without a call, the content is skipped.
   *
   * @throws {ArchiveError} `entry-passed` when the content has been skipped; `entry-too-large`; `unsupported` for a sparse file
   */
  stream(): ReadableStream<Bytes>;
}

/** The options of `tarEntries()`. */
export type TarEntriesOptions = ForwardOptions<TarEntry>;

/**
 * A stage that reads a tar archive: bytes in, entries out. It reads the formats of POSIX (ustar and pax) and of GNU tar, and
 * checks the checksum of each header. An archive that ends early, or after which something follows, is an error.
 *
 * @example
 * await pipeline(() => fetch('files.tar.gz'), gunzip(), tarEntries(), async (entries) => {
 *   for await (const entry of entries) if (entry.name.endsWith('.csv')) await pipeline(entry.stream(), csv(), save);
 * });
 */
export function tarEntries(options: TarEntriesOptions = {}): Operator<ArchiveInput, TarEntry> {
  const fail = failsOf('tarEntries');
  return forwardStage('tarEntries', options, [], fail, (input, limits) => {
    const headers = new Headers(input, limits.ignoresTrailing, fail);
    const guard = limits.allowUnsafePaths ? undefined : new PathGuard(fail);
    return async () => {
      const header = await headers.next();
      if (header === undefined) return undefined;
      const { name, linkName, offset } = header;
      guard?.check(name, offset);
      const type = typeOf(header);
      if (type === 'symlink' || type === 'link') guard?.checkLink(name, linkName, type === 'link', offset);
      const body = new Body(new TarContent(input, header, fail));
      return { entry: new Entry(header, type, body, limits, fail), body };
    };
  });
}

const TYPES: Record<string, TarEntryType> = {
  0: 'file',
  1: 'link',
  2: 'symlink',
  3: 'character-device',
  4: 'block-device',
  5: 'directory',
  6: 'fifo',
  7: 'file',
  // GNU tar's directory with a list of its files.
  D: 'directory',
};

function typeOf({ type, name, isSparse }: Header): TarEntryType {
  if (isSparse) return 'sparse';
  const known = TYPES[type] ?? 'other';
  // As before POSIX.
  return known === 'file' && name.endsWith('/') ? 'directory' : known;
}

class Entry implements TarEntry {
  declare readonly name: string;
  declare readonly type: TarEntryType;
  declare readonly isDirectory: boolean;
  declare readonly size: number;
  declare readonly linkName: string | undefined;
  declare readonly modified: Date | undefined;
  declare readonly mode: number;
  declare readonly uid: number;
  declare readonly gid: number;
  declare readonly userName: string;
  declare readonly groupName: string;
  #body: Body;
  #limits: Limits;
  #fail: Fail;

  constructor(header: Header, type: TarEntryType, body: Body, limits: Limits, fail: Fail) {
    const modified = new Date(header.mtime * 1000);
    this.name = header.name;
    this.type = type;
    this.isDirectory = type === 'directory';
    this.size = header.size;
    this.linkName = type === 'symlink' || type === 'link' ? header.linkName : undefined;
    this.modified = Number.isNaN(modified.getTime()) ? undefined : modified;
    this.mode = header.mode & 0o7777;
    this.uid = header.uid;
    this.gid = header.gid;
    this.userName = header.userName;
    this.groupName = header.groupName;
    this.#body = body;
    this.#limits = limits;
    this.#fail = fail;
  }

  stream(): ReadableStream<Bytes> {
    const { name, size, type } = this;
    const { maxEntryBytes } = this.#limits;
    if (type === 'sparse')
      throw this.#fail('unsupported', `the entry ${quoted(name)} is a sparse file; pack it without --sparse`, {
        entry: name,
      });
    if (size > maxEntryBytes)
      throw this.#fail(
        'entry-too-large',
        `the entry ${quoted(name)} has ${size} bytes, more than ${maxEntryBytes} (maxEntryBytes)`,
        { entry: name },
      );
    return openBody(this.#body, name, this.#fail);
  }
}

/** The most bytes of a chunk. */
const PIECE = 2 ** 16;

class TarContent implements Content {
  #input: Input;
  #header: Header;
  #fail: Fail;
  #left: number;

  constructor(input: Input, header: Header, fail: Fail) {
    this.#input = input;
    this.#header = header;
    this.#fail = fail;
    this.#left = header.size;
  }

  async read(): Promise<Bytes | undefined> {
    if (this.#left === 0) {
      await this.#pass(paddingOf(this.#header.size));
      return undefined;
    }
    const { length } = await this.#input.peek(1);
    if (length === 0) throw this.#truncated();
    const bytes = this.#input.held.slice(0, Math.min(length, this.#left, PIECE));
    this.#input.consume(bytes.length);
    this.#left -= bytes.length;
    return bytes;
  }

  skip(): Promise<void> {
    return this.#pass(this.#left + paddingOf(this.#header.size));
  }

  async #pass(bytes: number): Promise<void> {
    if (!(await this.#input.skip(bytes))) throw this.#truncated();
  }

  #truncated(): Error {
    const { name } = this.#header;
    return this.#fail('truncated', `the archive ends within the content of ${quoted(name)}`, {
      entry: name,
      offset: this.#input.offset,
    });
  }
}
