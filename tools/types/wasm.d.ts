/** What the build makes of a Wasm module that is imported (tools/build/inline-wasm.mjs). */
declare module '*.wasm' {
  const bytes: Uint8Array<ArrayBuffer>;
  export default bytes;
  /** The functions of its glue that the module asks for. */
  export const imports: WebAssembly.Imports;
}
