/** The Wasm module of compression as brotli. */
import load, { compiled, imports } from '../../../build/brotli_compress/brotli_compress_bg.wasm';
import { __wbg_set_wasm } from '../../../build/brotli_compress/brotli_compress_bg.js';
import { Family } from '../module.js';
import type * as glue from '../../../build/brotli_compress/brotli_compress_bg.js';

export const brotliCompress = /* @__PURE__ */ new Family<typeof glue>(
  'brotli_compress',
  load,
  compiled,
  imports,
  __wbg_set_wasm,
);
