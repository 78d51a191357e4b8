/**
 * The parts of a multipart body between its delimiters, RFC 2046, 5.1.1.
 *
 * 1. A delimiter is a line's end, `--`, the boundary, spaces and a line's end. That of the last part has `--` behind the boundary, and the
 *    body may end in place of its line's end. The boundary with something else behind it is content.
 * 2. The line's end before a delimiter is not content. The first delimiter may stand at the very start.
 * 3. Before the first delimiter there may be text, at most `MOST_BEFORE` bytes of it.
 */
import { utf8 } from '../runtime/text.js';
import { fault } from './error.js';
import { Finder } from './find.js';
import type { Content } from '../entries/body.js';
import type { Input } from '../entries/input.js';
import type { Bytes } from '../runtime/buffers.js';

const MOST_BEFORE = 2 ** 16;
/** The most spaces and tabs behind a boundary. */
const MOST_PADDING = 256;
/** The most bytes of a chunk. */
const PIECE = 2 ** 16;

const CR = 0x0d;
const LF = 0x0a;
const DASH = 0x2d;
const SPACE = 0x20;
const TAB = 0x09;

/** What stands at a place where the boundary does. */
type Delimiter = { readonly length: number; readonly isLast: boolean };

export class Delimited {
  #input: Input;
  #finder: Finder;
  #marker: Uint8Array;
  /** Whether the delimiter behind the last part has been consumed. */
  isOver = false;

  constructor(input: Input, boundary: string) {
    this.#input = input;
    this.#marker = utf8(`\r\n--${boundary}`);
    this.#finder = new Finder(this.#marker);
  }

  /** Goes to the first part. */
  async begin(): Promise<void> {
    const input = this.#input;
    const { length } = this.#marker;
    const line = this.#marker.subarray(2);
    const held = await input.peek(length);
    if (held.length === 0) throw this.#noDelimiter('the body is empty');
    if (startsWith(held, line)) {
      const delimiter = await this.#delimiterAt(-2);
      if (delimiter !== undefined) return this.#pass(delimiter);
    }
    if (held.length < length && startsWith(held, line.subarray(0, held.length))) throw this.#truncated();
    for (let passed = 0; ;) {
      const before = await this.#before();
      if (before === undefined) return;
      passed += before.length;
      if (before.length === 0) throw this.#noDelimiter('the body has no part');
      if (passed > MOST_BEFORE) throw this.#noDelimiter(`the first ${MOST_BEFORE} bytes have none`);
      input.consume(before.length);
    }
  }

  #noDelimiter(why: string): Error {
    const line = new TextDecoder().decode(this.#marker.subarray(2));
    return fault('multipartParts', 'not-multipart', `there is no line '${line}': ${why}`, { offset: 0 });
  }

  /**
   * The content up to the next delimiter, at most a piece of it, which is to be consumed; undefined once the delimiter has come, which has
   * been consumed. An empty one says that the body has ended.
   */
  async #before(): Promise<Bytes | undefined> {
    const input = this.#input;
    next: for (let least = 1; ;) {
      const held = await input.peek(least);
      const isEnd = held.length < least;
      const window = held.subarray(0, PIECE + this.#marker.length);
      for (let at = this.#finder.find(window); at !== -1; at = this.#finder.find(window, at + this.#marker.length)) {
        const found = this.#at(at, held, isEnd);
        if (found === undefined) continue;
        if (at > 0) return window.subarray(0, Math.min(at, PIECE));
        if (typeof found === 'number') {
          least = found;
          continue next;
        }
        this.#pass(found);
        return undefined;
      }
      const safe = window.length - this.#finder.begun(window);
      if (safe > 0 || isEnd) return window.subarray(0, Math.min(safe, PIECE));
      least = this.#marker.length;
    }
  }

