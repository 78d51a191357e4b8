/** The Wasm module of zstd's decompression. */
import load, { compiled, imports } from '../../../build/zstd/zstd_bg.wasm';
import { __wbg_set_wasm } from '../../../build/zstd/zstd_bg.js';
import { Family } from '../module.js';
import type * as glue from '../../../build/zstd/zstd_bg.js';

export const zstd = /* @__PURE__ */ new Family<typeof glue>('zstd', load, compiled, imports, __wbg_set_wasm);
