/** What is loaded when something is first compressed as brotli, as a file of its own: codec-brotli-compress.js. */
import { brotliCompress } from './families/brotli-compress.js';
import { compileAhead } from './module.js';
import type { Codec } from './module.js';

/** The codec, on behalf of the function or class of this name. The numbers are as the Wasm module has them. */
export async function brotlied(name: string, quality: number, window: number, sizeHint: number): Promise<Codec> {
  await compileAhead(brotliCompress);
  return brotliCompress.codec(name, (exports) => exports.codecs_add_brotli_compress(quality, window, sizeHint));
}
