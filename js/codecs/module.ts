/**
 * The codecs' Wasm module, compiled when the first codec does something, and its instances. Only this file and chain.js
 * know that there is one.
 *
 * 1. Whatever an export throws makes the instance a broken one: what it holds can no longer be trusted, no export of it
 *    is called again, and new chains get another.
 * 2. Memory never shrinks, so an instance that has grown is dropped with its last chain, and gets no new chains while
 *    it has few.
 */
import load, { compiled, imports } from '../../build/codecs/codecs_bg.wasm';
import { __wbg_set_wasm } from '../../build/codecs/codecs_bg.js';
import { WasmModule } from '../core/wasm.js';
import { CodecError } from './error.js';
import type { Bytes } from '../runtime/buffers.js';
import type * as glue from '../../build/codecs/codecs_bg.js';

/**
 * What the module exports: the functions that the glue wraps. They take the glue's arguments, and return numbers in
 * place of booleans.
 */
export type Exports = {
  readonly [Name in keyof typeof glue]: (typeof glue)[Name] extends (...args: infer Args) => boolean
    ? (...args: Args) => number
    : (typeof glue)[Name];
} & { readonly memory: WebAssembly.Memory; __wbindgen_start?(): void };

/** What an instance without chains may keep, in bytes. */
const KEPT = 4 * 2 ** 20;
/** An instance that has more bytes than this, for each chain and for itself, gets no more chains. */
const SPARSE = 2 ** 20;
const LARGE = 16 * 2 ** 20;
/** The most chains of an instance; it has 65,536 slots. */
const MOST_CHAINS = 2 ** 15;

export const codecsModule = /* @__PURE__ */ new WasmModule(
  'the codecs',
  'tidegate/js-codecs',
  load,
  compiled,
  imports,
  __wbg_set_wasm as (exports: WebAssembly.Exports) => void,
);

let current: Instance | undefined;
/** Those that have chains, and the current one. */
const instances = new Set<Instance>();

/** An instance and views of its memory. Chains belong to the instance that made them. */
class Instance {
  declare readonly exports: Exports;
  /** Where the module writes what a call returns besides its number. */
  declare readonly infoAddress: number;
  declare buffer: ArrayBuffer | undefined;
  declare bytes: Bytes;
  declare info: Uint32Array<ArrayBuffer>;
  broken = false;
  /** Chains that have not been freed. */
  chains = 0;

  constructor() {
    let exports: Exports;
    try {
      exports = codecsModule.instantiate() as unknown as Exports;
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
    this.info = new Uint32Array(buffer, this.infoAddress, 6);
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
      drop(this);
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
    if (this.chains === 0 && (this !== current || this.exports.memory.buffer.byteLength > KEPT)) drop(this);
  }

  /** Whether new chains should go elsewhere, so that the memory can be given back one day. */
  get isSpent(): boolean {
    const { byteLength } = this.exports.memory.buffer;
    return this.chains >= MOST_CHAINS || (byteLength > LARGE && byteLength > this.chains * SPARSE);
  }
}

function drop(instance: Instance): void {
  instances.delete(instance);
  if (current === instance) current = undefined;
}

const internal = (cause: unknown) =>
  new CodecError('codecs: internal error, please report it', { codec: 'codecs', code: 'internal', offset: NaN, cause });

export const outOfMemory = (codec: string, cause?: unknown): CodecError =>
  new CodecError(
    `${codec}: out of memory: the engine gives the codecs' Wasm module no more. Use fewer codecs at a time, or lower maxLineBytes and maxRowBytes`,
    { codec, code: 'out-of-memory', offset: 0, cause },
  );

/** The instance for new chains; with `fresh` one that has none. */
export function instance(fresh = false): Instance {
  if (current !== undefined && (fresh || current.isSpent)) {
    const spent = current;
    current = undefined;
    if (spent.chains === 0) drop(spent);
  }
  return (current ??= new Instance());
}

/** How many chains there are. */
function liveChains(): number {
  let chains = 0;
  for (const each of instances) chains += each.chains;
  return chains;
}

/**
 * Returns how many chains of codecs hold Wasm memory, and the bytes of all Wasm instances. An instance that has grown
 * beyond 4 MiB is released when its last chain has ended.
 */
export function codecMemory(): { chains: number; bytes: number } {
  let bytes = 0;
  for (const each of instances) bytes += each.exports.memory.buffer.byteLength;
  return { chains: liveChains(), bytes };
}
