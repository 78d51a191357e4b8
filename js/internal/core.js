/**
 * The core's Wasm module, compiled when this file is imported. Its exports take and return numbers
 * and are used as they are; nothing else touches the instance.
 */
import * as glue from '../../build/core/core_bg.js';
import bytes from '../../build/core/core_bg.wasm';

const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { './core_bg.js': glue });
glue.__wbg_set_wasm(instance.exports);
instance.exports.__wbindgen_start?.();

export const core = instance.exports;
