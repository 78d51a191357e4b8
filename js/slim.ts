/**
 * `tidegate/slim`: all that `tidegate` exports, with the core's Wasm module in a file of its own, `core.wasm`, which
 * `init` loads.
 *
 * @module
 */
export * from './index.js';
export { init } from './slim/init.js';
export type { WasmSource } from './slim/load.js';
