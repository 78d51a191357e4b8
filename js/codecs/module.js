/**
 * The codecs' Wasm module, compiled when the first codec does something. Only this file and chain.js know that there
 * is one.
 */
import bytes, { imports } from '../../build/codecs/codecs_bg.wasm';
import { __wbg_set_wasm } from '../../build/codecs/codecs_bg.js';

let compiled;
let current;

/** An instance and views of its memory. Chains belong to the instance that made them. */
class Instance {
  constructor() {
    compiled ??= new WebAssembly.Module(bytes);
    const exports = /** @type {any} */ (new WebAssembly.Instance(compiled, imports).exports);
    __wbg_set_wasm(exports);
    exports.__wbindgen_start?.();
    this.exports = exports;
    this.infoAddress = exports.codecs_info() >>> 0;
    this.buffer = undefined;
    this.view();
  }

  /** Makes the views anew if the memory has grown since. To be called after every call that may grow it. */
  view() {
    const { buffer } = this.exports.memory;
    if (buffer === this.buffer) return;
    this.buffer = buffer;
    this.bytes = new Uint8Array(buffer);
    this.info = new Uint32Array(buffer, this.infoAddress, 6);
  }
}

/** The instance for new chains. */
export function instance() {
  return (current ??= new Instance());
}

/** Gives up an instance that trapped: what it holds can no longer be trusted. New chains get a new one. */
export function discard(broken) {
  if (current === broken) current = undefined;
}

/** How many chains hold memory, and how much memory there is, in bytes. */
export function codecMemory() {
  if (current === undefined) return { chains: 0, bytes: 0 };
  current.view();
  return { chains: current.exports.codecs_live(), bytes: current.buffer.byteLength };
}
