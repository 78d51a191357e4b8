/** The Wasm module of base64 and of hexadecimal digits. */
import load, { compiled, imports } from '../../../build/base64/base64_bg.wasm';
import { __wbg_set_wasm } from '../../../build/base64/base64_bg.js';
import { Family } from '../module.js';
import type * as glue from '../../../build/base64/base64_bg.js';

export const base64 = /* @__PURE__ */ new Family<typeof glue>('base64', load, compiled, imports, __wbg_set_wasm);
