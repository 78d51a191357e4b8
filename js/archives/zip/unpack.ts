/**
 * The content of an entry of a zip archive: its data unpacked, its size and CRC checked at the end.
 *
 * A codec consumes all of its input before it asks for more. So only what the codec has consumed is consumed of the input, and where the
 * data ends by itself, the offset of the codec's error says where that is.
 */
import { Chain } from '../../codecs/chain.js';
import { CodecError } from '../../codecs/error.js';
import { inflate } from '../../codecs/families/inflate.js';
import { FINISHED, HAS_BATCH, NEED_INPUT } from '../../codecs/segment.js';
import { isRefusal } from '../../core/wasm.js';
import type { ArchiveErrorCode, Fail } from '../error.js';
import { quoted } from '../../entries/quoted.js';
import { DEFLATED, STORED } from './records.js';
import type { Bytes } from '../../runtime/buffers.js';
import type { Input } from '../../entries/input.js';

/** What is known of an entry before its data. */
export interface Packed {
  readonly name: string;
  readonly method: number;
  readonly crc32: number | undefined;
  readonly compressedSize: number | undefined;
  readonly size: number | undefined;
}

export interface UnpackLimits {
  readonly maxEntryBytes: number;
  /** Infinity: none. */
  readonly maxRatio: number;
}

export const isSupported = (method: number): boolean => method === STORED || method === DEFLATED;

const crc = inflate.codec('crc32', (exports) => exports.codecs_add_crc32());

const hex = (value: number) => `0x${value.toString(16).padStart(8, '0')}`;

export class Unpacker {
  /** What has come out. */
  size = 0;
  #input: Input;
  #packed: Packed;
  #limits: UnpackLimits;
  #fail: Fail;
  #chain: Chain | undefined;
  /** Bytes of the data that are consumed, and those that the chain has been given of what is at hand. */
  #consumed = 0;
  #given = 0;
  #result = { state: NEED_INPUT, taken: 0 };
  #inputEnded = false;
  #isOver = false;
  #crc: number | undefined;

  /** @param input at the first byte of the data */
  constructor(input: Input, packed: Packed, limits: UnpackLimits, fail: Fail) {
    this.#input = input;
    this.#packed = packed;
    this.#limits = limits;
    this.#fail = fail;
  }

  /** The CRC of what has come out; undefined if the data was skipped. */
  get crc32(): number | undefined {
    return this.#crc;
  }

  get compressedSize(): number {
    return this.#packed.compressedSize ?? this.#consumed;
  }

