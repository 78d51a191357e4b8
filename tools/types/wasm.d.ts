/** What the build makes of a Wasm module that is imported (tools/build/inline-wasm.mjs). */
declare module '*.wasm' {
  /** Its bytes; undefined if it is compiled already. */
  const load: () => Uint8Array<ArrayBuffer> | undefined;
  export default load;
  export const compiled: WebAssembly.Module | undefined;
  /** The functions of its glue that the module asks for. */
  export const imports: WebAssembly.Imports;
  /** Only in builds that load it from its own file. */
  export const asset: { readonly name: string; readonly stamp: string; readonly url: () => URL };
}

/** A module as JavaScript, which the build makes of its Wasm (tools/build/wasm.mjs). */
declare module '*_js.js' {
  export default function instantiate(): WebAssembly.Exports;
}
