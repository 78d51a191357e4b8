/**
 * The core's Wasm module, compiled when this file is imported. Its exports take and return numbers
 * and are used as they are; nothing else touches the instance.
 */
import { __wbg_set_wasm } from '../../build/core/core_bg.js';
import bytes, { imports } from '../../build/core/core_bg.wasm';

const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports);
__wbg_set_wasm(instance.exports);

/** The glue has a function of the same name and signature for each export. */
export const core = /** @type {typeof import('../../build/core/core_bg.js')} */ (
  /** @type {unknown} */ (instance.exports)
);
/** @type {any} */ (instance.exports).__wbindgen_start();