  /** What stands at `at`, where the marker is; undefined if it is content. It waits for no more than that needs. */
  async #delimiterAt(at: number): Promise<Delimiter | undefined> {
    for (let least = 1; ;) {
      const held = await this.#input.peek(least);
      const found = this.#at(at, held, held.length < least);
      if (typeof found !== 'number') return found;
      least = found;
    }
  }

  /** The same of what is held; a number of bytes if so many must be held to decide. */
  #at(at: number, held: Bytes, isEnd: boolean): Delimiter | number | undefined {
    const start = at + this.#marker.length;
    if (held.length < start + 2 && !isEnd) return start + 2;
    const isLast = held[start] === DASH;
    if (isLast && held[start + 1] !== DASH) return undefined;
    let end = isLast ? start + 2 : start;
    for (const most = end + MOST_PADDING; held[end] === SPACE || held[end] === TAB; end++)
      if (end === most) return undefined;
    if (end === held.length) {
      if (!isEnd) return end + 1;
      return isLast ? { length: end, isLast } : undefined;
    }
    if (held[end] !== CR) return undefined;
    if (end + 1 === held.length && !isEnd) return end + 2;
    // What follows the last part is looked at by itself.
    return held[end + 1] === LF ? { length: isLast ? end : end + 2, isLast } : undefined;
  }

  #pass({ length, isLast }: Delimiter): void {
    this.#input.consume(length);
    this.isOver = isLast;
  }

  /**
   * Consumes the end of the line behind the headers. Of a part without content it may be that of the next delimiter: then that has been consumed.
   *
   * @returns whether there is content
   */
  async passBlankLine(): Promise<boolean> {
    const held = await this.#input.peek(this.#marker.length);
    if (startsWith(held, this.#marker)) {
      const delimiter = await this.#delimiterAt(0);
      if (delimiter !== undefined) {
        this.#pass(delimiter);
        return false;
      }
    }
    this.#input.consume(2);
    return true;
  }

  /** The next bytes of the content; undefined once the delimiter behind it has been consumed. */
  async read(): Promise<Bytes | undefined> {
    const before = await this.#before();
    if (before === undefined) return undefined;
    if (before.length === 0) throw this.#truncated();
    const bytes = before.slice();
    this.#input.consume(bytes.length);
    return bytes;
  }

  /** Goes behind the delimiter behind the content. */
  async skip(): Promise<void> {
    for (let before; (before = await this.#before()) !== undefined;) {
      if (before.length === 0) throw this.#truncated();
      this.#input.consume(before.length);
    }
  }

  #truncated(): Error {
    const { offset, held } = this.#input;
    return fault('multipartParts', 'truncated', 'the body ends before its last boundary', {
      offset: offset + held.length,
    });
  }

  /** What follows the last part: by default nothing but a line's end. */
  async end(ignoreTrailing: boolean): Promise<void> {
    const input = this.#input;
    if (!ignoreTrailing) {
      const held = await input.peek(3);
      const isEnd = held.length === 0 || (held.length === 2 && held[0] === CR && held[1] === LF);
      if (!isEnd)
        throw fault('multipartParts', 'trailing-data', "something follows the last part; trailing: 'ignore' drops it", {
          offset: input.offset,
        });
    }
    while (await input.skip(PIECE));
  }
}

const startsWith = (bytes: Uint8Array, start: Uint8Array): boolean =>
  bytes.length >= start.length && start.every((byte, at) => bytes[at] === byte);

/** The content of one part, with its bound. */
export class PartContent implements Content {
  #delimited: Delimited;
  #most: number;
  #isOver: boolean;
  #tooLarge: () => Error;
  #bytes = 0;

  /**
   * @param isEmpty whether the delimiter behind it has been consumed already
   * @param tooLarge makes the error of more than `most` bytes
   */
  constructor(delimited: Delimited, isEmpty: boolean, most: number, tooLarge: () => Error) {
    this.#delimited = delimited;
    this.#isOver = isEmpty;
    this.#most = most;
    this.#tooLarge = tooLarge;
  }

  async read(): Promise<Bytes | undefined> {
    if (this.#isOver) return undefined;
    const bytes = await this.#delimited.read();
    this.#bytes += bytes?.length ?? 0;
    if (this.#bytes > this.#most) throw this.#tooLarge();
    return bytes;
  }

  async skip(): Promise<void> {
    if (!this.#isOver) await this.#delimited.skip();
  }
}
