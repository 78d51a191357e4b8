/** Codecs of one family in their Wasm module: the only file that reads and writes its memory. */
import { CodecError } from './error.js';
import { Finalizers } from '../runtime/finalizers.js';
import { instanceOf, outOfMemory } from './module.js';
import type { Bytes } from '../runtime/buffers.js';
import type { CodecErrorCode } from './error.js';
import type { Codec, Exports, HeaderExports, Instance, TextExports } from './module.js';

/**
 * Text of one batch: a field is the text from one behind the end before it to its own. The arrays are views that hold
 * until the next call of the segment.
 */
export interface Produced {
  readonly text: string;
  /** The length of `text` in UTF-8. */
  readonly bytes: number;
  /** Ends of the fields, or lines, in `text`. */
  readonly ends: Uint32Array;
  /** For each row the number of fields up to its end. */
  readonly rows: Uint32Array;
}

/** A column of a batch: copies of what is in the module's memory, each with a buffer of its own. */
export interface ProducedColumn {
  readonly values: Bytes;
  /** Of texts, one more than there are. */
  readonly offsets: Int32Array<ArrayBuffer>;
  readonly validity: Bytes | null;
  /** The new texts of a dictionary, and how many it had before. */
  readonly texts: Bytes;
  readonly known: number;
}

/** What is thrown for a value that is none of its column's type: its row, from 1, and its column's place among those asked for. */
export class BadValue {
  declare readonly error: CodecError;
  declare readonly row: number;
  declare readonly column: number;

  constructor(error: CodecError, row: number, column: number) {
    this.error = error;
    this.row = row;
    this.column = column;
  }
}

/** A batch of columns, if there is one. */
export interface ProducedColumns {
  readonly length: number;
  readonly columns: readonly ProducedColumn[] | undefined;
  /** Values so far that are null because they were none of their column's type. */
  readonly invalid: number;
}

/** The same before it is text. */
export interface Parts {
  /** The text in Latin-1, without characters from U+0080 to U+009F, or in UTF-8. */
  readonly bytes: Bytes;
  readonly isLatin1: boolean;
  /** The length of the text in UTF-8. */
  readonly utf8Length: number;
  readonly ends: Uint32Array<ArrayBuffer>;
  readonly rows: Uint32Array<ArrayBuffer>;
}

/** What a run did and what can follow. */
export interface RunResult {
  /** `HAS_BATCH`, `FINISHED`, or 0, which asks for more input. */
  state: number;
  /** Bytes of the chunk that it took. */
  taken: number;
}

/** What a gzip member says of itself: RFC 1952, 2.3. */
export interface GzipHeader {
  /** The file's name, from UTF-8 if it is that, else from Latin-1. */
  readonly name: string | undefined;
  /** A comment, likewise. */
  readonly comment: string | undefined;
  /** When the file was changed; undefined if the header has 0. */
  readonly mtime: Date | undefined;
  /** The system that the file was on: 0 FAT, 3 Unix, 11 NTFS, 255 unknown. */
  readonly os: number;
  /** Whether the packer took the data for text. */
  readonly isText: boolean;
  /** The extra field: subfields, each with two letters, a length and data. */
  readonly extra: Bytes | undefined;
}

/** How many bytes a codec has processed and holds. */
export interface StageStats {
  /** The codec. */
  name: string;
  /** The bytes that it has consumed. */
  bytesIn: number;
  /** The bytes that it has produced. Lines and rows count their text plus one separator per line or field. */
  bytesOut: number;
  /** The bytes in its input queue. */
  queued: number;
  /** The size of its input queue in bytes: 65,536. */
  highWaterMark: number;
  /** The bytes that it has produced and that the reader, or the next codec if it is in another Wasm module, has not taken. */
  held: number;
}

/** The figures of a stage that has done nothing. */
export const zeroStats = (name: string): StageStats => ({
  name,
  bytesIn: 0,
  bytesOut: 0,
  queued: 0,
  highWaterMark: 65536,
  held: 0,
});

/** The numbers are those of src/wasm/codecs/mod.rs. */
export const NEED_INPUT = 0;
export const HAS_BATCH = 1;
export const FINISHED = 2;
const FAILED = 3;
/** Of a chain in a worker: nothing until it calls back. */
export const WAITING = 5;

/** What columns that have no texts share. */
const NO_OFFSETS = /* @__PURE__ */ new Int32Array();
const NO_BYTES = /* @__PURE__ */ new Uint8Array();

/** Words that describe a column (src/codec/table/mod.rs). */
const COLUMN_WORDS = 9;

/** Batches are whole characters, and the codec has dealt with the byte order mark. */
let decoder: TextDecoder | undefined;
export const utf8Text = (bytes: Uint8Array): string =>
  (decoder ??= new TextDecoder('utf-8', { ignoreBOM: true })).decode(bytes);

