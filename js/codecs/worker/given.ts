/**
 * The families that are too large for the file of the worker: the page gives the worker what it has compiled of them.
 */
import { compiled as unbrotliModule, imports as unbrotliImports } from '../../../build/brotli/brotli_bg.wasm';
import { __wbg_set_wasm as adoptUnbrotli } from '../../../build/brotli/brotli_bg.js';
import {
  compiled as brotliModule,
  imports as brotliImports,
} from '../../../build/brotli_compress/brotli_compress_bg.wasm';
import { __wbg_set_wasm as adoptBrotli } from '../../../build/brotli_compress/brotli_compress_bg.js';
import { Family } from '../module.js';

const missing = () => {
  throw new Error(
    'tidegate: the engine does not let a page give a compiled module to its worker, as brotli needs; run it without the option worker',
  );
};

export const brotli = new Family('brotli', missing, unbrotliModule, unbrotliImports, adoptUnbrotli);
export const brotliCompress = new Family('brotli_compress', missing, brotliModule, brotliImports, adoptBrotli);
