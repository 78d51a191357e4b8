/** The Wasm module of decompression of brotli. */
import load, { compiled, imports } from '../../../build/brotli/brotli_bg.wasm';
import { __wbg_set_wasm } from '../../../build/brotli/brotli_bg.js';
import { Family } from '../module.js';
import type * as glue from '../../../build/brotli/brotli_bg.js';

export const brotli = /* @__PURE__ */ new Family<typeof glue>('brotli', load, compiled, imports, __wbg_set_wasm);
