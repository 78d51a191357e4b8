/** The Wasm module of zstd's compression. */
import load, { compiled, imports } from '../../../build/zstd-compress/zstd-compress_bg.wasm';
import { __wbg_set_wasm } from '../../../build/zstd-compress/zstd-compress_bg.js';
import { Family } from '../module.js';
import type * as glue from '../../../build/zstd-compress/zstd-compress_bg.js';

export const zstdCompress = /* @__PURE__ */ new Family<typeof glue>(
  'zstd-compress',
  load,
  compiled,
  imports,
  __wbg_set_wasm,
);
