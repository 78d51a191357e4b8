import { codecsModule } from '../codecs/module.js';
import { load, type WasmSource } from './load.js';
import { asset } from '../../build/codecs/codecs_bg.wasm';

/**
 * Loads the codecs, as `init` of `tidegate/slim` loads the core. Await it before the first codec runs.
 *
 * @param from where `codecs.wasm` comes from; by default from beside the package's files
 * @throws {Error} if it cannot be fetched or compiled, or is another build's
 */
export const initCodecs = (from?: WasmSource): Promise<void> =>
  load(codecsModule, asset, from, () => import('../../build/codecs/codecs_js.js'));
