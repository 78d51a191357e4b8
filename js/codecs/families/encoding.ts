/** The Wasm module of all encodings of text, which is loaded when it is needed (codec-encoding.js). */
import load, { compiled, imports } from '../../../build/encoding/encoding_bg.wasm';
import { __wbg_set_wasm } from '../../../build/encoding/encoding_bg.js';
import { Family } from '../module.js';
import type * as glue from '../../../build/encoding/encoding_bg.js';

export const encoding = /* @__PURE__ */ new Family<typeof glue>('encoding', load, compiled, imports, __wbg_set_wasm);
