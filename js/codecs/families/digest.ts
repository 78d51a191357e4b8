/** The Wasm module of digests. */
import load, { compiled, imports } from '../../../build/digest/digest_bg.wasm';
import { __wbg_set_wasm } from '../../../build/digest/digest_bg.js';
import { Family } from '../module.js';
import type * as glue from '../../../build/digest/digest_bg.js';

export const digest = /* @__PURE__ */ new Family<typeof glue>('digest', load, compiled, imports, __wbg_set_wasm);
