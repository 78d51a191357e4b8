/**
 * The Wasm modules of the codecs, one for each family, compiled when its first codec does something, and their instances. Only this
 * file, families/ and chain.ts know that there are any.
 *
 * 1. Whatever an export throws makes the instance a broken one: what it holds can no longer be trusted, no export of it
 *    is called again, and new chains get another.
 * 2. Memory never shrinks, so an instance that has grown is dropped with its last chain, and gets no new chains while
 *    it has few.
 */
import { WasmModule, type Load } from '../core/wasm.js';
import { CodecError } from './error.js';
import type { Bytes } from '../runtime/buffers.js';
import type * as inflateGlue from '../../build/inflate/inflate_bg.js';
import type * as glue from '../../build/csv/csv_bg.js';

/** The exports that the glue wraps. They take the glue's arguments, and return numbers in place of booleans. */
type Wrapped<Glue> = {
  readonly [Name in keyof Glue]: Glue[Name] extends (...args: infer Args) => boolean
    ? (...args: Args) => number
    : Glue[Name];
};

/** What each of the modules exports. */
export type Exports = Pick<Wrapped<typeof glue>, ChainExport> & {
  readonly memory: WebAssembly.Memory;
  __wbindgen_start?(): void;
};

type ChainExport = Exclude<
  Extract<keyof typeof glue, `codecs_${string}`>,
  `codecs_add_${string}` | `codecs_table${string}` | 'codecs_text'
>;

/** What the modules of text export besides: records as text, and that of csv what becomes of rows. */
export type TextExports = Pick<
  Wrapped<typeof glue>,
  Extract<keyof typeof glue, `codecs_table${string}` | 'codecs_text'>
>;

/** What the module of decompression exports besides: the headers that it has found. */
export type HeaderExports = Pick<Wrapped<typeof inflateGlue>, 'codecs_take_header' | 'codecs_header'>;

/** What an instance without chains may keep, in bytes. */
const KEPT = 4 * 2 ** 20;
/** An instance that has more bytes than this, for each chain and for itself, gets no more chains. */
const SPARSE = 2 ** 20;
const LARGE = 16 * 2 ** 20;
/** The most chains of an instance; it has 65,536 slots. */
const MOST_CHAINS = 2 ** 15;

/** Of all families: those that have chains, and the current ones. */
const instances = new Set<Instance>();

/** An instance and views of its memory. Chains belong to the instance that made them. */
export class Instance {
  declare readonly exports: Exports;
  /** Where the module writes what a call returns besides its number. */
  declare readonly infoAddress: number;
  declare buffer: ArrayBuffer | undefined;
  declare bytes: Bytes;
  declare info: Uint32Array<ArrayBuffer>;
  broken = false;
  /** Chains that have not been freed. */
  chains = 0;
  #family: AnyFamily;

  constructor(family: AnyFamily) {
    this.#family = family;
    let exports: Exports;
    try {
      exports = family.module.instantiate() as unknown as Exports;
    } catch (cause) {
      throw (cause as Error).name === 'RangeError' ? outOfMemory('codecs', cause) : cause;
    }
    this.exports = exports;
    this.infoAddress = exports.codecs_info() >>> 0;
    this.buffer = undefined;
    this.view();
    instances.add(this);
  }

  /** Makes the views anew if the memory has grown since. To be called after every call that may grow it. */
  view(): void {
    const { buffer } = this.exports.memory;
    if (buffer === this.buffer) return;
    this.buffer = buffer;
    this.bytes = new Uint8Array(buffer);
    this.info = new Uint32Array(buffer, this.infoAddress, 8);
  }

  /**
   * Calls `work(exports)`: the only way to an export.
   *
   * @throws {CodecError} `internal`, when it traps or has done so before
   */
  use<T>(work: (exports: Exports) => T): T {
    if (this.broken) throw internal(undefined);
    try {
      return work(this.exports);
    } catch (cause) {
      this.broken = true;
      this.#drop();
      throw internal(cause);
    }
  }