  /** The next bytes; undefined at the end, when the input is behind the data and what is known of it has been checked. */
  async read(): Promise<Bytes | undefined> {
    try {
      while (!this.#isOver) {
        if (this.#result.state === NEED_INPUT) await this.#fill();
        const bytes = this.#run();
        if (bytes.length > 0) return bytes;
      }
      this.#check();
      return undefined;
    } catch (error) {
      this.free();
      throw error;
    }
  }

  /** Goes to the end of the data: without unpacking it, where its size is known. */
  async skip(): Promise<void> {
    const { compressedSize } = this.#packed;
    if (this.#isOver) return;
    if (compressedSize === undefined) {
      while ((await this.read()) !== undefined);
      return;
    }
    this.free();
    this.#isOver = true;
    if (!(await this.#input.skip(compressedSize - this.#consumed))) throw this.#truncated();
  }

  free(): void {
    this.#chain?.free();
    this.#chain = undefined;
  }

  get #left(): number {
    return (this.#packed.compressedSize ?? Infinity) - this.#consumed;
  }

  /** Consumes what the codec has, and waits for more. */
  async #fill(): Promise<void> {
    this.#consume(this.#given);
    this.#given = 0;
    if (this.#left > 0) this.#inputEnded = (await this.#input.peek(1)).length === 0;
  }

  #consume(bytes: number): void {
    this.#input.consume(bytes);
    this.#consumed += bytes;
  }

  #run(): Bytes {
    const chain = (this.#chain ??= this.#open());
    const held = this.#input.held;
    const piece = held.length > this.#left ? held.subarray(0, this.#left) : held;
    const last = this.#inputEnded || piece.length === this.#left;
    try {
      chain.run(piece.length > 0 ? piece : undefined, this.#given, last, this.#result);
    } catch (error) {
      this.#onFault(error);
      return NOTHING;
    }
    this.#given += this.#result.taken;
    const bytes = chain.takeBytes();
    this.size += bytes.length;
    // What is left of the piece may not fit into the chain; then it has a batch first.
    if (this.#result.state === NEED_INPUT && this.#given < piece.length) this.#result.state = HAS_BATCH;
    if (this.#result.state === FINISHED) {
      this.#consume(this.#given);
      this.#end();
    }
    return bytes;
  }

  #open(): Chain {
    const { size, method } = this.#packed;
    const { maxEntryBytes, maxRatio } = this.#limits;
    const most = Math.min(maxEntryBytes, size ?? Infinity);
    const data = inflate.codec('inflateRaw', (exports) =>
      exports.codecs_add_inflate(
        true,
        false,
        most === Infinity ? -1 : most,
        maxRatio === Infinity ? 0 : Math.min(maxRatio, 2 ** 32 - 1),
      ),
    );
    try {
      return new Chain(method === STORED ? [crc] : [data, crc]);
    } catch (error) {
      throw isRefusal(error) ? inflate.module.refusal(error) : error;
    }
  }

  #end(): void {
    const sum = this.#chain!.digest(this.#packed.method === STORED ? 0 : 1);
    this.#crc = ((sum[0]! << 24) | (sum[1]! << 16) | (sum[2]! << 8) | sum[3]!) >>> 0;
    this.#isOver = true;
    this.free();
  }

  /** The end of the data, if that is not known; else an error. */
  #onFault(error: unknown): void {
    const { name, compressedSize, size } = this.#packed;
    if (!(error instanceof CodecError)) throw error;
    switch (error.code) {
      case 'trailing-data':
        if (compressedSize !== undefined)
          throw this.#wrong('corrupt', `ends ${compressedSize - error.offset} bytes early`, error);
        this.#consume(error.offset - this.#consumed);
        this.#end();
        return;
      case 'truncated':
        if (this.#inputEnded) throw this.#truncated();
        throw this.#wrong('corrupt', 'is not complete', error);
      case 'output-too-large':
        if (size !== undefined && size <= this.#limits.maxEntryBytes)
          throw this.#wrong('size-mismatch', `has more than its ${size} bytes`, error);
        throw this.#wrong(
          'entry-too-large',
          `has more than ${this.#limits.maxEntryBytes} bytes (maxEntryBytes)`,
          error,
        );
      case 'ratio-too-high':
        throw this.#wrong(
          'ratio-too-high',
          `unpacks to more than ${this.#limits.maxRatio} times its bytes (maxRatio)`,
          error,
        );
      case 'corrupt-data':
        throw this.#wrong('corrupt', 'is damaged', error);
      default:
        throw this.#fail('corrupt', `${quoted(name)}: ${error.message}`, { entry: name, cause: error });
    }
  }

  #wrong(code: ArchiveErrorCode, what: string, cause?: unknown): Error {
    const { name } = this.#packed;
    return this.#fail(code, `the content of ${quoted(name)} ${what}`, { entry: name, cause });
  }

  #truncated(): Error {
    const { name } = this.#packed;
    const { offset } = this.#input;
    return this.#fail('truncated', `the archive ends within the content of ${quoted(name)}`, { entry: name, offset });
  }

  #check(): void {
    if (this.#inputEnded && this.#left > 0 && this.#left < Infinity) throw this.#truncated();
    if (this.#crc === undefined) return;
    checkContent(this.#packed, this.size, this.#crc, this.#fail);
  }
}

const NOTHING: Bytes = new Uint8Array(0);

/** @throws {ArchiveError} `size-mismatch` or `crc-mismatch`, where the size or CRC of a content is not what the archive says */
export function checkContent(
  { name, size, crc32 }: Pick<Packed, 'name' | 'size' | 'crc32'>,
  actualSize: number,
  actualCrc: number,
  fail: Fail,
): void {
  if (size !== undefined && size !== actualSize)
    throw fail('size-mismatch', `the content of ${quoted(name)} has ${actualSize} bytes; the archive says ${size}`, {
      entry: name,
    });
  if (crc32 !== undefined && crc32 !== actualCrc)
    throw fail('crc-mismatch', `the CRC of ${quoted(name)} is ${hex(actualCrc)}; the archive says ${hex(crc32)}`, {
      entry: name,
    });
}