/** Node's decoder takes ten times as long as what Node calls a slice, those of Firefox and WebKit three times as long for UTF-8 that is not ASCII. */
function latin1Decoder(): (bytes: Uint8Array) => string {
  const slice = (globalThis as { Buffer?: { prototype?: { latin1Slice?: unknown } } }).Buffer?.prototype?.latin1Slice;
  if (typeof slice === 'function')
    return (bytes) => (slice as (this: Uint8Array, from: number, to: number) => string).call(bytes, 0, bytes.length);
  const latin1 = new TextDecoder('latin1');
  return (bytes) => latin1.decode(bytes);
}

let decodeLatin1: ReturnType<typeof latin1Decoder> | undefined;

/** ASCII as text. */
export const asciiText = (bytes: Uint8Array): string => (decodeLatin1 ??= latin1Decoder())(bytes);

export const produced = ({ bytes, isLatin1, utf8Length, ends, rows }: Parts): Produced => ({
  text: isLatin1 ? asciiText(bytes) : utf8Text(bytes),
  bytes: utf8Length,
  ends,
  rows,
});

/** The RFC has Latin-1; most packers write what the file system has. */
function headerText(bytes: Bytes): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  }
}

const abandoned = new Finalizers<{ instance: Instance; id: number }>(({ instance: owner, id }) => owner.free(id));

/** One segment of a chain. It must be freed, and may not be used after that; one that is forgotten frees itself in time. */
export class Segment {
  #instance!: Instance;
  #id!: number;
  /** The address of the batch. */
  #shown = 0;

  /** @throws {CodecError} `out-of-memory` */
  constructor(stages: readonly Codec[]) {
    // An instance whose memory is full says nothing about the next one's.
    const [{ name, family }] = stages as [Codec];
    if (!this.#create(stages, instanceOf(family)) && !this.#create(stages, instanceOf(family, true)))
      throw outOfMemory(name);
    this.#instance.chains++;
    abandoned.register(this, { instance: this.#instance, id: this.#id }, this);
    this.#instance.view();
  }

  #create(stages: readonly Codec[], wasm: Instance): boolean {
    this.#instance = wasm;
    const put = (address: number, bytes: Uint8Array) => {
      wasm.view();
      if (address !== 0) wasm.bytes.set(bytes, address >>> 0);
      return address !== 0;
    };
    this.#id = wasm.use((exports) => {
      for (const stage of stages) stage.add(exports, put);
      return exports.codecs_create() >>> 0;
    });
    return this.#id !== 0;
  }

  free(): void {
    abandoned.unregister(this);
    this.#instance.free(this.#id);
  }

