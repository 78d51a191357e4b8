/** What the build makes of a Wasm module that is imported (tools/build/inline-wasm.mjs). */
declare module '*.wasm' {
  const decode: () => Uint8Array<ArrayBuffer>;
  export default decode;
  /** The functions of its glue that the module asks for. */
  export const imports: WebAssembly.Imports;
}

/** The core as JavaScript, which the build makes of its Wasm module (tools/build/wasm.mjs). */
declare module '*/build/core/core_js.js' {
  export default function instantiate(): WebAssembly.Exports;
}
