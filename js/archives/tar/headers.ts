/** The headers of a tar file, each with what the extended headers before it say: pax, GNU's long names, base-256 numbers. */
import { TRAILING, type Fail } from '../error.js';
import { quoted } from '../../entries/quoted.js';
import { BLOCK, isZero, parseHeader, textOf, type RawHeader } from './header.js';
import { readPax } from './pax.js';
import type { Bytes } from '../../runtime/buffers.js';
import type { Input } from '../../entries/input.js';

/** The most bytes of an extended header, and of all between two entries. */
const MOST_EXTENDED = 2 ** 20;

/** Types whose size says nothing: no data follows. Those of links had the size of the file in old archives. */
const WITHOUT_DATA = '123456';

export interface Header extends RawHeader {
  /** The bytes that follow, without padding. */
  size: number;
  readonly offset: number;
  /** It is a file with holes, in whichever way that is written. */
  readonly isSparse: boolean;
}

export class Headers {
  #input: Input;
  #ignoresTrailing: boolean;
  #fail: Fail;
  #global = new Map<string, string>();
  #isFirst = true;

  constructor(input: Input, ignoresTrailing: boolean, fail: Fail) {
    this.#input = input;
    this.#ignoresTrailing = ignoresTrailing;
    this.#fail = fail;
  }

  /**
   * The next header; undefined at the end, which has been checked.
   *
   * @throws {ArchiveError}
   */
  async next(): Promise<Header | undefined> {
    const local = new Map(this.#global);
    let longName: string | undefined;
    let longLink: string | undefined;
    let hasLocal = false;
    let extended = 0;
    for (;;) {
      const { offset } = this.#input;
      const raw = await this.#block(offset);
      if (raw === undefined) {
        if (hasLocal || longName !== undefined || longLink !== undefined)
          throw this.#fail('corrupt', 'the archive ends behind an extended header', { offset });
        await this.#end(offset);
        return undefined;
      }
      if (!'xgXLKV'.includes(raw.type)) {
        if (raw.isExtended) await this.#skipMap(offset);
        return this.#complete(raw, offset, local, longName, longLink);
      }
      extended += raw.size;
      if (extended > MOST_EXTENDED)
        throw this.#fail('header-too-large', `an extended header has more than ${MOST_EXTENDED} bytes`, { offset });
      const bytes = await this.#extended(raw, offset);
      if (raw.type === 'L') longName = cText(bytes);
      else if (raw.type === 'K') longLink = cText(bytes);
      else if (raw.type !== 'V') {
        const isGlobal = raw.type === 'g';
        hasLocal ||= !isGlobal;
        const fault = readPax(bytes, local) ?? (isGlobal ? readPax(bytes, this.#global) : undefined);
        if (fault !== undefined) throw this.#fail('corrupt', `a pax header is damaged: ${fault}`, { offset });
        if (this.#global.size > MOST_EXTENDED / 1024)
          throw this.#fail('header-too-large', 'global pax headers have too many records', { offset });
      }
    }
  }

  async #block(offset: number): Promise<RawHeader | undefined> {
    const held = await this.#input.peek(BLOCK);
    if (held.length < BLOCK)
      throw this.#fail(
        'truncated',
        held.length === 0 ? 'the archive ends without its end mark' : 'the archive ends within a header',
        { offset },
      );
    const block = held.subarray(0, BLOCK);
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    if (isZero(block)) {
      this.#input.consume(BLOCK);
      return undefined;
    }
    const raw = parseHeader(block);
    if (!('fault' in raw)) {
      this.#input.consume(BLOCK);
      return raw;
    }
    if (raw.fault === 'number') throw this.#fail('corrupt', `a header is damaged: ${raw.what}`, { offset });
    if (!isFirst) throw this.#fail('checksum-mismatch', `the checksum of a header is wrong: ${raw.what}`, { offset });
    const advice =
      block[0] === 0x1f && block[1] === 0x8b
        ? ', but gzip; put gunzip() before'
        : block[0] === 0x50 && block[1] === 0x4b
          ? ', but a zip file'
          : `; the checksum of the first header is wrong: ${raw.what}`;
    throw this.#fail('not-tar', `this is not a tar archive${advice}`, { offset });
  }

  /** The second zero block of the end mark, and that nothing but zeros follows. */
  async #end(offset: number): Promise<void> {
    const input = this.#input;
    const held = await input.peek(BLOCK);
    if (held.length < BLOCK) throw this.#fail('truncated', 'the archive ends within its end mark', { offset });
    for (;;) {
      const bytes = await input.peek(1);
      if (bytes.length === 0) return;
      if (!this.#ignoresTrailing && !isZero(bytes))
        throw this.#fail('trailing-data', TRAILING, { offset: input.offset });
      input.consume(bytes.length);
    }
  }

  async #extended(raw: RawHeader, offset: number): Promise<Bytes> {
    const bytes = await this.#input.take(raw.size);
    if (bytes === undefined || !(await this.#input.skip(paddingOf(raw.size))))
      throw this.#fail('truncated', 'the archive ends within an extended header', { offset });
    return bytes;
  }

  /** The rest of the map of a sparse file of GNU tar. */
  async #skipMap(offset: number): Promise<void> {
    for (;;) {
      const block = await this.#input.take(BLOCK);
      if (block === undefined) throw this.#fail('truncated', 'the archive ends within a header', { offset });
      if (block[504] === 0) return;
    }
  }

  #complete(
    raw: RawHeader,
    offset: number,
    pax: Map<string, string>,
    longName: string | undefined,
    longLink: string | undefined,
  ): Header {
    const name = pax.get('GNU.sparse.name') ?? pax.get('path') ?? longName ?? raw.name;
    const number = (key: string, value: number) => {
      const text = pax.get(key);
      if (text === undefined) return value;
      const read = /^-?\d+(\.\d*)?$/.test(text) ? Number(text) : NaN;
      if (Number.isNaN(read) || (key !== 'mtime' && !(Number.isSafeInteger(read) && read >= 0)))
        throw this.#fail('corrupt', `the pax record ${quoted(key)} of ${quoted(name)} is no number`, {
          entry: name,
          offset,
        });
      return read;
    };
    if (name === '') throw this.#fail('corrupt', 'an entry has no name', { offset });
    return {
      ...raw,
      name,
      linkName: pax.get('linkpath') ?? longLink ?? raw.linkName,
      size: WITHOUT_DATA.includes(raw.type) ? 0 : number('size', raw.size),
      mtime: number('mtime', raw.mtime),
      uid: number('uid', raw.uid),
      gid: number('gid', raw.gid),
      userName: pax.get('uname') ?? raw.userName,
      groupName: pax.get('gname') ?? raw.groupName,
      offset,
      isSparse: raw.type === 'S' || pax.has('GNU.sparse.major') || pax.has('GNU.sparse.size'),
    };
  }
}

/** The bytes up to the next block. */
export const paddingOf = (size: number): number => (BLOCK - (size % BLOCK)) % BLOCK;

/** The text of a long name, which a NUL ends. */
function cText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return textOf(end === -1 ? bytes : bytes.subarray(0, end));
}
