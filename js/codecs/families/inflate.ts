/** The Wasm module of decompression. */
import load, { compiled, imports } from '../../../build/inflate/inflate_bg.wasm';
import { __wbg_set_wasm } from '../../../build/inflate/inflate_bg.js';
import { Family } from '../module.js';
import type * as glue from '../../../build/inflate/inflate_bg.js';

export const inflate = /* @__PURE__ */ new Family<typeof glue>('inflate', load, compiled, imports, __wbg_set_wasm);
