/**
 * `tidegate/slim/codecs`: all that `tidegate/codecs` exports, for `tidegate/slim`, with the codecs' Wasm module in a
 * file of its own, `codecs.wasm`, which `initCodecs` loads.
 *
 * @module
 */
export * from './codecs.js';
export { initCodecs } from './slim/init-codecs.js';
export type { WasmSource } from './slim/load.js';
