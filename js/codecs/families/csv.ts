/** The Wasm module of csv. */
import load, { compiled, imports } from '../../../build/csv/csv_bg.wasm';
import { __wbg_set_wasm } from '../../../build/csv/csv_bg.js';
import { Family } from '../module.js';
import type * as glue from '../../../build/csv/csv_bg.js';

export const csv = /* @__PURE__ */ new Family<typeof glue>('csv', load, compiled, imports, __wbg_set_wasm);
