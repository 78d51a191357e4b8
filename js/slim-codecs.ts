/**
 * `tidegate/slim/codecs`: all that `tidegate/codecs` exports, for `tidegate/slim`, with the codecs' Wasm modules in
 * files of their own, such as `inflate.wasm`, which `initCodecs` loads.
 *
 * @module
 */
export * from './codecs.js';
export { initCodecs, type CodecFamily } from './slim/init-codecs.js';
export type { WasmSource } from './slim/load.js';
