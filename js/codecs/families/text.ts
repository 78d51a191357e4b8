/** The Wasm module of lines, and of lines of JSON. */
import load, { compiled, imports } from '../../../build/text/text_bg.wasm';
import { __wbg_set_wasm } from '../../../build/text/text_bg.js';
import { Family } from '../module.js';
import type * as glue from '../../../build/text/text_bg.js';

export const text = /* @__PURE__ */ new Family<typeof glue>('text', load, compiled, imports, __wbg_set_wasm);
