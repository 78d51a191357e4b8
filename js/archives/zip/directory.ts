/** The directory of a zip archive, with the records that end it, read forward. */
import { TRAILING, type Fail } from '../error.js';
import { uint64, viewOf } from './fields.js';
import {
  CENTRAL,
  CENTRAL_SIZE,
  centralLength,
  END,
  END64,
  END64_SIZE,
  END_SIZE,
  LOCATOR,
  LOCATOR_SIZE,
  parseCentral,
  parseEnd,
  parseEnd64,
  signatureOf,
  type CentralHeader,
} from './records.js';
import type { Input } from '../../entries/input.js';

/** The most bytes of the end of zip64 that are read; more than its fixed part is not used by anybody. */
const MOST_END64 = 2 ** 20;

export class Directory {
  #input: Input;
  #fail: Fail;

  constructor(input: Input, fail: Fail) {
    this.#input = input;
    this.#fail = fail;
  }

  /** The next header of the directory; undefined if something else follows. */
  async next(): Promise<CentralHeader | undefined> {
    const input = this.#input;
    const { offset } = input;
    if (signatureOf(await input.peek(4)) !== CENTRAL) return undefined;
    let held = await input.peek(CENTRAL_SIZE);
    const length = held.length < CENTRAL_SIZE ? Infinity : centralLength(held);
    if (length !== Infinity) held = await input.peek(length);
    if (held.length < length) throw this.#fail('truncated', 'the archive ends within its directory', { offset });
    const header = parseCentral(held.subarray(0, length));
    if (header === undefined) throw this.#fail('corrupt', 'the directory lacks the values of zip64', { offset });
    if (header.name === '') throw this.#fail('corrupt', 'an entry has no name', { offset });
    input.consume(length);
    return header;
  }

  /**
   * Reads all of it, and to the end of the input.
   *
   * @param entries how many were found before it
   * @param ignoresTrailing whether something may follow the archive
   */
  async readForward(entries: number, ignoresTrailing: boolean): Promise<void> {
    const input = this.#input;
    const start = input.offset;
    let count = 0;
    while ((await this.next()) !== undefined) count += 1;
    const size = input.offset - start;
    if ((await input.peek(END_SIZE)).length < END_SIZE)
      throw this.#fail('truncated', 'the archive ends within its directory', { offset: input.offset });
    if (count !== entries)
      throw this.#fail('corrupt', `the directory has ${count} entries, and the archive ${entries}`, { offset: start });
    const end64 = await this.#end64();
    const { offset } = input;
    const held = await input.peek(END_SIZE);
    if (held.length < END_SIZE) throw this.#fail('truncated', 'the archive ends within its directory', { offset });
    if (signatureOf(held) !== END) throw this.#fail('corrupt', 'the directory has no end', { offset });
    const fields = parseEnd(held);
    const end = end64 === undefined ? fields : parseEnd64(end64, fields);
    // Some programs keep the lower half of what does not fit.
    const isSame = (value: number, actual: number, most: number) =>
      value === actual || (end64 === undefined && value === actual % most);
    if (!isSame(end.entries, count, 2 ** 16) || !isSame(end.size, size, 2 ** 32) || !isSame(end.offset, start, 2 ** 32))
      throw this.#fail('corrupt', 'the end of the directory does not fit it', { offset });
    input.consume(END_SIZE);
    if (!(await input.skip(end.commentLength)))
      throw this.#fail('truncated', 'the archive ends within its comment', { offset });
    if (!ignoresTrailing && (await input.peek(1)).length > 0)
      throw this.#fail('trailing-data', TRAILING, { offset: input.offset });
    while ((await input.peek(1)).length > 0) input.consume(input.held.length);
  }

  async #end64(): Promise<Uint8Array | undefined> {
    const input = this.#input;
    const { offset } = input;
    let held = await input.peek(4);
    if (signatureOf(held) !== END64) return undefined;
    held = await input.peek(END64_SIZE);
    const truncated = () => this.#fail('truncated', 'the archive ends within its directory', { offset });
    if (held.length < END64_SIZE) throw truncated();
    const length = uint64(viewOf(held), 4) + 12;
    if (!(length >= END64_SIZE && length <= MOST_END64))
      throw this.#fail('corrupt', 'the end of zip64 has a wrong length', { offset });
    const end64 = held.slice(0, END64_SIZE);
    if (!(await input.skip(length))) throw truncated();
    held = await input.peek(LOCATOR_SIZE);
    if (held.length < LOCATOR_SIZE) throw truncated();
    if (signatureOf(held) !== LOCATOR || uint64(viewOf(held), 8) !== offset)
      throw this.#fail('corrupt', 'the locator of zip64 is missing, or does not fit', { offset });
    input.consume(LOCATOR_SIZE);
    return end64;
  }
}
