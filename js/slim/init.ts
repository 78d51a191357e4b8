import { coreModule } from '../core/module.js';
import { load, type WasmSource } from './load.js';
import { asset } from '../../build/core/core_bg.wasm';

/**
 * Loads the core. Await it before the first stream is made; given a `WebAssembly.Module`, it is done when it returns.
 * A second call does nothing, unless the first one has failed. Where the page's policy or the engine refuses
 * WebAssembly, it loads the core as JavaScript instead.
 *
 * @param from where `core.wasm` comes from; by default from beside the package's files
 * @throws {Error} if it cannot be fetched or compiled, or is another build's
 */
export const init = (from?: WasmSource): Promise<void> =>
  load(coreModule, asset, from, () => import('../../build/core/core_js.js'));