  /** Frees the chain of this id. Never throws: it is called where nobody could catch that. */
  free(id: number): void {
    if (this.broken) return;
    try {
      this.use((exports) => exports.codecs_free(id));
    } catch {
      return;
    }
    this.chains--;
    if (this.chains === 0 && (this !== this.#family.current || this.exports.memory.buffer.byteLength > KEPT))
      this.#drop();
  }

  /** Whether new chains should go elsewhere, so that the memory can be given back one day. */
  get isSpent(): boolean {
    const { byteLength } = this.exports.memory.buffer;
    return this.chains >= MOST_CHAINS || (byteLength > LARGE && byteLength > this.chains * SPARSE);
  }

  /** Gives the instance no new chains, and forgets it if it has none. */
  retire(): void {
    this.#family.current = undefined;
    if (this.chains === 0) instances.delete(this);
  }

  #drop(): void {
    instances.delete(this);
    if (this.#family.current === this) this.#family.current = undefined;
  }
}

/** What there is of a family besides the functions that add its codecs. */
export interface AnyFamily {
  readonly name: string;
  readonly module: WasmModule;
  current: Instance | undefined;
}

/** How a codec comes to be in a chain. */
export interface Codec {
  readonly name: string;
  readonly family: AnyFamily;
  /** Adds the codec to the chain that is being put together in the Wasm module. */
  add(exports: Exports, put: Put): unknown;
}

/** Puts bytes at an address of the module's memory, where room was made for them; false if the address is 0, as there was no memory. */
export type Put = (address: number, bytes: Uint8Array) => boolean;

/** A family of codecs, which share a Wasm module. `Glue` has the functions of the module. */
export class Family<Glue> implements AnyFamily {
  declare readonly name: string;
  declare readonly module: WasmModule;
  declare current: Instance | undefined;

  /** @param name of the module, as in build/ */
  constructor(
    name: string,
    load: Load,
    compiled: WebAssembly.Module | undefined,
    imports: WebAssembly.Imports,
    adopt: unknown,
  ) {
    this.name = name;
    this.module = new WasmModule(
      `its codecs (${name})`,
      'tidegate/js-codecs',
      load,
      compiled,
      imports,
      adopt as (exports: WebAssembly.Exports) => void,
    );
    this.current = undefined;
  }

  /** A codec of the family. `add(exports)` calls the function that adds it to a chain. */
  codec(name: string, add: (exports: Wrapped<Glue>, put: Put) => unknown): Codec {
    return { name, family: this, add: add as unknown as Codec['add'] };
  }
}

const internal = (cause: unknown) =>
  new CodecError('codecs: internal error, please report it', { codec: 'codecs', code: 'internal', offset: NaN, cause });

export const outOfMemory = (codec: string, cause?: unknown): CodecError =>
  new CodecError(
    `${codec}: out of memory: the engine gives the codecs' Wasm module no more. Use fewer codecs at a time, or lower maxLineBytes and maxRowBytes`,
    { codec, code: 'out-of-memory', offset: 0, cause },
  );

/**
 * Compiles a family's module before its first codec runs, without stopping the thread, and so that a worker can be given it. What
 * cannot be compiled is told by the codec that needs it.
 */
export async function compileAhead({ module }: AnyFamily): Promise<void> {
  const bytes = module.compiled === undefined && module.asJavaScript === undefined ? module.load() : undefined;
  if (bytes === undefined) return;
  try {
    module.compiled ??= await WebAssembly.compile(bytes);
  } catch {
    // As the comment says.
  }
}

/** The family's instance for new chains; with `fresh` one that has none. */
export function instanceOf(family: AnyFamily, fresh = false): Instance {
  const { current } = family;
  if (current !== undefined && (fresh || current.isSpent)) current.retire();
  return (family.current ??= new Instance(family));
}

/** How many chains there are. */
function liveChains(): number {
  let chains = 0;
  for (const each of instances) chains += each.chains;
  return chains;
}

/**
 * Returns how many chains of codecs hold Wasm memory, and the bytes of all Wasm instances. Each family of codecs has a module of its
 * own, and neighbours of one family in a pipeline are one chain. An instance that has grown beyond 4 MiB is released when its last chain has ended.
 */
export function codecMemory(): { chains: number; bytes: number } {
  let bytes = 0;
  for (const each of instances) bytes += each.exports.memory.buffer.byteLength;
  return { chains: liveChains(), bytes };
}
