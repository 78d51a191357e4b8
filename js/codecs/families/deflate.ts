/** The Wasm module of compression. */
import load, { compiled, imports } from '../../../build/deflate/deflate_bg.wasm';
import { __wbg_set_wasm } from '../../../build/deflate/deflate_bg.js';
import { Family } from '../module.js';
import type * as glue from '../../../build/deflate/deflate_bg.js';

export const deflate = /* @__PURE__ */ new Family<typeof glue>('deflate', load, compiled, imports, __wbg_set_wasm);
