/** What is loaded when brotli is first needed, as a file of its own: codec-brotli.js. */
import { brotli } from './families/brotli.js';
import { compileAhead } from './module.js';
import type { Codec } from './module.js';

/** The codec, on behalf of the function or class of this name. The numbers are as the Wasm module has them. */
export async function unbrotli(
  name: string,
  ignores: boolean,
  bytes: number,
  ratio: number,
  window: number,
): Promise<Codec> {
  await compileAhead(brotli);
  return brotli.codec(name, (exports) => exports.codecs_add_brotli(ignores, bytes, ratio, window));
}