  /**
   * Copies from `chunk`, from `offset` on, as much as there is room for, and works.
   *
   * @param result gets what the chain can do next, and how many bytes it took
   * @throws {CodecError} when a codec refuses its input and all that came before has been taken
   */
  run(chunk: Bytes | undefined, offset: number, last: boolean, result: RunResult): void {
    const wasm = this.#instance;
    result.state = wasm.use((exports) => {
      let taken = 0;
      if (chunk !== undefined) {
        taken = exports.codecs_input(this.#id, Math.min(chunk.length - offset, 2 ** 31));
        wasm.view();
        wasm.bytes.set(chunk.subarray(offset, offset + taken), wasm.info[0]);
      }
      result.taken = taken;
      return exports.codecs_run(this.#id, taken, last && (chunk === undefined || offset + taken === chunk.length));
    });
    wasm.view();
    if (result.state >= FAILED) throw this.#failure();
  }

  /** Has the codecs produce what they hold back, in the next runs. */
  flush(): void {
    this.#instance.use((exports) => exports.codecs_flush(this.#id));
  }

  /** Ends the batch: returns how many bytes have been produced since the last one. They hold until the next run. */
  show(): number {
    const length = this.#batch();
    this.#shown = this.#instance.info[0]!;
    return length;
  }

  /** A part of the batch, as a view that holds until any chain of the instance runs. */
  shown(offset: number, length: number): Bytes {
    const wasm = this.#instance;
    wasm.view();
    const address = this.#shown + offset;
    return wasm.bytes.subarray(address, address + length);
  }

  /** What has been produced, as views that hold until the next call; undefined if no record is complete. */
  showText(): Parts | undefined {
    const wasm = this.#instance;
    const length = wasm.use((exports) => (exports as Exports & TextExports).codecs_text(this.#id));
    wasm.view();
    return length === 0 ? undefined : this.#text();
  }

  /** The same, as text. */
  takeText(): Produced | undefined {
    const parts = this.showText();
    return parts && produced(parts);
  }

  /** `takeChosen` before it is text. */
  showChosen(): Parts | undefined {
    if (this.#table(2 ** 32 - 1, true) !== HAS_BATCH) return undefined;
    return this.#text();
  }

  /** The rows of what has been produced that the chain's table chooses, until undefined says that no more are. */
  takeChosen(): Produced | undefined {
    const parts = this.showChosen();
    return parts && produced(parts);
  }

  /** A batch of the columns of the chain's table. To be called until there is none. */
  takeColumns(limit: number, flush: boolean): ProducedColumns {
    const state = this.#table(limit, flush);
    const wasm = this.#instance;
    const [address, words, length] = wasm.info as unknown as [number, number, number];
    const invalid = this.#tableFigure(0);
    if (state !== HAS_BATCH) return { length: 0, columns: undefined, invalid };
    const copy = (from: number, bytes: number) => wasm.bytes.slice(from, from + bytes);
    const all = new Uint32Array(wasm.buffer!, address, words);
    const columns = Array.from({ length: words / COLUMN_WORDS }, (_, number) => {
      const [values, bytes, offsets, count, validity, , texts, textBytes, known] = all.subarray(
        number * COLUMN_WORDS,
        (number + 1) * COLUMN_WORDS,
      ) as unknown as number[];
      return {
        values: copy(values!, bytes!),
        offsets: count === 0 ? NO_OFFSETS : new Int32Array(copy(offsets!, count! * 4).buffer),
        validity: validity === 0 ? null : copy(validity!, Math.ceil(length / 8)),
        texts: textBytes === 0 ? NO_BYTES : copy(texts!, textBytes!),
        known: known!,
      };
    });
    return { length, columns, invalid };
  }

  /** The delimiter that the chain's csv has chosen, a byte; 0 if there is none yet. */
  delimiter(): number {
    return this.#instance.use((exports) => (exports as Exports & TextExports).codecs_table_delimiter(this.#id));
  }

  #table(limit: number, flush: boolean): number {
    const wasm = this.#instance;
    const state = wasm.use((exports) => (exports as Exports & TextExports).codecs_table(this.#id, limit, flush));
    wasm.view();
    if (state < FAILED) return state;
    const error = this.#failure();
    if (error.code !== 'invalid-value') throw error;
    throw new BadValue(error, this.#tableFigure(1), this.#tableFigure(2));
  }

  #tableFigure(number: number): number {
    return this.#instance.use((exports) => (exports as Exports & TextExports).codecs_table_figure(this.#id, number));
  }

  #text(): Parts {
    const { info, bytes, buffer } = this.#instance;
    return {
      bytes: bytes.subarray(info[0], info[0]! + info[1]!),
      isLatin1: info[7] === 1,
      utf8Length: info[6]!,
      ends: new Uint32Array(buffer!, info[2], info[3]),
      rows: new Uint32Array(buffer!, info[4], info[5]),
    };
  }

  /** The headers that chains of this module have found since the last call, each with the tag of its codec. */
  takeHeaders(): [tag: number, header: GzipHeader][] {
    const wasm = this.#instance;
    const headers: [number, GzipHeader][] = [];
    if (wasm.broken || !('codecs_take_header' in wasm.exports)) return headers;
    for (;;) {
      const tag = wasm.use((exports) => (exports as Exports & HeaderExports).codecs_take_header()) >>> 0;
      if (tag === 0) return headers;
      const word = wasm.use((exports) => (exports as Exports & HeaderExports).codecs_header());
      wasm.view();
      headers.push([tag, this.#header(word)]);
    }
  }

  /** @param word what the words do not say: see src/wasm/codecs/inflate.rs */
  #header(word: number): GzipHeader {
    const { info, bytes } = this.#instance;
    // More than 32 bits, so no shifts.
    const seconds = word % 2 ** 32;
    const os = Math.floor(word / 2 ** 32) % 256;
    const flags = Math.floor(word / 2 ** 40);
    const field = (number: number) => {
      if (((flags >> number) & 1) === 0) return undefined;
      const address = info[2 * number]!;
      return bytes.slice(address, address + info[2 * number + 1]!);
    };
    const text = (field: Bytes | undefined) => field && headerText(field);
    return {
      name: text(field(0)),
      comment: text(field(1)),
      mtime: seconds === 0 ? undefined : new Date(seconds * 1000),
      os,
      isText: (flags & 8) !== 0,
      extra: field(2),
    };
  }

  /** A copy of the digest that the stage of this number has computed. */
  digest(stage: number): Bytes {
    const wasm = this.#instance;
    const length = wasm.use((exports) => exports.codecs_digest(this.#id, stage));
    const [address] = wasm.info as unknown as [number];
    return wasm.bytes.slice(address, address + length);
  }

  /** The figures of the stage of this number, in bytes. */
  stats(stage: number, name: string): StageStats {
    const figure = (number: number) => this.#instance.use((exports) => exports.codecs_stat(this.#id, stage, number));
    return {
      name,
      bytesIn: figure(0),
      bytesOut: figure(1),
      queued: figure(2),
      highWaterMark: figure(3),
      held: figure(4),
    };
  }

  #batch(): number {
    const length = this.#instance.use((exports) => exports.codecs_batch(this.#id));
    this.#instance.view();
    return length;
  }

  #failure(): CodecError {
    const { info, bytes } = this.#instance;
    const offset = this.#instance.use((exports) => exports.codecs_error_offset());
    const text = (at: number) => utf8Text(bytes.subarray(info[at], info[at]! + info[at + 1]!));
    const error = new CodecError(text(0), { codec: text(2), code: text(4) as CodecErrorCode, offset });
    const path = text(6);
    return path === '' ? error : Object.assign(error, { path });
  }
}
